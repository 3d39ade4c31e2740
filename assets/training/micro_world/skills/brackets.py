"""Nested brackets and quotation marks with words inside. Which one closes next is determined; whether one closes now is not."""

from micro_world.words import PLAIN

PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"), ("“", "”"), ("«", "»"))
DEEPEST = 6
FEWEST, MOST = 8, 32


def write(choices, page, level):
    open_pairs = []
    step = 0
    page.add("nest:")
    while True:
        must_close = step >= MOST
        weights = {
            "open": 0.0 if must_close or len(open_pairs) == DEEPEST else 0.4,
            "close": 0.36 if open_pairs else 0.0,
            "word": 0.0 if must_close else 0.24,
            "end": 0.2 if not open_pairs and step >= FEWEST else 0.0,
        }
        move = choices.weighted(tuple(weights), tuple(weights.values()))
        step += 1
        if move == "end":
            page.add(" .")
            return
        if move == "open":
            pair = choices.pick(PAIRS)
            open_pairs.append(pair)
            page.add(" " + pair[0])
        elif move == "close":
            # Whether it closes was a choice; which one closes was not.
            page.mark(" " + open_pairs.pop()[1], "bracket")
        else:
            page.add(" " + choices.pick(PLAIN))
