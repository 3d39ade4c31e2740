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


def accuracy(model, tokenizer, level, per_skill, seed, skills):
    """{kind: (right, n)} over the marks of all texts."""
    counted = accuracy_by_text(model, tokenizer, level, per_skill, seed, skills)
    return {kind: tuple(map(sum, zip(*counts))) for kind, counts in counted.items()}


def kinds_of(document, kind):
    """The kind of a mark, and for a repeated sequence also of what."""
    return (kind, f"{kind}, {document.details['kind']}") if kind == "sequence" else (kind,)


@torch.no_grad()
def accuracy_by_text(model, tokenizer, level, per_skill, seed, skills):
    """{kind: [(right, n) of one text, …]} over marks; a mark is right when every token of it is the likeliest one, given the text before it.

    Whole documents, one a row, begin token first: on packed rows a question whose list was cut off would count as wrong.
    Which bracket closes is judged among the closing brackets, as whether one closes is a free choice.
    """
    texts = []
    for skill in skills:
        texts += list(itertools.islice(documents(f"{seed} {skill}", ((level, 1),), skill), per_skill))
    encodings = tokenizer.encode_batch([document.text for document in texts])
    closers = torch.tensor([closing_token(tokenizer, closer) for _, closer in PAIRS])
    counts = defaultdict(lambda: [[0, 0] for _ in texts])
    for chosen, padded in batches([encoding.ids for encoding in encodings]):
        logits = model(padded)
        best = logits.argmax(-1)
        best_closer = closers[logits[..., closers].argmax(-1)]
        for place, row in enumerate(chosen):
            for kind, first, end in marked_tokens(encodings[row], texts[row].marks):
                guess = best_closer if kind == "bracket" else best
                hit = bool((guess[place, first - 1 : end - 1] == padded[place, first:end]).all())
                for name in kinds_of(texts[row], kind):
                    counts[name][row][0] += hit
                    counts[name][row][1] += 1
    return counts


def induction_places(half):
    """(queries, keys) of the random-repeat probe: each token of the second half, and the token after its earlier copy."""
    second = torch.arange(half + 1, 2 * half + 1)
    return second, second - half + 1


def chance(queries):
    """What a score is where a head looks at all it may see alike: the mean of 1 / (i + 1), for scores of one key a query."""
    return (1 / (queries + 1.0)).mean().item()


@torch.no_grad()
def probe(model, vocabulary, seeds=5, half=50):
    """Induction and previous-token score of every head on the random-repeat probe: {score: [layers][heads]}, and their chance levels.

    Begin token and `half` random distinct tokens, twice. Induction: mean over the second half of the weight on the token after the
    earlier copy, i.e. A[i, i - half + 1]; previous-token: mean of A[i, i - 1] over i ≥ 2; first-token: mean of A[i, 0] over i ≥ 1.
    """
    rows = []
    for seed in range(seeds):
        random = torch.Generator().manual_seed(1000 + seed)
        tokens = torch.randperm(vocabulary - len(settings.SPECIAL), generator=random)[:half] + len(settings.SPECIAL)
        rows.append(torch.cat((torch.zeros(1, dtype=torch.long), tokens, tokens)))
    rows = torch.stack(rows)
    logits, every = model(rows, want_weights=True)
    surprisal = -logits.log_softmax(-1)[:, :-1].gather(-1, rows[:, 1:, None])[..., 0] / torch.log(torch.tensor(2.0))
    second, followed = induction_places(half)
    later, all_but_first = torch.arange(2, 2 * half + 1), torch.arange(1, 2 * half + 1)
    return {
        "induction": [weights[:, :, second, followed].mean((0, 2)).tolist() for weights in every],
        "previous token": [weights[:, :, later, later - 1].mean((0, 2)).tolist() for weights in every],
        "first token": [weights[:, :, 1:, 0].mean((0, 2)).tolist() for weights in every],
        "bits first half": surprisal[:, :half].mean().item(),
        "bits second half": surprisal[:, half + 1 :].mean().item(),
        "chance": {"induction": chance(second), "previous token": chance(later), "first token": chance(all_but_first)},
    }


@torch.no_grad()
def first_token_on_texts(model, tokenizer, level, count, seed):
    """First-token score of every head on texts of the world, the mean over texts, and its chance level: what a sink is worth there.

    On random tokens a head that finds nothing looks at the first one; that says little about texts.
    """
    texts = itertools.islice(documents(seed, ((level, 1),)), count)
    scores, chances, rows = [], [], 0
    for encoding in tokenizer.encode_batch([document.text for document in texts]):
        _, every = model(torch.tensor([encoding.ids]), want_weights=True)
        scores.append(torch.stack([weights[0, :, 1:, 0].mean(1) for weights in every]))
        chances.append(chance(torch.arange(1, len(encoding.ids))))
        rows += len(encoding.ids) - 1
    return {"first token": torch.stack(scores).mean(0).tolist(), "chance": sum(chances) / len(chances), "texts": len(scores), "positions": rows}
