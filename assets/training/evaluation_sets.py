"""Writes `assets/evaluation/*.jsonl`: held-out prompts whose answers and causes are known, so that tests and benches need no Python.

Spans are in bytes of the UTF-8 prompt, end exclusive. `causes` is a *set*: without any one of its spans nobody could know the answer, so a
method is judged by whether it finds members of the set, not by which of them comes first.
"""

import argparse
import itertools
import json
import os
import random

from micro_world.levels import BACKWARDS, LONG, SHORT_ALIKE
from micro_world.registry import documents
from micro_world.skills.key_values import KEYS
from micro_world.words import NAMES, OBJECTS, PLACES, PLAIN

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = "evaluation"
PER_FILE = 100
# Some of what is asked of lists and people is long; of people nearly nothing would be asked backwards otherwise.
LEVELS = {"sequences": ((SHORT_ALIKE, 0.8), (LONG, 0.2)), "key-values": ((SHORT_ALIKE, 0.8), (LONG, 0.2)), "names": ((SHORT_ALIKE, 0.5), (BACKWARDS, 0.3), (LONG, 0.2))}


def byte_span(text, span):
    return [len(text[: span[0]].encode()), len(text[: span[1]].encode())]


def entry(document, prompt, answer, causes, kind, **more):
    return {"skill": document.skill, "kind": kind, "prompt": prompt, "answer": answer, "causes": [byte_span(prompt, span) for span in sorted(causes)], **more}


def asked(document):
    """Names and lists: the last question, cut before its answer."""
    details = document.details
    prompt = document.text[: details["prompt end"]]
    return entry(document, prompt, details["answer"], details["causes"], details["kind"])


def repeated(document):
    """A whole repeated sequence, cut in the middle of its copy: what follows is known from the same word's first place and the word after it."""
    words = document.text.split(" ")
    head, words = words[0], words[1:]
    half = len(words) // 2
    if head != "words:" or words[:half] != words[half:]:
        return None
    place = half + half // 2
    prompt = head + "".join(" " + word for word in words[:place])
    starts = [len(head) + sum(len(word) + 1 for word in words[:index]) + 1 for index in range(place)]
    span = lambda index: (starts[index], starts[index] + len(words[index]))
    causes = [span(place - half - 1), span(place - half), span(place - 1)]
    return entry(document, prompt, " " + words[place], causes, "whole")


def bracketed(document):
    """The last closing bracket; only the opening one decides which it is."""
    spans = [(start, end) for start, end, kind in document.marks if kind == "bracket"]
    if len(spans) < 2:
        return None
    start, end = spans[-1]
    open_places = []
    pairs = {"(": ")", "[": "]", "{": "}", "<": ">", "“": "”", "«": "»"}
    for place, sign in enumerate(document.text[:start]):
        if sign in pairs:
            open_places.append(place)
        elif sign in pairs.values():
            open_places.pop()
    opening = open_places[-1]
    return entry(document, document.text[:start], document.text[start:end], [(opening, opening + 1)], f"depth {len(open_places)}")


def summed(document):
    """The last sum, with the space before its digits, as the digits are tokens of their own."""
    start, end, kind = document.marks[-1]
    line = document.text.rfind(". ", 0, start)
    begin = line + 2 if line >= 0 else 0
    first, sign, second, _ = document.text[begin:start].split(" ")[:4] if document.text[begin:start].endswith(" =") else (None,) * 4
    places = [begin, begin + len(first) + 1 + len(sign) + 1]
    causes = [(places[0], places[0] + len(first)), (places[0] + len(first) + 1, places[0] + len(first) + 2), (places[1], places[1] + len(second))]
    return entry(document, document.text[: start + 1], document.text[start + 1 : end], causes, kind)


def problem(document):
    """A word problem with its steps. `firstWrongStep` says how an answer is judged; see the README."""
    details = document.details
    steps = [{"before": before, "operation": operation, "number": number, "after": after} for before, operation, number, after in details["steps"]]
    rules = {"start": steps[0]["before"], "steps": steps}
    return entry(document, details["prompt"], str(details["answer"]), details["causes"], details["kind"], worked=document.text[details["prompt end"] :], **rules)


def marked(kinds):
    """Where only the answer is known to be determined, and by the whole text before it."""
    def read(document):
        found = [(start, end, kind) for start, end, kind in document.marks if kind in kinds]
        if not found:
            return None
        start, end, kind = found[-1]
        return {"skill": document.skill, "kind": kind, "prompt": document.text[:start], "answer": document.text[start:end], "causes": []}
    return read


FILES = (
    ("sequences", "sequences", repeated), ("key-values", "key values", asked), ("names", "names", asked), ("brackets", "brackets", bracketed),
    ("sums", "sums", summed), ("word-problems", "word problems", problem), ("stories", "stories", marked(("story place", "story thing"))),
    ("code", "code", marked(("code value", "code item"))), ("mazes", "mazes", marked(("maze",))), ("scripts", "scripts", marked(("scripts",))),
)


def answers_like(one):
    """What could stand there as well: any number of two digits, or a word of the same sort."""
    if one["answer"].strip().isdigit():
        return [f" {value}" for value in range(10, 100)]
    words = {"where": PLACES, "keeps": OBJECTS, "who visits": NAMES, "who keeps": NAMES, "reversed": KEYS}
    return [" " + word for word in words.get(one["kind"], PLAIN)]


def corrupted(entries, name):
    """Beside every question about a list or people: the same with one cause changed, so that the answer changes (as for aligned pairs).

    The new answer is a word that the prompt does not have; where it has them all, another one.
    """
    for number, one in enumerate(entries):
        different = [answer for answer in answers_like(one) if answer != one["answer"]]
        others = [answer for answer in different if answer not in one["prompt"]]
        changed = random.Random(f"{SEED} {name} {number}").choice(others or different)
        spans = [span for span in one["causes"] if one["prompt"].encode()[span[0] : span[1]].decode() == one["answer"].strip()]
        start, end = spans[0]
        bytes_ = one["prompt"].encode()
        one["changed"] = {"prompt": (bytes_[:start] + changed.strip().encode() + bytes_[end:]).decode(), "answer": changed}
    return entries


def write(out, count=PER_FILE):
    os.makedirs(out, exist_ok=True)
    sizes = {}
    for name, skill, read in FILES:
        found = (read(document) for document in documents(f"{SEED} {name}", LEVELS.get(name, ((SHORT_ALIKE, 1),)), skill) if not (name == "sequences" and len(document.text) > 2500))
        entries = list(itertools.islice((one for one in found if one), count))
        if name in ("key-values", "names"):
            entries = corrupted(entries, name)
        with open(os.path.join(out, name + ".jsonl"), "w", encoding="utf-8", newline="\n") as file:
            for number, one in enumerate(entries):
                file.write(json.dumps({"id": f"{name}-{number:03}", **one}, ensure_ascii=False) + "\n")
        sizes[name] = len(entries)
    return sizes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=os.path.join(HERE, "..", "evaluation"))
    print(write(parser.parse_args().out))
