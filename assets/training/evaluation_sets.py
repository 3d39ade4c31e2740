"""Writes `assets/evaluation/*.jsonl`: held-out prompts whose answers and causes are known, so that tests and benches need no Python.

Spans are in bytes of the UTF-8 prompt, end exclusive. `causes` is a *set*: what it takes to look the answer up, so a method is judged by whether
it finds members of the set, not by which of them comes first. No prompt comes twice, and none is of a text that training draws (`seen.py`).
"""

import argparse
import itertools
import json
import os
import random
import re
from collections import Counter

import seen
from micro_world.levels import BACKWARDS, LONG, SHORT_ALIKE
from micro_world.registry import documents
from micro_world.skills.brackets import DEEPEST, PAIRS
from micro_world.skills.key_values import KEYS
from micro_world.words import NAMES, OBJECTS, PLACES, PLAIN

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = "evaluation"
PER_FILE = 100
LONGEST_SEQUENCE = 2500  # characters
# Some of what is asked of lists and people is long; of people nearly nothing would be asked backwards otherwise.
LEVELS = {"sequences": ((SHORT_ALIKE, 0.8), (LONG, 0.2)), "key-values": ((SHORT_ALIKE, 0.8), (LONG, 0.2)), "names": ((SHORT_ALIKE, 0.5), (BACKWARDS, 0.3), (LONG, 0.2))}
# How many of each kind where they would come in other numbers.
QUOTAS = {
    "sequences": {"start": 50, "middle": 50},
    "brackets": {f"depth {depth}": PER_FILE // DEEPEST for depth in range(1, DEEPEST + 1)},
    "stories": {"story place": 50, "story thing": 50},
    "code": {"code value": 60, "code item": 40},
    "mazes": {"corridor": 60, "fork": 40},
    "scripts": {"glossary": 50, "line": 50},
}


def byte_span(text, span):
    return [len(text[: span[0]].encode()), len(text[: span[1]].encode())]


def byte_spans(text, spans):
    return sorted(byte_span(text, span) for span in spans)


def entry(document, prompt, answer, causes, kind, **more):
    return {"skill": document.skill, "kind": kind, "prompt": prompt, "answer": answer, "causes": byte_spans(prompt, causes), **more}


def one_asked(document, question):
    prompt = document.text[: question["prompt end"]]
    more = {name: byte_spans(prompt, question[name]) for name in ("copies", "walls") if question.get(name)}
    return entry(document, prompt, question["answer"], question["causes"], question["kind"], **more)


def asked(document):
    """Names and lists: the last question, cut before its answer."""
    yield one_asked(document, document.details)


def asked_within(document):
    """Any of the questions of a text, in random order: the last one could be answered by what is left over."""
    questions = list(document.details.get("questions", ()))
    random.Random(document.text).shuffle(questions)
    for question in questions:
        yield one_asked(document, question)


def repeated(document):
    """A sequence that is repeated as a whole. Cut after the first word of its copy it takes that word, its first place and the next word; in the
    middle of the copy only the next word's first place, as how far the copy has come can be told from any word of it."""
    words = document.text.split(" ")
    head, words = words[0], words[1:]
    half = len(words) // 2
    if head != "words:" or words[:half] != words[half:] or len(document.text) > LONGEST_SEQUENCE:
        return
    starts = [len(head) + sum(len(word) + 1 for word in words[:index]) + 1 for index in range(len(words))]
    span = lambda index: (starts[index], starts[index] + len(words[index]))
    prompt = lambda count: head + "".join(" " + word for word in words[:count])
    place = half + half // 2
    pointers = [span(place - half - 1), span(place - 1)]
    yield entry(document, prompt(half + 1), " " + words[1], [span(0), span(1), span(half)], "start")
    yield entry(document, prompt(place), " " + words[place], [span(place - half)], "middle", pointers=byte_spans(prompt(place), pointers))


def bracketed(document):
    """Which bracket closes, where one does. Only the opening one decides it; that one closes is a choice, so it is judged among those that close."""
    among = [" " + closer for _, closer in PAIRS]
    places = [(start, end) for start, end, kind in document.marks if kind == "bracket"]
    random.Random(document.text).shuffle(places)
    for start, end in places:
        opened = []
        for place, sign in enumerate(document.text[:start]):
            if sign in dict(PAIRS):
                opened.append(place)
            elif sign in dict(PAIRS).values():
                opened.pop()
        yield entry(document, document.text[:start], document.text[start:end], [(opened[-1], opened[-1] + 1)], f"depth {len(opened)}", among=among)


def summed(document):
    """The last sum, if it is not asked before in the same text, with the space before its digits, as the digits are tokens of their own."""
    start, end, kind = document.marks[-1]
    text = document.text[:start]
    found = re.search(r"(\d+) ([+-]) (\d+) =$", text)
    first, _, second = found.groups()
    if text.count(found[0]) > 1 or f"{second} + {first} =" in text:
        return
    causes = [found.span(part) for part in (1, 2, 3)]
    yield entry(document, document.text[: start + 1], document.text[start + 1 : end], causes, kind)


def problem(document):
    """A word problem with its steps. The README says how an answer is judged."""
    details = document.details
    steps = [{"before": before, "operation": operation, "number": number, "after": after} for before, operation, number, after in details["steps"]]
    rules = {"start": steps[0]["before"], "steps": steps}
    yield entry(document, details["prompt"], str(details["answer"]), details["causes"], details["kind"], worked=document.text[details["prompt end"] :], **rules)


FILES = (
    ("sequences", "sequences", repeated), ("key-values", "key values", asked), ("names", "names", asked), ("brackets", "brackets", bracketed),
    ("sums", "sums", summed), ("word-problems", "word problems", problem), ("stories", "stories", asked_within), ("code", "code", asked_within),
    ("mazes", "mazes", asked_within), ("scripts", "scripts", asked_within),
)


def answers_like(one):
    """What could stand there as well: any number of two digits, or a word of the same sort."""
    if one["answer"].strip().isdigit():
        return [f" {value}" for value in range(10, 100)]
    words = {"where": PLACES, "keeps": OBJECTS, "who visits": NAMES, "who keeps": NAMES, "reversed": KEYS}
    return [" " + word for word in words.get(one["kind"], PLAIN)]


def changed(one, seed):
    """The same question with the one cause changed that holds the answer, so that the answer changes and nothing else (as for aligned pairs): a
    word of the same sort that the prompt does not have. None where it has them all."""
    others = [answer for answer in answers_like(one) if answer.strip() not in re.findall(r"\w+", one["prompt"])]
    if not others:
        return None
    other = random.Random(seed).choice(others)
    bytes_ = one["prompt"].encode()
    # In order of their places: the pair, then what is asked. Asked backwards it is the pair's first.
    start, end = one["causes"][0 if one["kind"].startswith(("reversed", "who")) else 1]
    assert bytes_[start:end].decode() == one["answer"].strip()
    return {"prompt": (bytes_[:start] + other.strip().encode() + bytes_[end:]).decode(), "answer": other}


def entries(name, skill, read, known, count=PER_FILE):
    """`count` questions, at most one of a text."""
    quotas, taken, prompts = QUOTAS.get(name), Counter(), set()
    for document in documents(f"{SEED} {name}", LEVELS.get(name, ((SHORT_ALIKE, 1),)), skill):
        if seen.key(skill, document.text) in known:
            continue
        for one in read(document):
            if one["prompt"] in prompts or (quotas and taken[one["kind"]] >= quotas[one["kind"]]):
                continue
            # A beginning of a text that training draws is no more held out than the whole.
            if skill == "brackets" and seen.key(skill, one["prompt"]) in known:
                continue
            if name in ("key-values", "names"):
                one["changed"] = changed(one, f"{SEED} {name} {len(prompts)}")
                if one["changed"] is None:
                    continue
            prompts.add(one["prompt"])
            taken[one["kind"]] += 1
            yield one
            break
        if len(prompts) == count:
            return


def write(out, known, count=PER_FILE):
    os.makedirs(out, exist_ok=True)
    sizes = {}
    for name, skill, read in FILES:
        found = list(itertools.islice(entries(name, skill, read, known, count), count))
        with open(os.path.join(out, name + ".jsonl"), "w", encoding="utf-8", newline="\n") as file:
            for number, one in enumerate(found):
                file.write(json.dumps({"id": f"{name}-{number:03}", **one}, ensure_ascii=False) + "\n")
        sizes[name] = dict(Counter(one["kind"] for one in found))
    return sizes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=os.path.join(HERE, "..", "evaluation"))
    parser.add_argument("--work", default=os.path.join(HERE, "work"), help="where the training text's hashes are kept")
    arguments = parser.parse_args()
    print(write(arguments.out, seen.load(arguments.work)))
