"""Makes the whole family from nothing: tokenizer, training, export, checks, evaluation, cards. One command: `python make.py`.

It may be stopped at any time and goes on from where it was: training from its checkpoints, the rest step by step (`work/done.json`).
`python make.py --smoke` goes through all of it in some minutes, a step a phase, and leaves what it makes in `work/smoke`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FAMILY = ("micro-base", "micro-draft", "micro-mlm", "micro-positive", "micro-negative")


SMALL = ("--texts", "5", "--problems", "40", "--contrast-problems", "20", "--critical", "1", "--int8-texts", "3")


def steps(work, out, record, smoke=False):
    """(name, command) in order. micro-base comes first: the draft learns from it, and two others are made of it."""
    script = lambda name, *rest: (name, *rest)
    sets = os.path.join(out, "..", "evaluation")
    for name in ("micro-base", "micro-draft", "micro-mlm"):
        yield f"train {name}", script("train.py", name, "--work", work, *(("--eager", "--processes", "1") if smoke else ()))
        yield f"export {name}", script("export.py", name, "--work", work, "--out", out)
    yield "contrast", script("contrast.py", "--work", work, "--out", out)
    yield "quantize", script("quantize.py", os.path.join(out, "micro-base"))
    yield "verify", script("verify.py", *(os.path.join(out, name) for name in FAMILY))
    yield "evaluation sets", script("evaluation_sets.py", "--out", sets, "--work", work)
    yield "evaluate", script("evaluate.py", out, "--record", os.path.join(record, "evaluation.json"), "--sets", sets, "--work", work, *(SMALL if smoke else ()))
    yield "bars", script("bars.py", os.path.join(record, "evaluation.json"), "--out", os.path.join(record, "bars.md"))
    yield "cards", script("card.py", out, "--record", record)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", help="checkpoints; training resumes from here")
    parser.add_argument("--out", help="folder of the model folders; evaluation sets go beside it")
    parser.add_argument("--record", help="folder of logs and evaluation")
    parser.add_argument("--smoke", action="store_true", help="every stage, as short as it can be")
    arguments = parser.parse_args()
    smoke = os.path.join(HERE, "work", "smoke")
    usual = (smoke, os.path.join(smoke, "models"), os.path.join(smoke, "record")) if arguments.smoke else (os.path.join(HERE, "work"), os.path.join(HERE, "..", "models"), os.path.join(HERE, "record"))
    work, out, record = (os.path.abspath(given or own) for given, own in zip((arguments.work, arguments.out, arguments.record), usual))
    if arguments.smoke:
        os.environ["TOKENSCOPE_SMOKE"] = "1"
    os.makedirs(work, exist_ok=True)
    os.makedirs(record, exist_ok=True)
    path = os.path.join(work, "done.json")
    done = json.load(open(path)) if os.path.exists(path) else []
    for name, (script, *rest) in steps(work, out, record, arguments.smoke):
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
    earlier = os.path.join(record, "earlier-generator.json")  # of the shipped run alone
    if os.path.exists(earlier):
        os.remove(earlier)
    for name in ("micro-base", "micro-draft", "micro-mlm"):
        shutil.copyfile(os.path.join(work, name, "log.jsonl"), os.path.join(record, f"{name}.log.jsonl"))
    shutil.copyfile(os.path.join(work, "contrast.json"), os.path.join(record, "contrast.json"))


if __name__ == "__main__":
    main()
