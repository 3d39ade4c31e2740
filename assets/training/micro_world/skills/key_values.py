"""Lists and tables of key–value pairs, some of them asked again in random order.

Where keys are two words they are all pairs of a few first words and a few second words, so that every key has others that differ in one
word only: what a look-up by the last word alone gets wrong. In `pairs` values are distinct, and some are asked backwards.
"""

from micro_world.words import OBJECTS, PLAIN

KEYS = PLAIN + OBJECTS
KINDS = ("list", "table", "pairs")
NUMBERS = 0.15
HEADS = {"list": "list:", "table": "| key | value |", "pairs": "pairs:"}
NUMBER_HEADS = {"list": "list of numbers:", "table": "| key | count |"}


def grid_keys(choices, level):
    firsts = choices.subset(PLAIN, choices.between(2, level.grid))
    seconds = choices.subset(OBJECTS, choices.between(2, level.grid))
    return choices.shuffled([first + " " + second for first in firsts for second in seconds])


def draw_values(choices, kind, numbers, count):
    if kind == "pairs":
        return choices.distinct(PLAIN, count)
    return [str(choices.between(10, 99)) if numbers else choices.pick(PLAIN) for _ in range(count)]


def write(choices, page, level):
    kind = choices.weighted(KINDS, level.kinds)
    numbers = kind != "pairs" and choices.chance(NUMBERS)
    page.add((NUMBER_HEADS if numbers else HEADS)[kind])
    alike = kind != "pairs" and choices.chance(level.alike)
    keys = grid_keys(choices, level) if alike else choices.distinct(KEYS, choices.between(*level.pairs))
    table = kind == "table"
    pairs, places = {}, {}
    for place, (key, value) in enumerate(zip(keys, draw_values(choices, kind, numbers, len(keys)))):
        _, key_end = page.add(("\n| " if table else " " if place == 0 else ", ") + key)
        page.add(" |" if table else " =")
        _, value_end = page.add(" " + value)
        pairs[key] = value
        places[key] = ((key_end - len(key), key_end), (value_end - len(value), value_end))
        if table:
            page.add(" |")
    page.add("\n" if table else ".")
    for place, key in enumerate(choices.distinct(keys, choices.between(1, min(level.asked, len(keys))))):
        before = ("| " if place == 0 else "\n| ") if table else " "
        reversed_ = kind == "pairs" and not choices.chance(level.forward)
        asked, answer = (pairs[key], key) if reversed_ else (key, pairs[key])
        _, asked_end = page.add(before + asked)
        page.add(" of" if reversed_ else " |" if table else " =")
        prompt_end = page.length
        page.mark(" " + answer, "value of key" if reversed_ else "key alike" if alike else "key = value")
        page.details = {
            "kind": "reversed" if reversed_ else "alike" if alike else kind,
            "prompt end": prompt_end,
            "answer": " " + answer,
            # The word where it is asked, the word where it stands, and its partner.
            "causes": [*places[key], (asked_end - len(asked), asked_end)],
        }
        page.add(" |" if table else ".")
