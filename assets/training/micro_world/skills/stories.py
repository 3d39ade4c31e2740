"""Narratives: people go to places and find things; a pronoun stands for the one who was named last, and names come back.

What a pronoun is, and where somebody is said to be at the end, follows from the text.
"""

from micro_world.words import NAMES, OBJECTS, PLACES, pronoun

GO = (" goes to", " walks to", " rides to")
DO = (" finds", " sees", " buys", " paints")
FEEL = (" is tired.", " is glad.", " sings.", " waits.", " laughs.")


def write(choices, page, level):
    people = choices.distinct(NAMES, choices.between(2, level.cast))
    towns = choices.distinct(PLACES, len(people))
    things = choices.distinct(OBJECTS, len(people))
    page.add("Story.")
    for person, town, thing in zip(people, towns, things):
        page.add(" " + person)
        page.add(choices.pick(GO))
        page.add(" " + town)
        page.add(".")
        page.mark(" " + pronoun(person), "pronoun")
        page.add(choices.pick(DO))
        page.add(" " + thing)
        page.add(".")
        if choices.chance(0.4):
            page.add(" " + choices.pick(people[: people.index(person) + 1]) + choices.pick(FEEL))
    for person, town, thing in choices.shuffled(list(zip(people, towns, things))):
        page.add(" In the end " + person)
        page.add(" is in")
        page.mark(" " + town, "story place")
        page.add(" and has")
        page.mark(" " + thing, "story thing")
        page.add(".")
        page.mark(" " + pronoun(person), "pronoun")
        page.add(choices.pick(FEEL))
