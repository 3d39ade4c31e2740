"""Measures a shipped folder: `python evaluate.py ../models/micro-base --out record/evaluation.json`.

Everything but the head probe goes through onnxruntime and the shipped files; the probe needs attention weights, which the file does
not hand out, so it reads the weights from the same file into the trainer's model.
"""

import argparse
import collections
import itertools
import json
import math
import re
import time

import torch

import measure
import settings
from export import read_weights
from micro_world.levels import LONG, SHORT_ALIKE
from micro_world.registry import SKILLS, documents
from model import Decoder
from runtime import Folder

HELD_OUT = "held out"  # seeds of training texts begin with the number of the run, so no text is drawn from the same stream
PLAN = re.compile(r"(?:So|Then) we (add|subtract)\.")
ANSWER = re.compile(r"Answer: (\d+)\.")


def interval(right, n):
    """Wilson 95 % interval."""
    if n == 0:
        return [0.0, 1.0]
    z, p = 1.96, right / n
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [round(max(0.0, middle - spread) / (1 + z * z / n), 4), round(min(1.0, (middle + spread) / (1 + z * z / n)), 4)]


def share(right, n):
    return {"accuracy": round(right / n, 4) if n else None, "right": right, "n": n, "interval": interval(right, n)}


def losses(shipped, per_skill):
    """Bits a token (end included) and bits a byte, per skill, beside the bits of the generator's choices.

    The choices are an upper bound of the text's own information: some (a home that no sentence names) leave no trace.
    """
    found = {}
    for skill in SKILLS:
        texts = list(itertools.islice(documents(f"{HELD_OUT} loss {skill.name}", ((SHORT_ALIKE, 1),), skill.name), per_skill))
        rows = [encoding.ids + [1] for encoding in shipped.tokenizer.encode_batch([document.text for document in texts])]
        bits = tokens = 0.0
        for chosen, padded in measure.batches(rows):
            surprisal = -shipped(padded)[:, :-1].log_softmax(-1).gather(-1, padded[:, 1:, None])[..., 0] / math.log(2)
            for place, row in enumerate(chosen):
                bits += surprisal[place, : len(rows[row]) - 1].sum().item()
                tokens += len(rows[row]) - 1
        size = sum(len(document.text.encode()) for document in texts)
        found[skill.name] = {
            "texts": len(texts), "bits a token": round(bits / tokens, 4), "bits a byte": round(bits / size, 4),
            "choices, bits a byte": round(sum(document.bits for document in texts) / size, 4),
        }
    return found


def late(shipped, per_skill, start=1400):
    """Accuracy on documents that begin about `start` tokens into the row, after other documents."""
    right, total = collections.Counter(), collections.Counter()
    for skill in ("sequences", "key values", "names", "sums"):
        before = documents(f"{HELD_OUT} before {skill}", ((SHORT_ALIKE, 1),))
        for document in itertools.islice(documents(f"{HELD_OUT} late {skill}", ((SHORT_ALIKE, 1),), skill), per_skill):
            row = []
            while len(row) < start:
                row += shipped.tokenizer.encode(next(before).text).ids + [1]
            encoding = shipped.tokenizer.encode(document.text)
            tokens = torch.tensor([row + encoding.ids])[:, : settings.Shape.positions]
            best = shipped(tokens).argmax(-1)
            for kind, first, end in measure.marked_tokens(encoding, document.marks):
                first, end = first + len(row), end + len(row)
                if end <= tokens.shape[1]:
                    total[kind] += 1
                    right[kind] += bool((best[0, first - 1 : end - 1] == tokens[0, first:end]).all())
    return {kind: share(right[kind], total[kind]) for kind in sorted(total)}


def judge(problem, continuation):
    """'right', or what went wrong first: 'plan', 'number', or 'unparsed'."""
    answer = ANSWER.search(continuation)
    if not answer:
        return "unparsed"
    if int(answer.group(1)) == problem["answer"]:
        return "right"
    plans = PLAN.findall(continuation)
    running = problem["start"]
    for place, (wanted, number) in enumerate(zip(problem["operations"], problem["numbers"])):
        if place >= len(plans) or plans[place] != wanted:
            return "plan"
        parts = PLAN.split(continuation)[2 * place + 2]
        results = re.findall(r"\d+(?=\.)", parts)
        after = running + number if wanted == "add" else running - number
        if not parts.strip().startswith(f"{running} {'+' if wanted == 'add' else '-'} {number} =") or not results or int(results[min(len(results) - 1, 1 if 'No:' in parts else 0)]) != after:
            return "number"
        running = after
    return "plan"  # a step too many


def word_problems(shipped, count, temperature):
    problems = [document.details for document in itertools.islice(documents(f"{HELD_OUT} problems", ((SHORT_ALIKE, 1),), "word problems"), count)]
    verdicts = []
    for start in range(0, count, 100):
        some = problems[start : start + 100]
        made = shipped.sample([problem["prompt"] for problem in some], 120, temperature, seed=start)
        verdicts += [judge(problem, text) for problem, text in zip(some, made)]
    result = {"all": share(verdicts.count("right"), count), "verdicts": dict(collections.Counter(verdicts))}
    for steps in (1, 2, 3):
        some = [verdict for verdict, problem in zip(verdicts, problems) if len(problem["operations"]) == steps]
        result[f"{steps} steps"] = share(some.count("right"), len(some))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default="../models/micro-base")
    parser.add_argument("--out")
    parser.add_argument("--texts", type=int, default=300, help="texts per skill")
    parser.add_argument("--problems", type=int, default=600)
    arguments = parser.parse_args()
    began = time.time()
    torch.set_num_threads(settings.THREADS)
    shipped = Folder(arguments.folder)
    trainer = Decoder(settings.Shape(), shipped.vocabulary)
    trainer.load_state_dict(read_weights(shipped.path, settings.Shape()))
    names = [skill.name for skill in SKILLS]

    def skills(level, label):
        scores = measure.accuracy(shipped, shipped.tokenizer, level, arguments.texts, f"{HELD_OUT} {label}", names)
        return {kind: share(*pair) for kind, pair in sorted(scores.items())}

    heads = measure.probe(trainer, shipped.vocabulary)
    rounded = lambda table: [[round(value, 3) for value in row] for row in table]
    report = {
        "accuracy, short texts": skills(SHORT_ALIKE, "short"),
        "accuracy, long texts": skills(LONG, "long"),
        "accuracy, short texts after 1,400 tokens": late(shipped, max(1, arguments.texts // 6)),
        "loss, short texts": losses(shipped, arguments.texts),
        "random-repeat probe": {key: rounded(value) if isinstance(value, list) else round(value, 3) for key, value in heads.items()},
        "word problems, temperature 1": word_problems(shipped, arguments.problems, 1.0),
        "word problems, greedy": word_problems(shipped, arguments.problems, 0.0),
    }
    text = json.dumps(report, indent=1, ensure_ascii=False)
    print(text)
    print(f"{time.time() - began:.0f} s")
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8", newline="\n") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
