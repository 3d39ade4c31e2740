"""Short stories: who visits which place and who keeps what, then questions.

An answer repeats the sentence of the story, so that what is asked for stands beside what is known. With other frames
(`Where is Mira? cellar.` after `Mira goes to the cellar.`) a model of this size hardly learns to recall at all.
"""

from micro_world.words import NAMES, OBJECTS, PLACES

FILLERS = (
    " The day is long.", " It rains a little.", " The road is dusty.", " Nobody speaks.", " The wind turns.",
    " A bell rings.", " The sun is low.", " All is quiet.",
)


def write(choices, page, level):
    count = choices.between(*level.people)
    people = choices.distinct(NAMES, count)
    homes = dict(zip(people, choices.distinct(PLACES, count)))
    goods = dict(zip(people, choices.distinct(OBJECTS, count)))
    facts = []
    for person in people:
        kind = choices.weighted(("both", "visits", "keeps"), (0.5, 0.25, 0.25))
        if kind != "keeps":
            facts.append((person, "visits", homes[person]))
        if kind != "visits":
            facts.append((person, "keeps", goods[person]))
    facts = choices.shuffled(facts)
    for place, (person, verb, thing) in enumerate(facts):
        page.add((" " if place else "") + person + " " + verb + " " + thing + ".")
        if choices.chance(0.12):
            page.add(choices.pick(FILLERS))
    asked = choices.distinct(facts, choices.between(1, min(level.questions, len(facts))))
    for person, verb, thing in asked:
        if verb == "visits":
            if choices.chance(0.7):
                page.add(" Where is " + person + "?")
                page.mark(" " + person, "asked name")
                page.mark(" visits", "frame")
                page.mark(" " + thing, "where")
            else:
                page.add(" Who visits " + thing + "?")
                page.mark(" " + person, "who")
                page.mark(" visits " + thing, "frame")
        elif choices.chance(0.5):
            page.add(" What keeps " + person + "?")
            page.mark(" " + person, "asked name")
            page.mark(" keeps", "frame")
            page.mark(" " + thing, "keeps")
        else:
            page.add(" Who keeps " + thing + "?")
            page.mark(" " + person, "who")
            page.mark(" keeps " + thing, "frame")
        page.add(".")
