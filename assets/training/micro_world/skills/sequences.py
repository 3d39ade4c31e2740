"""Random sequences of distinct words, repeated: what forms induction heads.

Most are repeated as *segments* in random order. A sequence repeated only as a whole can be copied by looking a constant
number of places back, which is no look-up by content, and models trained on that alone learn just that.
The opening word says which kind it is, so that a whole repeat is certain once it has begun.
"""

from micro_world.words import ALL

SEGMENTED = 0.6
ODD = 0.15  # share of sequences of letter strings that are no words, so that any token can be copied
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-*/=#%&@!?;"


def draw_words(choices, count):
    if choices.chance(ODD):
        return list(dict.fromkeys("".join(choices.pick(LETTERS) for _ in range(choices.between(1, 3))) for _ in range(count)))
    return choices.distinct(ALL, count)


def write(choices, page, level):
    words = draw_words(choices, choices.between(*level.sequence_words))
    segmented = len(words) > 2 and choices.chance(SEGMENTED)
    page.add(choices.weighted(("parts:" if segmented else "words:", "again:"), (0.7, 0.3)))
    page.add("".join(" " + word for word in words))
    if segmented:
        for _ in range(choices.between(*level.segments)):
            size = min(choices.between(2, 6), len(words))
            start = choices.below(len(words) - size + 1)
            page.add(" " + words[start])
            for word in words[start + 1 : start + size]:
                page.mark(" " + word, "sequence")
    else:
        for _ in range(choices.weighted((1, 2), (0.7, 0.3))):
            page.add(" " + words[0])
            for word in words[1:]:
                page.mark(" " + word, "sequence")
