"""Which held-out texts stand word for word in the text that training draws: `python seen.py` writes `work/seen.npy`.

Seeds keep the streams apart, but where a world is small the same text comes up in both: a maze of sixteen cells, a line of dates, a few
brackets. Training text is drawn here as `settings.py` and the generator say today (a little more of it than is trained on, as how much a
batch takes depends on the tokenizer), for micro-base. Only texts of the small worlds are kept, as hashes.
"""

import argparse
import hashlib
import os

import numpy as np

import settings
from micro_world.registry import documents

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = ("stories", "brackets", "sums", "number words", "word problems", "dates", "code", "mazes", "scripts", "markov")
CHARACTERS = 4.2  # a token, at most, on average over a batch


def key(skill, text):
    return int.from_bytes(hashlib.blake2b(f"{skill} {text}".encode(), digest_size=8).digest())


def keys(document):
    """The text's own; of brackets those of each of its beginnings too, as a prompt is one."""
    if document.skill == "brackets":
        places = [place for place, sign in enumerate(document.text) if sign == " "]
        yield from (key("brackets", document.text[:place]) for place in places)
    yield key(document.skill, document.text)


def training_texts(plan):
    for phase in plan.phases:
        for step in range(phase.tokens // (phase.rows * phase.length)):
            wanted = phase.rows * phase.length * CHARACTERS
            for document in documents(f"{plan.seed} {phase.name} {step}", phase.levels, shares=phase.shares):
                yield document
                wanted -= len(document.text)
                if wanted < 0:
                    break


def collect(plan):
    found = set()
    for document in training_texts(plan):
        if document.skill in SMALL:
            found.update(keys(document))
    return np.array(sorted(found), dtype=np.uint64)


def load(work=os.path.join(HERE, "work")):
    """The set of keys, drawn first where it is not kept."""
    path = os.path.join(work, "seen.npy")
    if not os.path.exists(path):
        os.makedirs(work, exist_ok=True)
        np.save(path, collect(settings.MODELS["micro-base"]))
    return set(np.load(path).tolist())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default=os.path.join(HERE, "work"))
    print(f"{len(load(parser.parse_args().work)):,} keys")
