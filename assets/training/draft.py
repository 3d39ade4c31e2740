"""How well micro-draft foresees micro-base: what a draft is for.

Where both give a token probability p and q, speculative sampling keeps a drafted token with probability Σ min(p, q). A chain of four is
drafted token by token from the draft itself; what counts is how many of the drafted tokens are kept before the first that is not.
"""

import itertools

import numpy as np
import torch

import entropy
import measure
from micro_world.levels import SHORT_ALIKE
from micro_world.registry import SKILLS, documents

CHAIN = 4


def texts_by_share(seed, count):
    """Held-out documents as they come, without random sequences."""
    stream = (document for document in documents(seed, ((SHORT_ALIKE, 1),)) if document.skill not in entropy.RANDOM)
    return list(itertools.islice(stream, count))


@torch.no_grad()
def overlap(base, draft, count, seed):
    """Mean Σ min(p, q) over all positions, overall and per skill."""
    some = texts_by_share(seed, count)
    rows = [ids + [1] for ids in base.encode(document.text for document in some)]
    sums = {skill.name: [0.0, 0] for skill in SKILLS}
    for chosen, padded in measure.batches(rows):
        common = torch.minimum(base(padded).softmax(-1), draft(padded).softmax(-1)).sum(-1)
        for place, row in enumerate(chosen):
            entry = sums[some[row].skill]
            entry[0] += common[place, : len(rows[row]) - 1].sum().item()
            entry[1] += len(rows[row]) - 1
    total, positions = (sum(entry[part] for entry in sums.values()) for part in (0, 1))
    by_skill = {name: round(value / n, 4) for name, (value, n) in sums.items() if n}
    return {"mean": round(total / positions, 4), "texts": count, "positions": positions, "by skill": by_skill}


@torch.no_grad()
def chains(base, draft, count, seed):
    """Accepted per drafted token of chains of four at temperature 1, each begun at a random place of a held-out text."""
    random = np.random.default_rng(7)
    rows = [ids + [1] for ids in base.encode(document.text for document in texts_by_share(seed, count))]
    accepted = reached = drafted = 0
    for row in rows:
        cut = int(random.integers(1, len(row)))
        prefix = row[:cut]
        chain = list(prefix)
        chances = []
        for _ in range(CHAIN):
            chances.append(softmax(draft.run([chain])[0][0, -1]))
            chain.append(int(random.choice(len(chances[-1]), p=chances[-1])))
            if chain[-1] == 1:
                break
        wanted = base.run([chain])[0][0]
        drafted += len(chances)
        for place, chance in enumerate(chances):
            token = chain[cut + place]
            p = softmax(wanted[cut + place - 1])[token]
            reached += 1
            if random.random() >= min(1.0, p / chance[token]):
                break
            accepted += 1
    return {"accepted per drafted": round(accepted / drafted, 4), "accepted per reached": round(accepted / reached, 4), "chains": len(rows), "drafted": drafted}


def softmax(logits):
    logits = logits.astype(np.float64)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def evaluate(base, draft, count=600, seed="held out draft"):
    return {"sum of min(p, q)": overlap(base, draft, count, seed), "chains of four": chains(base, draft, count, seed)}
