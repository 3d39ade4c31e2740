"""Measures the shipped folders: `python evaluate.py ../models --record record/evaluation.json [--only base]`.

Everything but the head probe goes through onnxruntime and the shipped files; the probe needs attention weights, which the file does
not hand out, so it reads the weights from the same file into the trainer's model.
"""

import argparse
import collections
import itertools
import json
import os
import time

import numpy as np
import torch

import draft
import entropy
import masked
import measure
import settings
import worked_answers
from export import read_weights
from intervals import share
from micro_world.levels import LONG, SHORT_ALIKE
from micro_world.registry import SKILLS, documents
from model import Transformer
from runtime import Folder

HELD_OUT = "held out"  # seeds of training texts begin with the number of the run, so no text is drawn from the same stream
NAMES = [skill.name for skill in SKILLS]


def skills(shipped, level, label, per_skill):
    scores = measure.accuracy(shipped, shipped.tokenizer, level, per_skill, f"{HELD_OUT} {label}", NAMES)
    return {kind: share(*pair) for kind, pair in sorted(scores.items())}


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


def probe(shipped, shape):
    trainer = Transformer(shape, shipped.vocabulary)
    trainer.load_state_dict(read_weights(shipped.path, shape))
    rounded = lambda table: [[round(value, 3) for value in row] for row in table]
    return {key: rounded(value) if isinstance(value, list) else round(value, 3) for key, value in measure.probe(trainer, shipped.vocabulary).items()}


def evaluate_base(out, texts, problems, critical, record):
    shipped = Folder(os.path.join(out, "micro-base"))
    some = worked_answers.problems(f"{HELD_OUT} problems", max(problems, 1000))
    report = {
        "accuracy, short texts": skills(shipped, SHORT_ALIKE, "short", texts),
        "accuracy, long texts": skills(shipped, LONG, "long", max(1, texts // 4)),
        "accuracy, short texts after 1,400 tokens": late(shipped, max(1, texts // 6)),
        "entropy": entropy.evaluate(shipped, texts, f"{HELD_OUT} loss"),
        "random-repeat probe": probe(shipped, settings.Shape()),
        "word problems, temperature 1": worked_answers.evaluate(shipped, some[:problems]),
        "word problems, greedy": worked_answers.evaluate(shipped, some[:problems], 0.0),
    }
    if critical:
        report["critical tokens"], examples = worked_answers.critical_tokens(shipped, worked_answers.problems(f"{HELD_OUT} critical", 12 * critical), critical)
        with open(os.path.join(record, "critical-tokens.jsonl"), "w", encoding="utf-8", newline="\n") as file:
            file.writelines(json.dumps(example) + "\n" for example in examples)
    return report


def evaluate_contrast(out, problems):
    some = worked_answers.problems(f"{HELD_OUT} contrast", problems)
    return {name: worked_answers.evaluate(Folder(os.path.join(out, name)), some) for name in ("micro-positive", "micro-base", "micro-negative")}


def evaluate_int8(out, count=300):
    """How far the 8-bit file is from the float32 one on held-out text."""
    whole, small = (Folder(os.path.join(out, "micro-base"), file) for file in ("model.onnx", "model_int8.onnx"))
    rows = whole.encode(document.text for document in itertools.islice(documents(f"{HELD_OUT} int8", ((SHORT_ALIKE, 1),)), count))
    same = positions = 0
    divergence, furthest = 0.0, 0.0
    for chosen, padded in measure.batches(rows):
        real = (padded != 2).numpy()
        p, q = (torch.log_softmax(model(padded), -1) for model in (whole, small))
        divergence += (p.exp() * (p - q)).sum(-1).numpy()[real].sum()
        furthest = max(furthest, np.abs(p.numpy() - q.numpy()).max(-1)[real].max())
        same += (p.argmax(-1) == q.argmax(-1)).numpy()[real].sum()
        positions += real.sum()
    return {
        "same likeliest token": share(int(same), int(positions)), "mean divergence, nats": round(float(divergence / positions), 5),
        "largest difference of a log-probability": round(float(furthest), 3), "bytes": os.path.getsize(small.path), "bytes float32": os.path.getsize(whole.path),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", default="../models", help="folder of the model folders")
    parser.add_argument("--record", default="record/evaluation.json", help="goes on from what is there")
    parser.add_argument("--only", nargs="*", default=["base", "contrast", "draft", "masked", "int8"])
    parser.add_argument("--texts", type=int, default=300, help="texts per skill")
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--contrast-problems", type=int, default=1500)
    parser.add_argument("--critical", type=int, default=50, help="wrong answers whose critical token is looked for; 64 rollouts a token")
    arguments = parser.parse_args()
    torch.set_num_threads(settings.THREADS)
    folder = os.path.dirname(os.path.abspath(arguments.record))
    os.makedirs(folder, exist_ok=True)
    report = {}
    if os.path.exists(arguments.record):
        with open(arguments.record, encoding="utf-8") as file:
            report = json.load(file)
    parts = {
        "base": ("micro-base", lambda: evaluate_base(arguments.out, arguments.texts, arguments.problems, arguments.critical, folder)),
        "contrast": ("worked answers", lambda: evaluate_contrast(arguments.out, arguments.contrast_problems)),
        "draft": ("micro-draft", lambda: draft.evaluate(Folder(os.path.join(arguments.out, "micro-base")), Folder(os.path.join(arguments.out, "micro-draft")))),
        "masked": ("micro-mlm", lambda: masked.evaluate(Folder(os.path.join(arguments.out, "micro-mlm")))),
        "int8": ("micro-base int8", lambda: evaluate_int8(arguments.out)),
    }
    for part in arguments.only:
        began = time.time()
        name, measure_it = parts[part]
        report[name] = measure_it()
        with open(arguments.record, "w", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
        print(f"{name}: {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
