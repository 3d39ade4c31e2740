"""Writes the model cards from the evaluation and the logs: `python card.py ../models --record record`."""

import argparse
import json
import math
import os

import onnx

import n_grams
import settings
from card_tables import MEANING, accuracy_table, best_head, bits_table, excess_table, figure, hidden_table, of_head, problem_line
from entropy import N_GRAM_TEXTS

HERE = os.path.dirname(os.path.abspath(__file__))
TEACHING = "**Teaching model. Trained on a synthetic world: shows how the lenses work, not how large models behave.**"
WORLD = [
    "Only texts written by the generator in `assets/training/micro_world`, drawn anew for every batch: repeated random sequences, key–value lists and tables,",
    "who visits and keeps what, short stories with pronouns, nested brackets and quotation marks, sums and differences up to 99, numbers in words, word problems",
    "with worked answers, dates, small pieces of code, mazes, text of a small Markov chain, strings of ten scripts and emoji. The strings are drawn letter by",
    "letter and mean nothing; a few accented words are as some languages have them, but there is no language in it but the English of these texts. People have",
    "ordinary first names, of nobody in particular; places are invented. Which pronoun somebody has goes by the world's own list, where every second name is a",
    "“she”, not by custom: `Wanda … He`. No text from elsewhere.",
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
    own = parameters(shape, vocabulary)
    others = sum(math.prod(tensor.dims) for tensor in onnx.load(os.path.join(folder, "onnx", "model.onnx")).graph.initializer) - own
    return [
        f"{kind}: width {shape.width}, {shape.layers} layers, {shape.heads} heads (each with keys of its own), SwiGLU {shape.hidden}, rotary positions, RMS norm,",
        f"tied embeddings, no biases: {own:,} parameters, vocabulary {vocabulary:,}, up to {shape.positions:,} positions. {sizes(folder)}",
        f"The file holds {others:,} constants besides, nearly all of them rotary tables, which the list of models counts too.",
        "Tokenizer, the same for the whole family: byte-level BPE, single digits, every text comes back exactly. `<s>` (0) stands before every text, `</s>` (1)",
        "ends it; `<pad>` (2), `<mask>` (3).",
    ]


def sizes(folder):
    named = {"model.onnx": "float32", "model_int8.onnx": "dynamic int8"}
    found = [(name, os.path.join(folder, "onnx", name)) for name in named if os.path.exists(os.path.join(folder, "onnx", name))]
    return ", ".join(f"`onnx/{name}` is {named[name]}, {os.path.getsize(path):,} bytes" for name, path in found) + "."


def earlier_lines(record):
    """What a run of `make.py` has not: text of a generator that was changed meanwhile."""
    path = os.path.join(record, "earlier-generator.json")
    if not os.path.exists(path):
        return []
    return [f"The first {read(path)['tokens'] / 1e6:.1f} million were drawn by an earlier form of the generator, which `assets/training/README.md` describes."]


def seen_lines(report):
    """Where the world is so small that training draws the same texts, and what is right on texts that it does not draw."""
    drawn = report.get("held-out texts that training draws")
    if not drawn:
        return []
    some = sorted(((name, labels["short"]) for name, labels in drawn.items() if labels["short"]["right"]), key=lambda pair: -pair[1]["share"])
    sets = report["micro-base"].get("evaluation sets", {})
    pool = lambda name: (sum(entry["right"] for entry in sets[name].values()), sum(entry["n"] for entry in sets[name].values()))
    lines = [
        "Held out by seed is not held out by content where a world is small: of the short texts measured here these stand word for word in the text that training",
        "draws (as the generator is now; a share of whole texts): " + ", ".join(f"{name} {figure(entry)}" for name, entry in some) + "; of the other skills none.",
        "Single sums and numbers in words are all seen, only the texts around them are new.",
    ]
    if sets:
        right = ", ".join("{} {} of {}".format(name.replace("-", " "), *pool(name)) for name in sets)
        lines += [f"On the prompts of `assets/evaluation`, whose texts training does not draw, it is right in: {right}."]
    return ["", *lines]


def correction_lines(base):
    seen, taken = base.get("foreseeing a correction"), base["word problems, temperature 1"].get("results taken back")
    if not seen or not taken:
        return []
    wrong, right = (seen[f"after a {kind} result"] for kind in ("wrong", "right"))
    return [
        "- **It does not check its results.** In the text a wrong result is always taken back (`= 24. No: 23.`), a right one never. It has learned how often that happens and not when: the",
        f"  probability of ` No` is {wrong['mean']:.3f} after a wrong result ({wrong['n']:,}) and {right['mean']:.3f} after a right one ({right['n']:,}). Of its own wrong results at temperature 1 it takes back",
        f"  {figure(taken['wrong results that are taken back'])}, and {figure(taken['of what is taken back, right before'])} of what it takes back was right. So `No:` says nothing about the result before it.",
    ]


def letter_string_lines(base):
    short, long_ = (base[f"accuracy, {name}"].get("sequence, letter strings") for name in ("short texts", "long texts"))
    words = base["accuracy, long texts"].get("sequence, words")
    if not (short and long_ and words):
        return []
    low, high = (f"{100 * bound:.0f}" for bound in long_["interval"])
    return [
        f"- Long sequences of letter strings that are no words (`F9s 0+ Qaf`) it copies badly: {figure(long_)} in {long_['texts']} long texts (95 %: {low} to {high}), words there {figure(words)}, letter strings",
        f"  in short texts {figure(short)}.",
    ]


def int8_lines(int8):
    """What 8 bits change: the same texts and problems through both files."""
    if not int8:
        return []
    lines = [
        "", "## In 8 bits", "",
        f"`onnx/model_int8.onnx` ({int8['bytes']:,} bytes, dynamic) has the same likeliest token in {figure(int8['same likeliest token'])} of positions (most of the others are free choices of the text); mean",
        f"divergence {int8['mean divergence, nats']} nats, the largest difference of a log-probability {int8['largest difference of a log-probability']:.1f}.",
    ]
    tables, problems = int8.get("accuracy, short texts"), int8.get("word problems, temperature 1")
    if tables:
        whole, small = tables["float32"], tables["int8"]
        changed = [kind for kind in MEANING if kind in whole and whole[kind]["right"] != small[kind]["right"]]
        same = [kind for kind in MEANING if kind in whole and kind not in changed]
        lines += [
            "Right stretches in the same short texts (a third of those above):", "", "| | float32 | int8 |", "|---|---|---|",
            *(f"| {MEANING[kind]} | {figure(whole[kind])} | {figure(small[kind])} |" for kind in changed), "",
            f"The other {len(same)} kinds of stretch are the same in both ({sum(whole[kind]['n'] for kind in same):,} stretches).",
        ]
    if problems:
        lines += [f"Word problems at temperature 1: float32 {figure(problems['float32']['all'])}, int8 {figure(problems['int8']['all'])} right."]
    return lines


def head_lines(base):
    heads, own = base["random-repeat probe"], base.get("first token on texts of the world")
    chance = heads["chance"]
    best = {key: best_head(heads[key]) for key in ("induction", "previous token", "first token")}
    said = lambda key: f"{best[key][1]} {best[key][0]:.2f} (chance {chance[key]:.2f})"
    lines = [
        f"Layers and heads count from 0. Random-repeat probe (`<s>`, 50 random distinct tokens, twice; 5 seeds): best induction score {said('induction')}, best previous-token score",
        f"{said('previous token')}; surprisal {heads['bits first half']:.1f} bits in the first half and {heads['bits second half']:.2f} in the second. Chance is a head that looks at all it may see alike.",
    ]
    if own:
        value, name = best_head(own["first token"])
        sink = f"it has a natural sink there, {name}" if value > 0.5 else "**it has no natural sink on its own texts**"
        lines += [
            f"First-token score on texts of its world ({own['texts']} texts, {own['positions']:,} positions): highest {name} {value:.2f} (chance {own['chance']:.2f}), so {sink}. On random tokens, where most heads find nothing to look",
            f"at, {said('first token')} is highest; the same head has {of_head(own['first token'], best['first token'][1]):.2f} on texts. It rests on the first token where there is nothing to copy.",
        ]
    return lines


def base_card(folder, report, record):
    base, log = report["micro-base"], read(record, "micro-base.log.jsonl")
    bits = base["entropy"]["bits a byte, all texts by share"]
    critical, markov = base.get("critical tokens"), base["entropy"]["bits a byte, by skill"]["markov"]
    lines = [
        "# micro-base", "", TEACHING, "Its heads are cleaner than those of large models, it is surer of itself, and it knows nothing but the few kinds of text below. It cannot hold a",
        "conversation and knows no language.", "", "## What it is", "", *what_it_is(folder, "micro-base"), "", "## What it was trained on", "", *WORLD,
        f"Towards the end also random tokens repeated. {log[-1]['tokens'] / 1e6:.1f} million tokens, in rows of 256 to 2,048.", *earlier_lines(record), "",
        "## What it can do", "",
        "Likeliest token, given the text before it, on whole held-out documents; right means every token of the stretch. In brackets the number of stretches.", "",
        *accuracy_table(base), "", "Short: sequences to 40 words, lists to 16 pairs, 14 facts. Long: 40 to 200 words, 12 to 80 pairs, 10 to 45 facts. Stretches of one text are not",
        "independent; intervals in `assets/training/record/bars.md` are by text.", *seen_lines(report), "",
        problem_line("Word problems answered by sampling at temperature 1", base["word problems, temperature 1"]), problem_line("Greedy", base["word problems, greedy"]),
    ]
    if critical and critical["before the first wrong number"]["n"]:
        early = critical["before the first wrong number"]
        lines.append(f"Of {early['n']} wrong answers {figure(early)} have their critical token (released rule, 64 samples) before the first wrong number.")
    lines += [
        "", f"Bits a byte on held-out text: {bits['model']}, where the source itself has {bits['source']} ({100 * base['entropy']['over the source']:.1f} % more); unigram {bits['unigram']},",
        f"bigram {bits['bigram']}, 5-gram {bits['5-gram']}. The n-grams were counted on {N_GRAM_TEXTS:,} texts ({n_grams.DISCOUNT} absolute discounting); on more of them the 5-gram would be better.", "",
        *bits_table(base["entropy"]), "",
        f"Texts of the Markov chain have nothing to look up: what is left there between the model and the source ({markov['model'] - markov['source']:.3f} bits a byte) is what it did not learn of which words follow which.", "",
        "On stretches that the text before determines (but for whether a list goes on), in bits a byte over what they hold:", "", *excess_table(base["entropy"]), "",
        "## Its heads", "", *head_lines(base), *int8_lines(report.get("micro-base int8")),
        "", "## Weaknesses", "",
        "- Word problems are meant to go wrong sometimes: the plan is read from cues such as “is given”, “gives away”, “gets … from”, and distractors are taken in.",
        *correction_lines(base), *letter_string_lines(base),
        "- Arithmetic that begins after 1,400 tokens goes wrong more often than at the start of a row (table above).",
        "- Anything that is not one of these kinds of text, ordinary English included, is outside what it has seen: what it says there means nothing.",
        "- Numbers above two digits in a sum, and texts much longer than those above, were not trained.", *MORE,
    ]
    return lines


def draft_card(folder, report, record):
    draft, log = report["micro-draft"], read(record, "micro-draft.log.jsonl")
    chains, overlap = draft["chains of four"], draft["sum of min(p, q)"]
    return [
        "# micro-draft", "", TEACHING, "The draft model for micro-base: it guesses ahead, micro-base checks.", "", "## What it is", "", *what_it_is(folder, "micro-draft"), "",
        "## What it was trained on", "", *WORLD, f"{log[-1]['tokens'] / 1e6:.1f} million tokens, the last part of them compared with the probabilities of micro-base, in rows of 256: beyond that nothing was trained.", "",
        "## How well it guesses", "",
        f"Mean Σ min(p, q) with micro-base at temperature 1: {overlap['mean']} over {overlap['positions']:,} positions of held-out text without random sequences;",
        f"accepted per drafted token of chains of four: {chains['accepted per drafted']} ({chains['drafted']:,} drafted), accepted per reached: {chains['accepted per reached']}.", "",
        "| text | Σ min(p, q) |", "|---|---|", *(f"| {name} | {value:.2f} |" for name, value in overlap["by skill"].items()), *MORE,
    ]


def masked_card(folder, report, record):
    masked, log = report["micro-mlm"], read(record, "micro-mlm.log.jsonl")
    length = max(phase.length for phase in settings.MASKED_PHASES)
    lines = [
        "# micro-mlm", "", TEACHING, "It sees a whole text and fills in `<mask>`; it writes nothing.",
        "**It fills in what fits the words nearby and looks nothing up.** Where a word stands once more elsewhere in the text, it does not find it there.", "",
        "## What it is", "", *what_it_is(folder, "micro-mlm"), "",
        "## What it was trained on", "", *WORLD, f"{log[-1]['tokens'] / 1e6:.1f} million tokens, up to {200 * settings.MASKED_SHARE:.0f} % of a row hidden, in rows of {length}. It accepts {settings.Shape().positions:,} positions,",
        f"but beyond {length} tokens nothing was trained: trust it no further.", "", "## What it can do", "",
        f"With every seventh token of a held-out text hidden it names {figure(masked['all tokens'])} of them, on stretches that the rest determines",
        f"{figure(masked['tokens of determined stretches'])}; the commonest token alone would be right in {figure(masked['commonest token'])}.",
    ]
    hidden = masked.get("stretches hidden one at a time")
    if hidden:
        lines += [
            "", "One stretch hidden at a time, all of it, and the whole rest of a short text seen, on both sides. Right means every token of it; intervals are by text.", "",
            *hidden_table(hidden), "",
            "What the neighbours or the form of the text tell is filled in: which name is asked, the rest of a frame, a plan from its sign, a result from the next step or the answer.",
            "What stands elsewhere is not: the repeat of a sequence, the value of a key, who visits or keeps what, a string of a script; nor is arithmetic done.",
            "", "## What it is for", "",
            "It proposes replacements for tokens, where a filler of this kind is what is wanted: it puts another word of the same sort in the place, whereas a model that looks up would put the",
            "original token back wherever the text says it twice, and nothing would have been replaced. It is no model to study look-ups on; micro-base is.",
        ]
    return [*lines, *MORE]


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
