"""Nested brackets with words inside. Which bracket closes next is determined; whether one closes now is not."""

from micro_world.words import PLAIN

PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"))
DEEPEST = 7


def write(choices, page, level):
    open_pairs = []
    for _ in range(choices.between(8, 28)):
        move = choices.weighted(("open", "close", "word"), (0.42, 0.33, 0.25))
        if move == "open" and len(open_pairs) < DEEPEST:
            pair = choices.pick(PAIRS)
            open_pairs.append(pair)
            page.add((" " if page.length else "") + pair[0])
        elif move == "close" and open_pairs:
            page.mark(" " + open_pairs.pop()[1], "bracket")
        else:
            page.add((" " if page.length else "") + choices.pick(PLAIN))
    while open_pairs:
        page.mark(" " + open_pairs.pop()[1], "bracket")
