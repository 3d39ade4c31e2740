"""How well micro-mlm fills in what is hidden, beside what the most frequent token alone would get."""

import itertools
from collections import Counter

import torch

import measure
from intervals import share
from micro_world.levels import SHORT_ALIKE
from micro_world.registry import documents

MASK = 3
EVERY = 7  # one token in so many is hidden at once


@torch.no_grad()
def evaluate(model, count=400, seed="held out masked"):
    """Accuracy on whole documents, each seven times, with every seventh token hidden and another first one."""
    texts = list(itertools.islice(documents(seed, ((SHORT_ALIKE, 1),)), count))
    encodings = model.tokenizer.encode_batch([document.text for document in texts])
    rows = [encoding.ids + [1] for encoding in encodings]
    frequent = Counter(token for row in rows for token in row[1:-1])
    commonest = frequent.most_common(1)[0][0]
    right = total = plain = marked_right = marked = 0
    in_marks = [{place for _, first, last in measure.marked_tokens(encoding, document.marks) for place in range(first, last)} for encoding, document in zip(encodings, texts)]
    for offset in range(EVERY):
        hidden = [[MASK if place and place % EVERY == offset and place < len(row) - 1 else token for place, token in enumerate(row)] for row in rows]
        for chosen, padded in measure.batches(hidden):
            best = model(padded).argmax(-1)
            for place, row in enumerate(chosen):
                for at in range(1, len(rows[row]) - 1):
                    if at % EVERY != offset:
                        continue
                    hit = int(best[place, at]) == rows[row][at]
                    total, right, plain = total + 1, right + hit, plain + (rows[row][at] == commonest)
                    if at in in_marks[row]:
                        marked, marked_right = marked + 1, marked_right + hit
    return {"all tokens": share(right, total), "tokens of determined stretches": share(marked_right, marked), "commonest token": share(plain, total), "texts": count}
