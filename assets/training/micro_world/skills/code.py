"""Small snippets in the manner of a program, and what they print: variables, sums, lists and quoted words."""

from micro_world.words import PLAIN

VARIABLES = "a b c d k m n p q t x y z".split()


def write(choices, page, level):
    names = choices.distinct(VARIABLES, choices.between(2, 4))
    values = {}
    page.add("# code")
    for name in names:
        numbers = [known for known, value in values.items() if isinstance(value, int)]
        kind = choices.weighted(("number", "word", "list", "sum"), (0.35, 0.3, 0.2, 0.15 if numbers else 0.0))
        page.add("\n" + name)
        if kind == "sum":
            known, more = choices.pick(numbers), choices.between(1, 20)
            values[name] = values[known] + more
            page.add(f" = {known} + {more}")
        elif kind == "word":
            values[name] = choices.pick(PLAIN)
            page.add(f' = " {values[name]} "')
        elif kind == "list":
            values[name] = choices.distinct(PLAIN, choices.between(2, 4))
            page.add(" = [ " + " , ".join(values[name]) + " ]")
        else:
            values[name] = choices.between(1, 60)
            page.add(f" = {values[name]}")
    for name in choices.shuffled(names):
        value = values[name]
        if isinstance(value, list):
            place = choices.below(len(value))
            page.add(f"\nprint {name} [ {place} ]\n>")
            page.mark(" " + value[place], "code item")
        else:
            page.add(f"\nprint {name}\n>")
            page.mark(f" {value}", "code value")
