"""Narratives: people go to places and find things; a pronoun stands for the one who was named last, and names come back.

What a pronoun is, and where somebody is said to be at the end, follows from the text.
"""

from micro_world.page import inner
from micro_world.words import NAMES, OBJECTS, PLACES, pronoun

GO = (" goes to", " walks to", " rides to")
DO = (" finds", " sees", " buys", " paints")
FEEL = (" is tired.", " is glad.", " sings.", " waits.", " laughs.")


def write(choices, page, level):
    people = choices.distinct(NAMES, choices.between(2, level.cast))
    towns = choices.distinct(PLACES, len(people))
    things = choices.distinct(OBJECTS, len(people))
    page.add("Story.")
    named, in_town, with_thing = {}, {}, {}
    for person, town, thing in zip(people, towns, things):
        named[person] = inner(page.add(" " + person))
        page.add(choices.pick(GO))
        in_town[person] = inner(page.add(" " + town))
        page.add(".")
        page.mark(" " + pronoun(person), "pronoun")
        page.add(choices.pick(DO))
        with_thing[person] = inner(page.add(" " + thing))
        page.add(".")
        if choices.chance(0.4):
            page.add(" " + choices.pick(people[: people.index(person) + 1]) + choices.pick(FEEL))
    for person, town, thing in choices.shuffled(list(zip(people, towns, things))):
        asked = inner(page.add(" In the end " + person), len(" In the end "))
        page.add(" is in")
        page.ask(" " + town, "story place", (named[person], in_town[person], asked))
        town_again = inner(page.mark(" " + town, "story place"))
        page.add(" and has")
        # Where somebody is tells as well who it is.
        page.ask(" " + thing, "story thing", (named[person], with_thing[person], asked), (in_town[person], town_again))
        page.mark(" " + thing, "story thing")
        page.add(".")
        page.mark(" " + pronoun(person), "pronoun")
        page.add(choices.pick(FEEL))
