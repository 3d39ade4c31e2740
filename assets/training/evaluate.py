"""Measures the shipped folders: `python evaluate.py ../models --record record/evaluation.json [--only skills masked …]`.

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
import seen
import settings
import worked_answers
from export import read_weights
from intervals import share, share_by_text
from micro_world.levels import LONG, SHORT_ALIKE
from micro_world.registry import SKILLS, documents
from model import Transformer
from runtime import Folder

HELD_OUT = "held out"  # seeds of training texts begin with the number of the run, so no text is drawn from the same stream
HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = [skill.name for skill in SKILLS]
# What can be measured, and where it stands in the record.
PARTS = {
    "skills": "micro-base", "entropy": "micro-base", "heads": "micro-base", "problems": "micro-base", "critical": "micro-base",
    "sets": "micro-base", "contrast": "worked answers", "draft": "micro-draft", "masked": "micro-mlm", "int8": "micro-base int8", "seen": "held-out texts that training draws",
}
# What is asked for together, and of which kinds of stretch it consists.
GROUPS = {
    "induction": ("sequence",),
    "key–value retrieval": ("key = value", "key alike", "value of key"),
    "named-entity recall": ("where", "keeps", "who", "story place", "story thing"),
    "the reversed question alone": ("who",),
    "brackets": ("bracket",),
    "two-digit addition": ("sum",),
}


def shares(counts):
    """{kind: share} and, of what is asked for together, {group: share}; the kinds of a group may be of several skills, whose texts are others."""
    grouped = {}
    for group, kinds in GROUPS.items():
        rows = [counts[kind] for kind in kinds if kind in counts]
        if rows:
            grouped[group] = share_by_text([(sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)) for pairs in zip(*rows)])
    return {kind: share_by_text(pairs) for kind, pairs in sorted(counts.items())}, grouped


def skills(shipped, level, label, per_skill):
    return shares(measure.accuracy_by_text(shipped, shipped.tokenizer, level, per_skill, f"{HELD_OUT} {label}", NAMES))


LATE = ("sequences", "key values", "names", "sums")


def late(shipped, per_skill, start=1400):
    """Accuracy on documents that begin about `start` tokens into the row, after other documents."""
    counts = collections.defaultdict(lambda: [[0, 0] for _ in range(per_skill * len(LATE))])
    for number, skill in enumerate(LATE):
        before = documents(f"{HELD_OUT} before {skill}", ((SHORT_ALIKE, 1),))
        for place, document in enumerate(itertools.islice(documents(f"{HELD_OUT} late {skill}", ((SHORT_ALIKE, 1),), skill), per_skill)):
            row = []
            while len(row) < start:
                row += shipped.tokenizer.encode(next(before).text).ids + [1]
            encoding = shipped.tokenizer.encode(document.text)
            tokens = torch.tensor([row + encoding.ids])[:, : settings.Shape.positions]
            best = shipped(tokens).argmax(-1)
            for kind, first, end in measure.marked_tokens(encoding, document.marks):
                first, end = first + len(row), end + len(row)
                if end <= tokens.shape[1]:
                    hit = bool((best[0, first - 1 : end - 1] == tokens[0, first:end]).all())
                    for name in measure.kinds_of(document, kind):
                        masked.count_hit(counts[name][number * per_skill + place], hit)
    return shares(counts)


def rounded(found):
    return {key: rounded(value) if isinstance(value, dict) else round_all(value) for key, value in found.items()}


def round_all(value):
    return [round_all(one) for one in value] if isinstance(value, list) else round(value, 3)


def evaluate_skills(out, texts):
    shipped = Folder(os.path.join(out, "micro-base"))
    report = {}
    for name, (by_kind, grouped) in {
        "short texts": skills(shipped, SHORT_ALIKE, "short", texts),
        "long texts": skills(shipped, LONG, "long", max(1, texts // 4)),
        "short texts after 1,400 tokens": late(shipped, max(1, texts // 6)),
    }.items():
        report[f"accuracy, {name}"], report[f"asked for, {name}"] = by_kind, grouped
    return report


def evaluate_heads(out, count=200):
    shipped = Folder(os.path.join(out, "micro-base"))
    trainer = Transformer(settings.Shape(), shipped.vocabulary)
    trainer.load_state_dict(read_weights(shipped.path, settings.Shape()))
    return {
        "random-repeat probe": rounded(measure.probe(trainer, shipped.vocabulary)),
        "first token on texts of the world": rounded(measure.first_token_on_texts(trainer, shipped.tokenizer, SHORT_ALIKE, count, f"{HELD_OUT} heads")),
    }


def evaluate_entropy(out, texts):
    return {"entropy": entropy.evaluate(Folder(os.path.join(out, "micro-base")), texts, f"{HELD_OUT} loss")}


def evaluate_problems(out, problems):
    shipped = Folder(os.path.join(out, "micro-base"))
    some = worked_answers.problems(f"{HELD_OUT} problems", problems)
    return {
        "word problems, temperature 1": worked_answers.evaluate(shipped, some),
        "word problems, greedy": worked_answers.evaluate(shipped, some, 0.0),
        "foreseeing a correction": worked_answers.foresees_correction(shipped, 2 * problems, f"{HELD_OUT} corrections"),
    }


def evaluate_critical(out, critical, record):
    shipped = Folder(os.path.join(out, "micro-base"))
    found, examples = worked_answers.critical_tokens(shipped, worked_answers.problems(f"{HELD_OUT} critical", 12 * critical), critical)
    with open(os.path.join(record, "critical-tokens.jsonl"), "w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(example) + "\n" for example in examples)
    return {"critical tokens": found}


def evaluate_sets(out, folder):
    """How many prompts of `assets/evaluation` are answered by the likeliest tokens, by file and kind. Texts that training draws are not among them."""
    shipped = Folder(os.path.join(out, "micro-base"))
    found = {}
    for file in sorted(name for name in os.listdir(folder) if name.endswith(".jsonl") and name != "word-problems.jsonl"):
        hits = collections.defaultdict(list)
        with open(os.path.join(folder, file), encoding="utf-8") as lines:
            for one in map(json.loads, lines):
                prompt, answer = (shipped.tokenizer.encode(one[part], add_special_tokens=part == "prompt").ids for part in ("prompt", "answer"))
                logits = shipped.run([prompt + answer])[0][0, len(prompt) - 1 : -1]
                if "among" in one:
                    among = [measure.closing_token(shipped.tokenizer, sign.strip()) for sign in one["among"]]
                    hits[one["kind"]].append(among[int(logits[0, among].argmax())] == answer[0])
                else:
                    hits[one["kind"]].append(bool((logits.argmax(-1) == answer).all()))
        found[file.removesuffix(".jsonl")] = {kind: share(sum(right), len(right)) for kind, right in sorted(hits.items())}
    return {"evaluation sets": found}


def evaluate_seen(work, texts):
    """How many of the texts that skills and entropy are measured on stand word for word in the text that training draws."""
    known = seen.load(work)
    found = {}
    for skill in seen.SMALL:
        for label in ("short", "loss"):
            some = itertools.islice(documents(f"{HELD_OUT} {label} {skill}", ((SHORT_ALIKE, 1),), skill), texts)
            hits = [seen.key(skill, document.text) in known for document in some]
            found.setdefault(skill, {})[label] = share(sum(hits), len(hits))
    return found


def evaluate_contrast(out, problems):
    some = worked_answers.problems(f"{HELD_OUT} contrast", problems)
    return {name: worked_answers.evaluate(Folder(os.path.join(out, name)), some) for name in ("micro-positive", "micro-base", "micro-negative")}


def evaluate_int8(out, problems, texts, count=300):
    """How far the 8-bit file is from the float32 one on held-out text."""
    whole, small = (Folder(os.path.join(out, "micro-base"), file) for file in ("model.onnx", "model_int8.onnx"))
    some = worked_answers.problems(f"{HELD_OUT} problems", problems)
    pairs = {"float32": whole, "int8": small}
    by_skill = {name: skills(model, SHORT_ALIKE, "short", texts) for name, model in pairs.items()}
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
        "accuracy, short texts": {name: by_kind for name, (by_kind, _) in by_skill.items()},
        "word problems, temperature 1": {name: worked_answers.evaluate(model, some) for name, model in pairs.items()},
        "largest difference of a log-probability": round(float(furthest), 3), "bytes": os.path.getsize(small.path), "bytes float32": os.path.getsize(whole.path),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", default="../models", help="folder of the model folders")
    parser.add_argument("--record", default="record/evaluation.json", help="goes on from what is there")
    parser.add_argument("--only", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--work", default=os.path.join(HERE, "work"), help="where the training text's hashes are kept")
    parser.add_argument("--sets", default=os.path.join(HERE, "..", "evaluation"), help="folder of the evaluation sets")
    parser.add_argument("--texts", type=int, default=300, help="texts per skill")
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--contrast-problems", type=int, default=1500)
    parser.add_argument("--critical", type=int, default=50, help="wrong answers whose critical token is looked for; 64 rollouts a token")
    parser.add_argument("--int8-texts", type=int, default=100, help="texts per skill on which both files are measured")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # onnxruntime does the work; on busy cores two threads wait for each other
    out, folder = arguments.out, os.path.dirname(os.path.abspath(arguments.record))
    os.makedirs(folder, exist_ok=True)
    model = lambda name: Folder(os.path.join(out, name))
    measures = {
        "skills": lambda: evaluate_skills(out, arguments.texts),
        "entropy": lambda: evaluate_entropy(out, arguments.texts),
        "heads": lambda: evaluate_heads(out),
        "problems": lambda: evaluate_problems(out, arguments.problems),
        "critical": lambda: evaluate_critical(out, arguments.critical, folder),
        "sets": lambda: evaluate_sets(out, arguments.sets),
        "contrast": lambda: evaluate_contrast(out, arguments.contrast_problems),
        "draft": lambda: draft.evaluate(model("micro-base"), model("micro-draft"), 2 * arguments.texts),
        "masked": lambda: masked.evaluate(model("micro-mlm"), 4 * arguments.texts // 3, 2 * arguments.texts // 5),
        "int8": lambda: evaluate_int8(out, arguments.problems, arguments.int8_texts),
        "seen": lambda: evaluate_seen(arguments.work, arguments.texts),
    }
    for part in arguments.only:
        began = time.time()
        found = measures[part]()
        report = read(arguments.record)  # what is there stays, and so does what was measured meanwhile
        report[PARTS[part]] = {**report.get(PARTS[part], {}), **found}
        with open(arguments.record, "w", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
        print(f"{part}: {time.time() - began:.0f} s", flush=True)


def read(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


if __name__ == "__main__":
    main()
