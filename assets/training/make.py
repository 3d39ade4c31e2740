"""Makes micro-base from nothing: tokenizer, training, export, checks, evaluation. One command: `python make.py`."""

import argparse
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default=os.path.join(HERE, "work"), help="checkpoints; training resumes from here")
    parser.add_argument("--out", default=os.path.join(HERE, "..", "models", "micro-base"))
    arguments = parser.parse_args()
    record = os.path.join(HERE, "record")
    os.makedirs(record, exist_ok=True)
    steps = (
        ("train.py", "--work", arguments.work),
        ("export.py", "--work", arguments.work, "--out", arguments.out),
        ("verify.py", arguments.out),
        ("evaluate.py", arguments.out, "--out", os.path.join(record, "evaluation.json")),
    )
    for script, *rest in steps:
        subprocess.run([sys.executable, os.path.join(HERE, script), *rest], check=True, cwd=HERE)
    shutil.copyfile(os.path.join(arguments.work, "log.jsonl"), os.path.join(record, "log.jsonl"))
    subprocess.run([sys.executable, os.path.join(HERE, "card.py"), arguments.out, "--record", record], check=True)
