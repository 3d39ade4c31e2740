"""Sums and differences of whole numbers of one or two digits."""


def write(choices, page, level):
    for place in range(choices.between(*level.sums)):
        page.add(" " if place else "")
        first = choices.between(1, 99)
        page.add(str(first))
        if choices.chance(0.7):
            page.add(" +")
            second = choices.between(1, 99)
            page.add(f" {second}")
            page.add(" =")
            page.mark(f" {first + second}", "sum")
        else:
            page.add(" -")
            second = choices.between(1, first)
            page.add(f" {second}")
            page.add(" =")
            page.mark(f" {first - second}", "difference")
        page.add(".")
