"""Small snippets in the manner of a program, and what they print: variables, items of lists, and sums.

What is printed repeats what was asked, as a debugger does, so that a value stands beside its name as it did in the program.
"""

from micro_world.page import inner
from micro_world.words import PLAIN

VARIABLES = "a b c d k m n p q t x y z".split()
KINDS = (("number", 0.4), ("word", 0.35), ("list", 0.25))
SINGLE = KINDS[:2]  # where there is a list already: of two a model of this size takes items from either
SUM = 0.25


def draw_value(choices, kinds):
    kind = choices.weighted(*zip(*kinds))
    if kind == "number":
        return str(choices.between(1, 60))
    return choices.pick(PLAIN) if kind == "word" else choices.distinct(PLAIN, choices.between(2, 4))


def write(choices, page, level):
    names = choices.distinct(VARIABLES, choices.between(2, 4))
    values, set_at, value_at = {}, {}, {}
    page.add("# code")
    for name in names:
        value = values[name] = draw_value(choices, SINGLE if any(isinstance(one, list) for one in values.values()) else KINDS)
        set_at[name] = inner(page.add("\n" + name))
        start, end = page.add(" = " + (value if isinstance(value, str) else "[ " + " , ".join(value) + " ]"))
        value_at[name] = (start + 3, end)
    for name in choices.shuffled(names):
        if choices.chance(SUM):
            first, second = choices.between(1, 60), choices.between(1, 20)
            show(page, f"{first} + {second}", str(first + second), "code sum")
        value = values[name]
        if isinstance(value, str):
            show(page, name, value, "code value", (set_at[name], value_at[name]))
        else:
            place = choices.below(len(value))
            start = value_at[name][0] + 2 + sum(len(item) + 3 for item in value[:place])
            show(page, f"{name} [ {place} ]", value[place], "code item", (set_at[name], (start, start + len(value[place]))))


def show(page, asked, value, kind, stated=()):
    first, _ = page.add(f"\nprint {asked}\n")
    second, _ = page.mark(f"> {asked} =", "code frame")
    if stated:
        # The name, and of a list the place in it: both asked twice, by `print` and after `>`.
        parts = [(0, 1)] + ([(4, 5)] if kind == "code item" else [])
        at = lambda begin: [(begin + start, begin + end) for start, end in parts]
        page.ask(" " + value, kind, (*stated, *at(second + len("> "))), at(first + len("\nprint ")))
    page.mark(" " + value, kind)
