"""Who visits which place and who keeps what: as sentences with questions about people, or as pairs that are asked in both directions.

An answer repeats the sentence of the story, so that what is asked for stands beside what is known. With other frames
(`Where is Mira? cellar.` after `Mira goes to the cellar.`) a model of this size hardly learns to recall at all. Asked the other way round
(`lamps of Mira.` after `Mira keeps lamps`) it stands *before* what is known; that is learned only in the form of the reversed lists.
"""

from micro_world.words import NAMES, OBJECTS, PLACES

FILLERS = (
    " The day is long.", " It rains a little.", " The road is dusty.", " Nobody speaks.", " The wind turns.",
    " A bell rings.", " The sun is low.", " All is quiet.",
)
AGAIN = 0.3  # a fact is about somebody who has one already
FILLER = 0.12


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
    as_pairs = choices.chance(level.kinds[2])
    facts = draw_facts(choices, choices.between(*level.facts))
    if as_pairs:
        page.add("pairs of people:")
    places = {}
    for place, (person, verb, thing) in enumerate(facts):
        before = " " if place == 0 and as_pairs else ", " if as_pairs else " " if place else ""
        person_span = page.add(before + person)
        page.add(" " + verb)
        thing_span = page.add(" " + thing)
        places[person, verb] = ((person_span[1] - len(person), person_span[1]), (thing_span[0] + 1, thing_span[1]))
        if not as_pairs:
            page.add(".")
            if choices.chance(FILLER):
                page.add(choices.pick(FILLERS))
    page.add("." if as_pairs else "\n")
    for place, (person, verb, thing) in enumerate(choices.distinct(facts, choices.between(1, min(level.questions, len(facts))))):
        kind = "where" if verb == "visits" else "keeps"
        copies = []
        if as_pairs and not choices.chance(level.forward):
            asked_span = page.add(" " + thing)
            page.mark(" of", "frame")
            kind, answer, answer_kind = "who " + verb, " " + person, "who"
        elif as_pairs:
            asked_span = page.add(" " + person)
            page.add(" " + verb)
            answer, answer_kind = " " + thing, kind
        else:
            _, end = page.add(("" if place == 0 else " ") + ("Where is " if verb == "visits" else "What keeps ") + person)
            copies = [(end - len(person), end)]
            page.add("?")
            asked_span = page.mark(" " + person, "asked name")
            page.mark(" " + verb, "frame")
            answer, answer_kind = " " + thing, kind
        page.details = {
            "kind": kind,
            "prompt end": page.length,
            "answer": answer,
            # The word beside the answer, and the two of the fact; the question says the first of them too.
            "causes": [(asked_span[0] + 1, asked_span[1]), *places[person, verb]],
            "copies": copies,
        }
        page.mark(answer, answer_kind)
        page.add(".")
