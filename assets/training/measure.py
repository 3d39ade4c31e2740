"""What a model can do: accuracy on marked stretches of whole documents, and the random-repeat probe of its heads."""

import itertools
from collections import defaultdict

import torch

import settings
from micro_world.registry import documents
from micro_world.skills.brackets import PAIRS


def marked_tokens(encoding, marks):
    """For every mark (kind, first token, end token): the tokens that lie inside the marked characters."""
    found = []
    offsets = encoding.offsets
    place = 1
    for start, end, kind in marks:
        while place < len(offsets) and offsets[place][0] < start:
            place += 1
        last = place
        while last < len(offsets) and offsets[last][1] <= end:
            last += 1
        if last > place:
            found.append((kind, place, last))
    return found


def batches(rows, tokens_a_batch=12_000):
    """Rows sorted by length, padded, in batches of about equal cost."""
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and len(rows[order[end]]) * (end + 1 - start) <= tokens_a_batch:
            end += 1
        chosen = order[start:end]
        width = max(len(rows[row]) for row in chosen)
        padded = torch.full((len(chosen), width), 2)
        for place, row in enumerate(chosen):
            padded[place, : len(rows[row])] = torch.tensor(rows[row])
        yield chosen, padded
        start = end


def closing_token(tokenizer, closer):
    tokens = tokenizer.encode(" " + closer, add_special_tokens=False).ids
    assert len(tokens) == 1, closer
    return tokens[0]


@torch.no_grad()
def accuracy(model, tokenizer, level, per_skill, seed, skills):
    """{kind: (right, n)} over marks; a mark is right when every token of it is the likeliest one, given the text before it.

    Whole documents, one a row, begin token first: on packed rows a question whose list was cut off would count as wrong.
    Which bracket closes is judged among the closing brackets, as whether one closes is a free choice.
    """
    texts = []
    for skill in skills:
        texts += list(itertools.islice(documents(f"{seed} {skill}", ((level, 1),), skill), per_skill))
    encodings = tokenizer.encode_batch([document.text for document in texts])
    closers = torch.tensor([closing_token(tokenizer, closer) for _, closer in PAIRS])
    right, total = defaultdict(int), defaultdict(int)
    for chosen, padded in batches([encoding.ids for encoding in encodings]):
        logits = model(padded)
        best = logits.argmax(-1)
        best_closer = closers[logits[..., closers].argmax(-1)]
        for place, row in enumerate(chosen):
            for kind, first, end in marked_tokens(encodings[row], texts[row].marks):
                guess = best_closer if kind == "bracket" else best
                total[kind] += 1
                right[kind] += bool((guess[place, first - 1 : end - 1] == padded[place, first:end]).all())
    return {kind: (right[kind], total[kind]) for kind in total}


@torch.no_grad()
def probe(model, vocabulary, seeds=5, half=50):
    """Induction and previous-token score of every head on the random-repeat probe: {score: [layers][heads]}.

    Begin token and `half` random distinct tokens, twice. Induction: mean over the second half of the weight on the token after the
    earlier copy, i.e. A[i, i - half + 1]; previous-token: mean of A[i, i - 1] over i ≥ 2.
    """
    rows = []
    for seed in range(seeds):
        random = torch.Generator().manual_seed(1000 + seed)
        tokens = torch.randperm(vocabulary - len(settings.SPECIAL), generator=random)[:half] + len(settings.SPECIAL)
        rows.append(torch.cat((torch.zeros(1, dtype=torch.long), tokens, tokens)))
    rows = torch.stack(rows)
    logits, every = model(rows, want_weights=True)
    surprisal = -logits.log_softmax(-1)[:, :-1].gather(-1, rows[:, 1:, None])[..., 0] / torch.log(torch.tensor(2.0))
    second = torch.arange(half + 1, 2 * half + 1)
    later = torch.arange(2, 2 * half + 1)
    return {
        "induction": [weights[:, :, second, second - half + 1].mean((0, 2)).tolist() for weights in every],
        "previous token": [weights[:, :, later, later - 1].mean((0, 2)).tolist() for weights in every],
        "first token": [weights[:, :, 1:, 0].mean((0, 2)).tolist() for weights in every],
        "bits first half": surprisal[:, :half].mean().item(),
        "bits second half": surprisal[:, half + 1 :].mean().item(),
    }
