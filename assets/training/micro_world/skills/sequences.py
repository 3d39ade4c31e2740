"""Random sequences of distinct words, repeated: what forms induction heads.

Most are repeated as *segments* in random order. A sequence repeated only as a whole can be copied by looking a constant
number of places back, which is no look-up by content, and models trained on that alone learn just that. A segment never begins
where the one before it ended, so that the text tells the segments apart.
The opening word says which kind it is, so that a whole repeat is certain once it has begun; nothing says how long the sequence is.
"""

from micro_world.words import ALL

SEGMENTED = 0.6
GOES_ON = 0.8  # a segment has one word more
THIRD_TIME = 0.3
ODD = 0.1  # share of sequences of letter strings that are no words, so that any token can be copied
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
    odd = choices.chance(ODD)
    words = odd_words(choices, count) if odd else choices.distinct(ALL, count)
    page.details = {"kind": "letter strings" if odd else "words"}
    segmented = choices.chance(SEGMENTED)
    page.add("parts:" if segmented else "words:")
    for word in words:
        page.add(" " + word)
    if segmented:
        write_segments(choices, page, level, words)
        return
    # That the copy begins is not determined; what its first word is says so, as no word comes twice before it.
    page.add(" " + words[0])
    for word in words[1:]:
        page.mark(" " + word, "sequence")
    if choices.chance(THIRD_TIME):
        for word in words:
            page.mark(" " + word, "sequence")


def write_segments(choices, page, level, words):
    """Whether a segment goes on is drawn word by word, so that every word is charged with what it costs to foresee it."""
    done, following = 0, None
    while choices.goes_on(done, *level.segments):
        place = choices.pick([start for start in range(len(words)) if start != following])
        page.add(" " + words[place])
        while place + 1 < len(words) and choices.chance(GOES_ON):
            place += 1
            page.mark(" " + words[place], "sequence")
        following = place + 1
        done += 1
