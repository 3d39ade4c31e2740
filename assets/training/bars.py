"""What the family has to reach and what it does: `python bars.py [record/evaluation.json] [--out record/bars.md]` writes a table, with how much each figure
rests on."""

import argparse
import json
import os

from card_tables import COLUMNS, best_head

HERE = os.path.dirname(os.path.abspath(__file__))
LEAST = {"induction": 95, "key–value retrieval": 95, "named-entity recall": 95, "the reversed question alone": 95, "brackets": 98, "two-digit addition": 90}
PROBLEMS = "word problems, temperature 1"
EXCESS = 0.05


def percent(entry):
    if not entry["n"]:
        return "—"
    return f"{100 * entry['share']:.1f} % ({100 * entry['interval'][0]:.1f} to {100 * entry['interval'][1]:.1f})"


def reaches(entry, least):
    return bool(entry["n"]) and entry["share"] >= least / 100


def accuracy_bars(base):
    """Every group on every column; and what the columns hide, letter strings that are no words."""
    for column in COLUMNS:
        for label, entry in base[f"asked for, {column}"].items():
            least = LEAST[label]
            yield f"{label}, {column}", f"≥ {least} %", percent(entry), f"{entry['n']:,} in {entry['texts']} texts", reaches(entry, least)
        strings = base[f"accuracy, {column}"].get("sequence, letter strings")
        if strings:
            yield f"induction, {column}, letter strings alone", "≥ 95 %", percent(strings), f"{strings['n']:,} in {strings['texts']} texts", reaches(strings, 95)


def entropy_bars(base):
    entropy = base["entropy"]
    bits = entropy["bits a byte, all texts by share"]
    texts = f"{sum(entry['texts'] for entry in entropy['bits a byte, by skill'].values()):,} texts"
    yield "bits a byte over the source's entropy", "≤ 10 %", f"{100 * entropy['over the source']:.1f} % ({bits['model']} and {bits['source']})", texts, entropy["over the source"] <= 0.1
    yield "bits a byte beside the 5-gram", "far below", f"{bits['model']} and {bits['5-gram']}", texts, bits["model"] < 0.7 * bits["5-gram"]
    for skill, excess in entropy["excess on determined stretches, by skill"].items():
        stretches = sum(entry["n"] for entry in entropy["excess on determined stretches"].values() if entry["skill"] == skill)
        yield f"excess on what is determined, {skill}", "≤ .05 bits a byte", f"{excess:.4f}", f"{stretches:,} stretches", excess <= EXCESS
    slips = entropy["excess on determined stretches"].get("correction")
    if slips:
        yield "of word problems: `No:` after a wrong result, alone", "≤ .05 bits a byte", f"{slips['excess']:.4f}", f"{slips['n']:,} stretches", slips["excess"] <= EXCESS


def correction_bars(base):
    """Taking a wrong result back is in the text; whether the model does it for the reason for which the text does it."""
    seen = base["foreseeing a correction"]
    wrong, right = (seen[f"after a {kind} result"] for kind in ("wrong", "right"))
    count = f"{wrong['n']:,} and {right['n']:,} results"
    yield "probability of `No` after a wrong result beside a right one", "far above", f"{wrong['mean']:.3f} and {right['mean']:.3f}", count, wrong["mean"] > 5 * right["mean"]
    taken = base[PROBLEMS]["results taken back"]["wrong results that are taken back"]
    yield "own wrong results that are taken back, temperature 1", "most", percent(taken), f"{taken['n']:,} wrong results", reaches(taken, 50)


def head_bars(base):
    for score, key, least in (("induction score", "induction", 0.5), ("previous-token score", "previous token", 0.8)):
        value, where = best_head(base["random-repeat probe"][key])
        yield f"best {score}, random-repeat probe", f"> {least}", f"{value:.3f} ({where})", "5 seeds × 50 tokens", value > least


def problem_bars(base):
    entry = base[PROBLEMS]["all"]
    yield "word problems right, temperature 1", "50 to 85 %", percent(entry), f"{entry['n']:,}", 0.5 <= entry["share"] <= 0.85
    critical = base.get("critical tokens")
    if critical:
        entry = critical["before the first wrong number"]
        yield "critical token before the first wrong number", "≥ 30 %", percent(entry), f"{entry['n']} wrong answers", reaches(entry, 30)


def contrast_bars(report):
    rates = {name: entry["all"] for name, entry in report["worked answers"].items()}
    base = rates["micro-base"]["interval"]
    for name, fits in (("micro-positive", rates["micro-positive"]["interval"][0] > base[1]), ("micro-negative", rates["micro-negative"]["interval"][1] < base[0])):
        yield f"{name} beside micro-base, word problems", "intervals apart", f"{percent(rates[name])} and {percent(rates['micro-base'])}", f"{rates[name]['n']:,}", fits


def draft_bars(draft):
    overlap, chains = draft["sum of min(p, q)"], draft["chains of four"]
    yield "micro-draft, mean Σ min(p, q)", "≥ .75", str(overlap["mean"]), f"{overlap['positions']:,} positions", overlap["mean"] >= 0.75
    yield "micro-draft, accepted per drafted, chains of four", "≥ .6", str(chains["accepted per drafted"]), f"{chains['drafted']:,} drafted", chains["accepted per drafted"] >= 0.6


def masked_bars(masked):
    own, plain = masked["all tokens"], masked["commonest token"]
    yield "micro-mlm, masked tokens", "far above the commonest token", f"{percent(own)} and {percent(plain)}", f"{own['n']:,}", own["share"] > 3 * plain["share"]


def bars(report):
    """(bar, wanted, measured, n, met) for every part of the report that is there."""
    if "micro-base" in report:
        base = report["micro-base"]
        for part in (entropy_bars, accuracy_bars, head_bars, problem_bars, correction_bars):
            yield from part(base)
    for name, part in (("worked answers", lambda _: contrast_bars(report)), ("micro-draft", draft_bars), ("micro-mlm", masked_bars)):
        if name in report:
            yield from part(report[name])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("record", nargs="?", default=os.path.join(HERE, "record", "evaluation.json"))
    parser.add_argument("--out", help="file to write beside printing")
    arguments = parser.parse_args()
    with open(arguments.record, encoding="utf-8") as file:
        found = json.load(file)
    lines = ["| | wanted | measured | n | met |", "|---|---|---|---|---|"]
    lines += [f"| {label} | {wanted} | {measured} | {count} | {'yes' if met else '**no**'} |" for label, wanted, measured, count, met in bars(found)]
    print("\n".join(lines))
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8", newline="\n") as file:
            file.write("# What the family has to reach\n\nWritten by `bars.py` from `evaluation.json`. In brackets 95 % intervals: of\nstretches by resampling whole texts (where all are right, Wilson\'s with the number of texts), else Wilson\'s. What is asked for is asked of short texts;\nlong texts and short ones that begin late in a row are beside it. What is not met is said in the README of `assets/training`.\n\n" + "\n".join(lines) + "\n")
