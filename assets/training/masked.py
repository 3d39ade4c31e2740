"""How well micro-mlm fills in what is hidden, beside what the most frequent token alone would get."""

import itertools
import random
from collections import Counter, defaultdict

import torch

import measure
from intervals import share_by_text
from micro_world.levels import SHORT_ALIKE
from micro_world.registry import SKILLS, documents

MASK = 3
EVERY = 7  # one token in so many is hidden at once
STRETCHES = 4  # of a text, hidden one at a time


def guesses(model, rows, hidden):
    """For every row [(place, token guessed)] of the places in `hidden`, all of them replaced by `<mask>` at once; a row is ids with end token."""
    covered = [[MASK if place in places else token for place, token in enumerate(row)] for row, places in zip(rows, hidden)]
    found = [None] * len(rows)
    for chosen, padded in measure.batches(covered):
        best = model(padded).argmax(-1)
        for line, row in enumerate(chosen):
            found[row] = [(place, int(best[line, place])) for place in sorted(hidden[row])]
    return found


def every_seventh(model, count, seed):
    """Accuracy on whole documents, each seven times, with every seventh token hidden and another first one."""
    texts = list(itertools.islice(documents(seed, ((SHORT_ALIKE, 1),)), count))
    encodings = model.tokenizer.encode_batch([document.text for document in texts])
    rows = [encoding.ids + [1] for encoding in encodings]
    commonest = Counter(token for row in rows for token in row[1:-1]).most_common(1)[0][0]
    in_marks = [{place for _, first, last in measure.marked_tokens(encoding, document.marks) for place in range(first, last)} for encoding, document in zip(encodings, texts)]
    every, marked, plain = ([[0, 0] for _ in rows] for _ in range(3))
    for offset in range(EVERY):
        hidden = [{place for place in range(1, len(row) - 1) if place % EVERY == offset} for row in rows]
        for number, found in enumerate(guesses(model, rows, hidden)):
            for place, guess in found:
                token = rows[number][place]
                count_hit(every[number], guess == token)
                count_hit(plain[number], token == commonest)
                if place in in_marks[number]:
                    count_hit(marked[number], guess == token)
    return {
        "all tokens": share_by_text(every), "tokens of determined stretches": share_by_text(marked), "commonest token": share_by_text(plain), "texts": count,
    }


def count_hit(pair, hit):
    pair[0] += hit
    pair[1] += 1


def stretches(model, per_skill, seed):
    """{kind: share} of determined stretches whose tokens are all right when that stretch alone is hidden and the whole rest is seen."""
    counted = defaultdict(list)
    chosen_by = random.Random(seed)
    for skill in SKILLS:
        texts = list(itertools.islice(documents(f"{seed} {skill.name}", ((SHORT_ALIKE, 1),), skill.name), per_skill))
        encodings = model.tokenizer.encode_batch([document.text for document in texts])
        cases = []
        for number, (document, encoding) in enumerate(zip(texts, encodings)):
            marks = measure.marked_tokens(encoding, document.marks)
            cases += [(number, *mark) for mark in chosen_by.sample(marks, min(STRETCHES, len(marks)))]
        rows = [encodings[number].ids + [1] for number, *_ in cases]
        found = guesses(model, rows, [set(range(first, last)) for _, _, first, last in cases])
        own = defaultdict(lambda: [[0, 0] for _ in texts])
        for (number, kind, _, _), row, guessed in zip(cases, rows, found):
            count_hit(own[kind][number], all(row[place] == token for place, token in guessed))
        for kind, counts in own.items():
            counted[kind] += counts
    return {kind: share_by_text(counts) for kind, counts in sorted(counted.items())}


@torch.no_grad()
def evaluate(model, count=400, per_skill=120, seed="held out masked"):
    return {**every_seventh(model, count, seed), "stretches hidden one at a time": stretches(model, per_skill, f"{seed} stretches")}
