"""Dates that go on day by day or month by month, in a year of 365 days that begins on a Monday."""

from micro_world.words import DAYS, MONTHS

LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def day_text(day):
    weekday, month = DAYS[day % 7], 0
    while day >= LENGTHS[month]:
        day -= LENGTHS[month]
        month += 1
    return f" {weekday} {day + 1} {MONTHS[month]}"


def write(choices, page, level):
    if choices.chance(0.6):
        step = choices.pick((1, 2, 7))
        day = choices.below(365 - step * 6)
        page.add({1: "Daily:", 2: "Every second day:", 7: "Weekly:"}[step])
        page.add(day_text(day))
        place = 1
        while choices.goes_on(place, 3, 6):
            page.add(",")
            page.mark(day_text(day + place * step), "date")
            place += 1
    else:
        month = choices.below(12)
        page.add("Monthly:")
        page.add(" " + MONTHS[month])
        place = 1
        while choices.goes_on(place, 3, 12):
            page.add(",")
            page.mark(" " + MONTHS[(month + place) % 12], "month")
            place += 1
    page.add(".")
