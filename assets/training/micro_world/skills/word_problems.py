"""Word problems with worked answers: a plan phrase ("So we add.") before any number, one to three steps, `Answer: N.`

The plan can be wrong while the text stays fluent: cues come active and passive ("is given", "gives away"), and half of the
problems tell of another person too. A few steps are wrong at first and corrected at once.
"""

from micro_world.words import NAMES, OBJECTS

GAINS = (" finds", " buys", " is given", " is sent")
LOSSES = (" loses", " sells", " gives away", " is robbed of")
CORRECTED = 0.06
SLIPS = (-10, -2, -1, 1, 2, 10)


def write(choices, page, level):
    person, other = choices.distinct(NAMES, 2)
    thing, other_thing = choices.distinct(OBJECTS, 2)
    start = choices.between(5, 60)
    steps = choices.between(1, 3)
    distracted = choices.chance(0.5)

    sentences = [f"{person} has {start} {thing}."]
    if distracted:
        sentences.append(f"{other} has {choices.between(2, 40)} {other_thing}.")
        if choices.chance(0.5):
            sentences.reverse()
    total = start
    moves = []
    for _ in range(steps):
        gain = total < 8 or choices.chance(0.5)
        number = choices.between(2, 30) if gain else choices.between(2, min(30, total - 1))
        cue = choices.pick(GAINS if gain else LOSSES)
        result = total + number if gain else total - number
        moves.append((total, gain, number, result))
        total = result
        sentences.append(f"{person}{cue} {number}.")
        if distracted and choices.chance(0.4):
            sentences.append(f"{other}{choices.pick(GAINS + LOSSES)} {choices.between(2, 30)}.")
    page.add(" ".join(sentences) + f" How many {thing} has {person}?")
    page.details = {
        "prompt": page.text,
        "operations": ["add" if gain else "subtract" for _, gain, _, _ in moves],
        "numbers": [number for _, _, number, _ in moves],
        "start": start,
        "answer": total,
        "distracted": distracted,
    }
    for place, (before, gain, number, result) in enumerate(moves):
        page.add(" So we" if place == 0 else " Then we")
        page.mark(" add" if gain else " subtract", "plan")
        page.add(".")
        page.mark(f" {before} {'+' if gain else '-'} {number} =", "operands")
        if choices.chance(CORRECTED):
            slips = [slip for slip in SLIPS if result + slip >= 0]
            page.add(f" {result + choices.pick(slips)}. No:")
        page.mark(f" {result}", "step")
        page.add(".")
    page.add(" Answer:")
    page.mark(f" {total}", "answer")
    page.add(".")
