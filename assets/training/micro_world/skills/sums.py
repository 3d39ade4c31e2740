"""Sums and differences of whole numbers of one or two digits."""


def write(choices, page, level):
    for place in range(choices.between(*level.sums)):
        first, second = choices.between(1, 99), choices.between(1, 99)
        page.add(" " if place else "")
        if choices.chance(0.7):
            page.add(f"{first} + {second} =")
            page.mark(f" {first + second}", "sum")
        else:
            first, second = max(first, second), min(first, second)
            page.add(f"{first} - {second} =")
            page.mark(f" {first - second}", "difference")
        page.add(".")
