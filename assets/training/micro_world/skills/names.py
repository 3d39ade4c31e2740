"""Short stories: who visits which place and who keeps what, then questions.

An answer repeats the sentence of the story, so that what is asked for stands beside what is known. With other frames
(`Where is Mira? cellar.` after `Mira goes to the cellar.`) a model of this size hardly learns to recall at all. Who it was stands *before*
what is known (`Mira keeps lamps. Who keeps lamps? lamps of Mira.`); the answer then has the form of the reversed lists (`amber of salt.`).
"""

from micro_world.words import NAMES, OBJECTS, PLACES

FILLERS = (
    " The day is long.", " It rains a little.", " The road is dusty.", " Nobody speaks.", " The wind turns.",
    " A bell rings.", " The sun is low.", " All is quiet.",
)
AGAIN = 0.3  # a fact is about somebody who has one already


def draw_facts(choices, count):
    """(person, verb, thing), everyone with at most one of each verb; nothing is drawn that the text does not show."""
    facts, verbs_of = [], {}
    unused = {"visits": list(PLACES), "keeps": list(OBJECTS)}
    strangers = list(NAMES)
    for _ in range(count):
        known = [person for person, verbs in verbs_of.items() if len(verbs) == 1]
        if known and (not strangers or choices.chance(AGAIN)):
            person = choices.pick(known)
            verb = "keeps" if verbs_of[person][0] == "visits" else "visits"
        else:
            person = choices.pick(strangers)
            strangers.remove(person)
            verb = "visits" if choices.chance(0.5) else "keeps"
        verbs_of.setdefault(person, []).append(verb)
        thing = choices.pick(unused[verb])
        unused[verb].remove(thing)
        facts.append((person, verb, thing))
    return facts


def write(choices, page, level):
    facts = draw_facts(choices, choices.between(*level.facts))
    places = {}
    for place, (person, verb, thing) in enumerate(facts):
        person_span = page.add((" " if place else "") + person)
        page.add(" " + verb)
        thing_span = page.add(" " + thing)
        places[person, verb] = ((person_span[1] - len(person), person_span[1]), (thing_span[0] + 1, thing_span[1]))
        page.add(".")
        if choices.chance(0.12):
            page.add(choices.pick(FILLERS))
    page.add("\n")
    asked = choices.distinct(facts, choices.between(1, min(level.questions, len(facts))))
    for place, (person, verb, thing) in enumerate(asked):
        start = "" if place == 0 else " "
        forward = choices.chance(level.forward)
        if forward:
            page.add(start + ("Where is" if verb == "visits" else "What keeps"))
            page.add(" " + person)
            page.add("?")
            asked_span = page.mark(" " + person, "asked again")
            page.mark(" " + verb, "frame")
            prompt_end = page.length
            page.mark(" " + thing, "where" if verb == "visits" else "keeps")
        else:
            page.add(start + "Who " + verb)
            page.add(" " + thing)
            page.add("?")
            asked_span = page.mark(" " + thing, "asked again")
            page.mark(" of", "frame")
            prompt_end = page.length
            page.mark(" " + person, "who")
        page.details = {
            "kind": ("where" if verb == "visits" else "keeps") if forward else "who " + verb,
            "prompt end": prompt_end,
            "answer": " " + (thing if forward else person),
            # The word as the answer repeats it, and the two of the fact: without any one of them nobody could know.
            "causes": [(asked_span[0] + 1, asked_span[1]), *places[person, verb]],
        }
        page.add(".")
