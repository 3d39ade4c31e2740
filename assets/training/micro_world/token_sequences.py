"""Random distinct *tokens* of the vocabulary, repeated: the one kind of document that is not a text.

Texts use a few hundred tokens often and the parts of rare characters hardly ever, so a model trained on them alone copies words but not
any token. These documents make its copying heads work on the whole vocabulary, which is what a random-repeat probe asks.
"""


def draw(choices, vocabulary, specials, level):
    """Token ids of one document, without begin and end: a sequence, then the whole of it or segments of it again."""
    count = choices.between(*level.sequence_words)
    tokens = list(dict.fromkeys(specials + choices.below(vocabulary - specials) for _ in range(count)))
    if choices.chance(0.5):
        return tokens * choices.weighted((2, 3), (0.8, 0.2))
    made = list(tokens)
    for _ in range(choices.between(*level.segments)):
        size = min(choices.between(2, 6), len(tokens))
        start = choices.below(len(tokens) - size + 1)
        made += tokens[start : start + size]
    return made
