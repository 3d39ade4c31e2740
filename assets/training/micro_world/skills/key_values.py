"""Lists and tables of key–value pairs, some of them asked again in random order.

Where keys are two words they are all pairs of a few first words and a few second words, so that every key has others that differ in one
word only: what a look-up by the last word alone gets wrong.
"""

from micro_world.words import OBJECTS, PLAIN

KEYS = PLAIN + OBJECTS


def grid_keys(choices, level):
    most = level.grid
    firsts = choices.subset(PLAIN, choices.between(2, most))
    seconds = choices.subset(OBJECTS, choices.between(2, most))
    return choices.shuffled([first + " " + second for first in firsts for second in seconds])


def write(choices, page, level):
    alike = level.alike > 0 and choices.chance(level.alike)
    table = choices.chance(0.25)
    numbers = choices.chance(0.15)
    keys = grid_keys(choices, level) if alike else choices.distinct(KEYS, choices.between(*level.pairs))
    kind = "key alike" if alike else "key = value"
    if table:
        page.add("| key | count |" if numbers else "| key | value |")
    else:
        page.add("list of numbers:" if numbers else "list:")
    values, places = {}, {}
    for place, key in enumerate(keys):
        before = ("\n| " if table else " ") if place == 0 or table else ", "
        key_start, key_end = page.add(before + key)
        values[key] = str(choices.between(10, 99)) if numbers else choices.pick(PLAIN)
        page.add(" |" if table else " =")
        value_start, value_end = page.add(" " + values[key])
        places[key] = ((key_end - len(key), key_end), (value_end - len(values[key]), value_end))
        if table:
            page.add(" |")
    page.add("\n" if table else ".")
    asked = choices.distinct(keys, choices.between(1, min(level.asked, len(keys))))
    for place, key in enumerate(asked):
        page.add(("| " if table and place == 0 else "\n| " if table else " ") + key)
        page.add(" |" if table else " =")
        prompt_end = page.length
        page.mark(" " + values[key], kind)
        page.details = {
            "kind": "table" if table else "list",
            "prompt end": prompt_end,
            "answer": " " + values[key],
            # The key where it is asked, the key where it stands, and its value: without any one of them nobody could know.
            "causes": [(prompt_end - 2 - len(key), prompt_end - 2), *places[key]],
        }
        page.add(" |" if table else ".")
