"""How many bits a model needs for held-out text, beside what the text really holds.

The generator knows the probability of every text, so the source's entropy is exact: bits of the choices, and of which skill it was. On
marked stretches, which the text before determines but for small choices (whether a list goes on), the excess is what the model did
not understand.
"""

import itertools
import math
from collections import defaultdict

import torch

import measure
import n_grams
import settings
from micro_world.levels import SHORT_ALIKE
from micro_world.registry import SKILLS, documents

SHARES = {skill.name: skill.share / sum(one.share for one in SKILLS) for skill in SKILLS}
N_GRAM_TEXTS = settings.N_GRAM_TEXTS
RANDOM = ("sequences",)  # left out where only text without random sequences is meant


def source_bits(texts, skill):
    """Minus the log2-probability of some texts of one skill: of which skill each is, and of its choices."""
    return sum(document.bits - math.log2(SHARES[skill]) for document in texts)


def surprisals(model, rows):
    """Bits of every token of each row after the first."""
    found = [None] * len(rows)
    for chosen, padded in measure.batches(rows):
        bits = -model(padded)[:, :-1].log_softmax(-1).gather(-1, padded[:, 1:, None])[..., 0] / math.log(2)
        for place, row in enumerate(chosen):
            found[row] = bits[place, : len(rows[row]) - 1].tolist()
    return found


def measure_excess(documents_, encodings, bits):
    """{kind: (model's bits, source's bits, bytes, stretches)} over marked stretches."""
    totals = defaultdict(lambda: [0.0, 0.0, 0, 0])
    for document, encoding, own in zip(documents_, encodings, bits):
        charged = {(start, end): cost for start, end, cost in document.pieces}
        starts = {(first, last): mark for mark, (_, first, last) in zip(inside(encoding, document.marks), measure.marked_tokens(encoding, document.marks))}
        for (first, last), (start, end, kind) in starts.items():
            entry = totals[kind]
            entry[0] += sum(own[first - 1 : last - 1])
            entry[1] += charged[start, end]
            entry[2] += len(document.text[start:end].encode())
            entry[3] += 1
    return totals


def inside(encoding, marks):
    """The marks that hold at least one whole token: those that `marked_tokens` answers."""
    return [mark for mark in marks if measure.marked_tokens(encoding, (mark,))]


@torch.no_grad()
def evaluate(model, per_skill, seed):
    """Bits a byte, of the model, the source and the n-grams, per skill and overall; and the excess on determined stretches."""
    grams = n_grams.trained(model.tokenizer, N_GRAM_TEXTS)
    by_skill, excess = {}, {}
    overall = defaultdict(float)
    for skill in SKILLS:
        texts = list(itertools.islice(documents(f"{seed} {skill.name}", ((SHORT_ALIKE, 1),), skill.name), per_skill))
        encodings = model.tokenizer.encode_batch([document.text for document in texts])
        rows = [encoding.ids + [1] for encoding in encodings]
        bits = surprisals(model, rows)
        size = sum(len(document.text.encode()) for document in texts)
        sums = {
            "model": sum(map(sum, bits)),
            "source": source_bits(texts, skill.name),
            **{name: sum(sum(grams.bits(row, order)) for row in rows) for name, order in (("unigram", 1), ("bigram", 2), ("5-gram", 5))},
        }
        for name, value in (*sums.items(), ("bytes", size), ("tokens", sum(map(len, rows)))):
            overall[name] += SHARES[skill.name] * value / len(texts)
        by_skill[skill.name] = {"texts": len(texts), "bytes": size, **{name: round(value / size, 4) for name, value in sums.items()}}
        totals = measure_excess(texts, encodings, bits)
        for kind, (own, source, count, stretches) in totals.items():
            entry = excess.setdefault(kind, {"skill": skill.name, "model": 0.0, "source": 0.0, "bytes": 0, "n": 0})
            entry.update(model=entry["model"] + own, source=entry["source"] + source, bytes=entry["bytes"] + count, n=entry["n"] + stretches)
    per_skill = {}
    for entry in excess.values():
        total = per_skill.setdefault(entry["skill"], [0.0, 0])
        total[0] += entry["model"] - entry["source"]
        total[1] += entry["bytes"]
    for entry in excess.values():
        own, source = entry.pop("model"), entry.pop("source")
        entry.update({"bits a byte": round(own / entry["bytes"], 4), "source": round(source / entry["bytes"], 4), "excess": round((own - source) / entry["bytes"], 4)})
    return {
        "bits a byte, all texts by share": {name: round(overall[name] / overall["bytes"], 4) for name in ("model", "source", "unigram", "bigram", "5-gram")},
        "over the source": round(overall["model"] / overall["source"] - 1, 4),
        "bytes a token": round(overall["bytes"] / overall["tokens"], 3),
        "bits a byte, by skill": by_skill,
        "excess on determined stretches": excess,
        "excess on determined stretches, by skill": {skill: round(bits / size, 4) for skill, (bits, size) in per_skill.items()},
    }
