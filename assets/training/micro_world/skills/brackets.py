"""Nested brackets and quotation marks with words inside. Which one closes next is determined; whether one closes now is not."""

from micro_world.words import PLAIN

PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"), ("“", "”"), ("«", "»"))
DEEPEST = 4
# What comes next, by whether a bracket is open. Nothing has to be counted to foresee it, but for the deepest level.
OUTSIDE = (("open", 0.6), ("word", 0.25), ("end", 0.15))
INSIDE = (("open", 0.3), ("word", 0.22), ("close", 0.48))
DEEP = (("word", 0.3), ("close", 0.7))


def write(choices, page, level):
    open_pairs = []
    page.add("nest:")
    while True:
        moves = OUTSIDE if not open_pairs else DEEP if len(open_pairs) == DEEPEST else INSIDE
        move = choices.weighted(*zip(*moves))
        if move == "end":
            page.add(" .")
            return
        if move == "open":
            pair = choices.pick(PAIRS)
            open_pairs.append(pair)
            page.add(" " + pair[0])
        elif move == "close":
            # Whether it closes was a choice and is paid for here; which one closes was not.
            page.mark(" " + open_pairs.pop()[1], "bracket")
        else:
            page.add(" " + choices.pick(PLAIN))
