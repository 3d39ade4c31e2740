"""Lists of key = value pairs, some of them asked again in random order."""

from micro_world.words import OBJECTS, PLAIN

KEYS = PLAIN + OBJECTS


def two_word_keys(choices, count):
    """Keys of two words, of which some differ in one word only: what a look-up by the last word alone gets wrong."""
    firsts = choices.distinct(PLAIN, max(2, count // 2))
    seconds = choices.distinct(OBJECTS, min(len(OBJECTS), max(2, count // 2)))
    keys = dict.fromkeys(choices.pick(firsts) + " " + choices.pick(seconds) for _ in range(count))
    return list(keys)


def draw_value(choices, numbers):
    return str(choices.between(10, 99)) if numbers else choices.pick(PLAIN)


def write(choices, page, level):
    count = choices.between(*level.pairs)
    alike = level.alike > 0 and choices.chance(level.alike)
    keys = two_word_keys(choices, count) if alike else choices.distinct(KEYS, count)
    numbers = choices.chance(0.15)
    values = {key: draw_value(choices, numbers) for key in keys}
    page.add("list:")
    for place, key in enumerate(keys):
        page.add((", " if place else " ") + key + " = " + values[key])
    page.add(".")
    for key in choices.distinct(keys, choices.between(1, min(level.asked, len(keys)))):
        page.add(" " + key + " =")
        page.mark(" " + values[key], "key alike" if alike else "key = value")
        page.add(".")
