"""Makes the whole family from nothing: tokenizer, training, export, checks, evaluation, cards. One command: `python make.py`.

It may be stopped at any time and goes on from where it was: training from its checkpoints, the rest step by step (`work/done.json`).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FAMILY = ("micro-base", "micro-draft", "micro-mlm", "micro-positive", "micro-negative")


def steps(work, out, record):
    """(name, command) in order. micro-base comes first: the draft learns from it, and two others are made of it."""
    script = lambda name, *rest: (name, *rest)
    for name in ("micro-base", "micro-draft", "micro-mlm"):
        yield f"train {name}", script("train.py", name, "--work", work)
        yield f"export {name}", script("export.py", name, "--work", work, "--out", out)
    yield "contrast", script("contrast.py", "--work", work, "--out", out)
    yield "quantize", script("quantize.py", os.path.join(out, "micro-base"))
    yield "verify", script("verify.py", *(os.path.join(out, name) for name in FAMILY))
    yield "evaluate", script("evaluate.py", out, "--record", os.path.join(record, "evaluation.json"))
    yield "bars", script("bars.py", os.path.join(record, "evaluation.json"), "--out", os.path.join(record, "bars.md"))
    yield "evaluation sets", script("evaluation_sets.py", "--out", os.path.join(out, "..", "evaluation"))
    yield "cards", script("card.py", out, "--record", record)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default=os.path.join(HERE, "work"), help="checkpoints; training resumes from here")
    parser.add_argument("--out", default=os.path.join(HERE, "..", "models"))
    parser.add_argument("--record", default=os.path.join(HERE, "record"))
    arguments = parser.parse_args()
    work, out, record = map(os.path.abspath, (arguments.work, arguments.out, arguments.record))
    os.makedirs(work, exist_ok=True)
    os.makedirs(record, exist_ok=True)
    path = os.path.join(work, "done.json")
    done = json.load(open(path)) if os.path.exists(path) else []
    for name, (script, *rest) in steps(work, out, record):
        if name in done:
            continue
        print(f"== {name}", flush=True)
        if name == "cards":
            keep_logs(work, record)
        subprocess.run([sys.executable, os.path.join(HERE, script), *rest], check=True, cwd=HERE)
        done.append(name)
        with open(path, "w") as file:
            json.dump(done, file)


def keep_logs(work, record):
    for name in ("micro-base", "micro-draft", "micro-mlm"):
        shutil.copyfile(os.path.join(work, name, "log.jsonl"), os.path.join(record, f"{name}.log.jsonl"))
    shutil.copyfile(os.path.join(work, "contrast.json"), os.path.join(record, "contrast.json"))


if __name__ == "__main__":
    main()
