"""Reads a worked answer back and says what each step is: the only thing it knows is the text.

A step is wrong if its sum is false *or* if the problem does not support it: another operation, another number, another start, an event that
was used already, or one step too many, even where the sum itself is true. A result that is taken back at once (`= 24. No: 23.`) counts by what
replaced it. What cannot be parsed is said to be so and never counted as right.
"""

import re
from dataclasses import dataclass

from micro_world.skills.word_problems import ALONE, BETWEEN, SIGNS

OPPOSITE = {"add": "subtract", "subtract": "add"}
# A number as the generator writes it: digits of ASCII, none of them a zero in front.
NUMBER = r"(?:0|[1-9][0-9]*)"
OWNS = re.compile(rf"(\w+) has ({NUMBER}) (\w+)\.")
QUESTION = re.compile(r"How many (\w+) has (\w+)\?")
STEP = re.compile(rf" (?:So|Then) we (\w+)\. ({NUMBER}) ([+-]) ({NUMBER}) = ({NUMBER})\.(?: No: ({NUMBER})\.)?")
ANSWER = re.compile(rf" Answer: ({NUMBER})\.\Z")


def _pattern(form):
    places = {"{a}": r"(?P<a>\w+)", "{b}": r"(?P<b>\w+)", "{n}": rf"(?P<n>{NUMBER})", "{t}": r"(?P<t>\w+)"}
    made = re.escape(form).replace(r"\{", "{").replace(r"\}", "}")
    for place, group in places.items():
        made = made.replace(place, group)
    return re.compile(made + "$")


FORMS = [(operation, _pattern(form)) for operation, form in ALONE + BETWEEN]


@dataclass(frozen=True)
class Problem:
    start: int
    events: tuple  # (operation, number) in the order of the text, those of the asked count only
    answer: int


def read_problem(prompt):
    """The asked count and what happens to it, or None where the text is no such problem."""
    *sentences, question = re.findall(r"[^.?]+[.?]", prompt) or [""]
    asked = QUESTION.search(question)
    if not asked:
        return None
    thing, person = asked.groups()
    start, events = None, []
    for sentence in sentences:
        sentence = sentence.strip()
        owns = OWNS.fullmatch(sentence)
        if owns:
            if (owns[1], owns[3]) == (person, thing):
                start = int(owns[2])
            continue
        found = [(operation, match) for operation, form in FORMS for match in [form.match(sentence)] if match]
        if not found:
            return None
        operation, match = found[0]
        parts = match.groupdict()
        if parts["t"] == thing and person in (parts["a"], parts.get("b")):
            events.append((operation if parts["a"] == person else OPPOSITE[operation], int(parts["n"])))
    if start is None:
        return None
    answer = start + sum(number if operation == "add" else -number for operation, number in events)
    return Problem(start, tuple(events), answer)


def judge(prompt, continuation):
    """{verdict, steps, first wrong}: `verdict` is right, plan, start, number, sum, missing, extra, answer or unparsed: what went wrong first."""
    problem = read_problem(prompt)
    if problem is None:
        return {"verdict": "unparsed", "steps": [], "first wrong": None}
    left, running, place, steps = list(problem.events), problem.start, 0, []
    wrong = None
    for match in iter(lambda: STEP.match(continuation, place), None):
        operation, before, sign, number, result, mended = match.groups()
        fault = judge_step(operation, int(before), sign, int(number), int(mended or result), running, left)
        steps.append({"start": match.start(), "end": match.end(), "fault": fault, "corrected": mended is not None})
        if fault is None:
            left.remove((operation, int(number)))
        elif wrong is None:
            wrong = {"fault": fault, "step": len(steps) - 1, "at": match.start({"plan": 1, "start": 2, "number": 4, "sum": 6 if mended else 5}.get(fault, 1))}
        running = int(mended or result)
        place = match.end()
    answer = ANSWER.match(continuation, place)
    if not answer:
        return {"verdict": "unparsed", "steps": steps, "first wrong": wrong}
    if wrong is None and left:
        wrong = {"fault": "missing", "step": len(steps), "at": place}
    if wrong is None and int(answer[1]) != running:
        wrong = {"fault": "answer", "step": len(steps), "at": answer.start(1)}
    # Two faults may make up for each other; the answer decides what is right, the steps say what went wrong first.
    right = int(answer[1]) == problem.answer and wrong is None
    return {"verdict": "right" if right else wrong["fault"], "steps": steps, "first wrong": wrong, "answer": int(answer[1])}


def judge_step(operation, before, sign, number, result, running, left):
    """What is wrong with one step, in reading order, or None."""
    if not left:
        return "extra"
    if operation not in SIGNS or operation not in [known for known, _ in left]:
        return "plan"
    if before != running:
        return "start"
    if sign != SIGNS[operation]:
        return "plan"
    if (operation, number) not in left:
        return "number" if operation == left[0][0] else "plan"
    if result != (before + number if sign == "+" else before - number):
        return "sum"
    return None
