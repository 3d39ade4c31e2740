"""Random sequences of distinct words, repeated: what forms induction heads.

Most are repeated as *segments* in random order. A sequence repeated only as a whole can be copied by looking a constant
number of places back, which is no look-up by content, and models trained on that alone learn just that. A segment never begins
where the one before it ended, so that the text tells the segments apart.
The opening word says which kind it is, so that a whole repeat is certain once it has begun.
"""

from micro_world.words import ALL

SEGMENTED = 0.6
ODD = 0.15  # share of sequences of letter strings that are no words, so that any token can be copied
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-*/=#%&@!?;"


def odd_words(choices, count):
    """Distinct strings of one to three characters, one after another; each is uniform among the unused ones of its length."""
    words, used = [], set()
    for _ in range(count):
        size = choices.between(2, 3) if len(used) > 40 else choices.between(1, 3)
        taken = sum(1 for word in used if len(word) == size)
        place = choices.below(len(LETTERS) ** size - taken)
        for word in sorted((number_of(word) for word in used if len(word) == size)):
            if word <= place:
                place += 1
        word = word_of(place, size)
        used.add(word)
        words.append(word)
    return words


def number_of(word):
    number = 0
    for letter in word:
        number = number * len(LETTERS) + LETTERS.index(letter)
    return number


def word_of(number, size):
    letters = []
    for _ in range(size):
        number, letter = divmod(number, len(LETTERS))
        letters.append(LETTERS[letter])
    return "".join(reversed(letters))


def write(choices, page, level):
    count = choices.between(*level.sequence_words)
    words = odd_words(choices, count) if choices.chance(ODD) else choices.distinct(ALL, count)
    segmented = choices.chance(SEGMENTED)
    page.add(choices.weighted(("parts:" if segmented else "words:", "again:"), (0.7, 0.3)))
    for word in words:
        page.add(" " + word)
    page.add(" ;")
    if not segmented:
        for _ in range(choices.weighted((1, 2), (0.7, 0.3))):
            for word in words:
                page.mark(" " + word, "sequence")
        return
    following = None
    for _ in range(choices.between(*level.segments)):
        starts = [start for start in range(count - 1) if start != following]
        start = choices.pick(starts)
        size = choices.between(2, min(6, count - start))
        page.add(" " + words[start])
        for word in words[start + 1 : start + size]:
            page.mark(" " + word, "sequence")
        following = start + size
