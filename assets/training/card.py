"""Writes the model cards from the evaluation and the logs: `python card.py ../models --record record`."""

import argparse
import json
import os

import settings
from card_tables import accuracy_table, best_head, bits_table, excess_table, figure, problem_line

HERE = os.path.dirname(os.path.abspath(__file__))
TEACHING = "**Teaching model. Trained on a synthetic world: shows how the lenses work, not how large models behave.**"
WORLD = [
    "Only texts written by the generator in `assets/training/micro_world`, drawn anew for every batch: repeated random sequences, key–value lists and tables,",
    "who visits and keeps what, short stories with pronouns, nested brackets and quotation marks, sums and differences up to 99, numbers in words, word problems",
    "with worked answers, dates, small pieces of code, mazes, text of a small Markov chain, strings in a dozen scripts. Invented first names and places; no real",
    "person or place, no text from elsewhere.",
]
MORE = ["", "All figures: `assets/training/record/evaluation.json`; how to make it again: `assets/training/README.md`."]


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return [json.loads(line) for line in file] if parts[-1].endswith("jsonl") else json.load(file)


def parameters(shape, vocabulary):
    layer = 4 * shape.width**2 + 3 * shape.width * shape.hidden + 2 * shape.width
    return vocabulary * shape.width + shape.layers * layer + shape.width


def what_it_is(folder, name):
    shape = settings.plan_of(name).shape
    vocabulary = read(folder, "config.json")["vocab_size"]
    kind = "A plain decoder as LlamaForCausalLM" if shape.causal else "A plain transformer that sees the whole text, as EuroBertForMaskedLM"
    size = os.path.getsize(os.path.join(folder, "onnx", "model.onnx")) / 1e6
    return [
        f"{kind}: width {shape.width}, {shape.layers} layers, {shape.heads} heads (each with keys of its own), SwiGLU {shape.hidden}, rotary positions, RMS norm,",
        f"tied embeddings, no biases: {parameters(shape, vocabulary):,} parameters, vocabulary {vocabulary:,}, up to {shape.positions:,} positions. `onnx/model.onnx` is float32, {size:.1f} MB.",
        "Tokenizer, the same for the whole family: byte-level BPE, single digits, every text comes back exactly. `<s>` (0) stands before every text, `</s>` (1)",
        "ends it; `<pad>` (2), `<mask>` (3).",
    ]


def base_card(folder, report, record):
    base, log = report["micro-base"], read(record, "micro-base.log.jsonl")
    bits, heads = base["entropy"]["bits a byte, all texts by share"], base["random-repeat probe"]
    critical, int8 = base.get("critical tokens"), report.get("micro-base int8")
    sink, where = best_head(heads["first token"])
    lines = [
        "# micro-base", "", TEACHING, "Its heads are cleaner than those of large models, it is surer of itself, and it knows nothing but the few kinds of text below. It cannot hold a",
        "conversation and knows no language.", "", "## What it is", "", *what_it_is(folder, "micro-base"), "", "## What it was trained on", "", *WORLD,
        f"Towards the end also random tokens repeated. {log[-1]['tokens'] / 1e6:.1f} million tokens, in rows of 256 to 2,048.", "",
        "## What it can do", "",
        "Likeliest token, given the text before it, on whole held-out documents; right means every token of the stretch. In brackets the number of stretches.", "",
        *accuracy_table(base), "", "Short: sequences to 40 words, lists to 16 pairs, 14 facts. Long: 40 to 200 words, 12 to 80 pairs, 10 to 45 facts.", "",
        problem_line("Word problems answered by sampling at temperature 1", base["word problems, temperature 1"]), problem_line("Greedy", base["word problems, greedy"]),
    ]
    if critical:
        early = critical["before the first wrong number"]
        lines.append(f"Of {early['n']} wrong answers {figure(early)} have their critical token (released rule, 64 samples) before the first wrong number.")
    lines += [
        "", f"Bits a byte on held-out text: {bits['model']}, where the source itself has {bits['source']} ({100 * base['entropy']['over the source']:.1f} % more); unigram {bits['unigram']},",
        f"bigram {bits['bigram']}, 5-gram {bits['5-gram']}.", "", *bits_table(base["entropy"]), "",
        "On stretches that the text before determines (but for whether a list goes on), in bits a byte over what they hold:", "", *excess_table(base["entropy"]), "",
        "## Its heads", "",
        f"Random-repeat probe (`<s>`, 50 random distinct tokens, twice; 5 seeds): best induction score {best_head(heads['induction'])[0]:.2f} ({best_head(heads['induction'])[1]}), best previous-token",
        f"score {best_head(heads['previous token'])[0]:.2f} ({best_head(heads['previous token'])[1]}); surprisal {heads['bits first half']:.1f} bits in the first half and {heads['bits second half']:.2f} in the second.",
        f"Most attention on the first token: {sink:.2f} ({where}): " + ("it grew a natural sink there." if sink > 0.5 else "it has no natural sink."),
    ]
    if int8:
        lines += [
            "", "## In 8 bits", "",
            f"`onnx/model_int8.onnx` ({int8['bytes'] / 1e6:.1f} MB, dynamic) has the same likeliest token in {figure(int8['same likeliest token'])} of positions; mean divergence {int8['mean divergence, nats']} nats.",
        ]
    lines += [
        "", "## Weaknesses", "",
        "- Word problems are meant to go wrong sometimes: the plan is read from cues such as “is given”, “gives away”, “gets … from”, and distractors are taken in.",
        "- Anything that is not one of these kinds of text, ordinary English included, is outside what it has seen: what it says there means nothing.",
        "- Numbers above two digits in a sum, and texts much longer than those above, were not trained.", *MORE,
    ]
    return lines


def draft_card(folder, report, record):
    draft, log = report["micro-draft"], read(record, "micro-draft.log.jsonl")
    chains, overlap = draft["chains of four"], draft["sum of min(p, q)"]
    return [
        "# micro-draft", "", TEACHING, "The draft model for micro-base: it guesses ahead, micro-base checks.", "", "## What it is", "", *what_it_is(folder, "micro-draft"), "",
        "## What it was trained on", "", *WORLD, f"{log[-1]['tokens'] / 1e6:.1f} million tokens, the last part of them compared with the probabilities of micro-base.", "",
        "## How well it guesses", "",
        f"Mean Σ min(p, q) with micro-base at temperature 1: {overlap['mean']} over {overlap['positions']:,} positions of held-out text without random sequences;",
        f"accepted per drafted token of chains of four: {chains['accepted per drafted']} ({chains['drafted']:,} drafted), accepted per reached: {chains['accepted per reached']}.", "",
        "| text | Σ min(p, q) |", "|---|---|", *(f"| {name} | {value:.2f} |" for name, value in overlap["by skill"].items()), *MORE,
    ]


def masked_card(folder, report, record):
    masked, log = report["micro-mlm"], read(record, "micro-mlm.log.jsonl")
    return [
        "# micro-mlm", "", TEACHING, "It sees a whole text and fills in `<mask>`; it writes nothing.", "", "## What it is", "", *what_it_is(folder, "micro-mlm"), "",
        "## What it was trained on", "", *WORLD, f"{log[-1]['tokens'] / 1e6:.1f} million tokens, up to {200 * settings.MASKED_SHARE:.0f} % of a row hidden.", "", "## What it can do", "",
        f"With every seventh token of a held-out text hidden it names {figure(masked['all tokens'])} of them, on stretches that the rest determines",
        f"{figure(masked['tokens of determined stretches'])}; the commonest token alone would be right in {figure(masked['commonest token'])}.", *MORE,
    ]


def contrast_card(folder, report, record):
    name = os.path.basename(os.path.normpath(folder))
    rates, made = report["worked answers"], read(record, "contrast.json")
    kind = "right" if name == "micro-positive" else "wrong"
    return [
        f"# {name}", "", TEACHING, f"micro-base, fine-tuned on its own sampled *{kind}* worked answers, for contrastive estimation of critical tokens (Lin et al. 2025).", "",
        "## What it is", "", *what_it_is(folder, name), "", "## How it was made", "",
        f"{made['samples a problem']} answers were sampled at temperature 1 for each of {made['problems']:,} word problems and judged by their text; {made[name]['answers learned from']:,} of them were learned from",
        "(one most frequent right answer a problem; wrong answers by falling frequency until half of the wrong samples are covered). All weights were tuned.", "",
        "## What it does", "", "Worked answers sampled at temperature 1 on unseen problems (95 % interval):", "", "| model | right | n |", "|---|---|---|",
        *(f"| {one} | {100 * entry['all']['share']:.1f} % ({100 * entry['all']['interval'][0]:.1f} to {100 * entry['all']['interval'][1]:.1f}) | {entry['all']['n']:,} |" for one, entry in rates.items()), *MORE,
    ]


CARDS = {
    "micro-base": ("micro-base", base_card), "micro-draft": ("micro-draft", draft_card), "micro-mlm": ("micro-mlm", masked_card),
    "micro-positive": ("worked answers", contrast_card), "micro-negative": ("worked answers", contrast_card),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", default=os.path.join(HERE, "..", "models"))
    parser.add_argument("--record", default=os.path.join(HERE, "record"))
    arguments = parser.parse_args()
    report = read(arguments.record, "evaluation.json")
    for name, (part, write) in CARDS.items():
        folder = os.path.join(arguments.out, name)
        if part in report and os.path.isdir(folder):
            with open(os.path.join(folder, "README.md"), "w", encoding="utf-8", newline="\n") as file:
                file.write("\n".join(write(folder, report, arguments.record)) + "\n")
