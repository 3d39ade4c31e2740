"""Numbers as words: written out, counted on, and a small one added to a larger one."""

from micro_world.words import in_words


def write(choices, page, level):
    page.add("In words:")
    done = 0
    while choices.goes_on(done, 2, 5):
        done += 1
        kind = choices.weighted(("name", "digits", "sum", "count"), (0.3, 0.2, 0.3, 0.2))
        if kind == "name":
            number = choices.between(0, 99)
            page.add(f" {number} is")
            page.mark(" " + in_words(number), "number in words")
        elif kind == "digits":
            number = choices.between(0, 99)
            page.add(" " + in_words(number))
            page.add(" is written")
            page.mark(f" {number}", "words as digits")
        elif kind == "sum":
            first, second = choices.between(1, 90), choices.between(1, 9)
            page.add(" " + in_words(first))
            page.add(" plus")
            page.add(" " + in_words(second))
            page.add(" makes")
            page.mark(" " + in_words(first + second), "sum in words")
        else:
            first, step = choices.between(1, 20), choices.between(1, 12)
            page.add(f" from {first}")
            page.add(f" by {step}")
            page.add(":")
            place = 0
            while choices.goes_on(place, 3, 6):
                page.mark(f" {first + place * step}", "counting")
                place += 1
        page.add(".")
