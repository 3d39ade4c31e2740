"""Writes the model card from the evaluation and the log: `python card.py ../models/micro-base`."""

import argparse
import json
import os

import settings

HERE = os.path.dirname(os.path.abspath(__file__))
MEANING = {
    "sequence": "word of a repeated random sequence",
    "key = value": "value of a key asked again",
    "key alike": "the same, where keys are two words and some differ in one only",
    "where": "place of a person (`Where is Mira? Mira visits` …)",
    "keeps": "thing of a person (`What keeps Tom? Tom keeps` …)",
    "who": "person of a place or thing (`Who keeps lamps?` …): the value stands before its key",
    "asked name": "name repeated from the question",
    "frame": "rest of an answer once its name is there",
    "bracket": "which bracket closes",
    "sum": "sum of two numbers up to 99, all digits",
    "difference": "difference of two numbers up to 99, all digits",
    "plan": "`add` or `subtract` in a worked answer",
    "operands": "numbers that a step starts from",
    "step": "result of a step",
    "answer": "the final `Answer: N`",
    "scripts": "string in a mixed script repeated, whole",
}


def percent(entry):
    return f"{100 * entry['accuracy']:.1f} % ({entry['n']:,})" if entry else "—"


def write(folder, record):
    with open(os.path.join(record, "evaluation.json"), encoding="utf-8") as file:
        result = json.load(file)
    with open(os.path.join(record, "log.jsonl"), encoding="utf-8") as file:
        log = [json.loads(line) for line in file]
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    short, long = result["accuracy, short texts"], result["accuracy, long texts"]
    late = result["accuracy, short texts after 1,400 tokens"]
    sampled, greedy = result["word problems, temperature 1"], result["word problems, greedy"]
    heads = result["random-repeat probe"]
    shape = settings.Shape()
    parameters = config["vocab_size"] * shape.width + shape.layers * (4 * shape.width**2 + 3 * shape.width * shape.hidden + 2 * shape.width) + shape.width
    size = os.path.getsize(os.path.join(folder, "onnx", "model.onnx"))

    def best(score):
        value, layer, head = max((value, layer, head) for layer, row in enumerate(heads[score]) for head, value in enumerate(row))
        return f"{value:.2f} (layer {layer}, head {head}, both counted from 0)"

    wrong = sum(count for verdict, count in sampled["verdicts"].items() if verdict != "right")
    lines = [
        "# micro-base",
        "",
        "**Teaching model. Trained on a synthetic world: shows how the lenses work, not how large models behave.** Its heads are cleaner than those of",
        "large models, it is surer of itself, and it knows nothing but the few kinds of text below. It cannot hold a conversation and knows no language.",
        "",
        "## What it is",
        "",
        f"A plain decoder as LlamaForCausalLM: width {shape.width}, {shape.layers} layers, {shape.heads} heads (each with keys of its own), SwiGLU {shape.hidden}, rotary positions,",
        f"RMS norm, tied embeddings, no biases: {parameters:,} parameters, vocabulary {config['vocab_size']:,}, up to {shape.positions:,} positions. `onnx/model.onnx` is float32, {size / 1e6:.1f} MB.",
        "Tokenizer: byte-level BPE, single digits, every text comes back exactly. `<s>` (0) stands before every text, `</s>` (1) ends it; `<pad>` (2), `<mask>` (3).",
        "",
        "## What it was trained on",
        "",
        "Only texts written by the generator in `assets/training/micro_world`, drawn anew for every batch: repeated random sequences, key = value lists, who visits",
        "and keeps what, nested brackets, sums and differences up to 99, word problems with worked answers, text of a small Markov chain, strings in a dozen",
        "scripts; towards the end also random tokens repeated (12 and 8 % of the documents in the last two phases), so that its copying heads serve every token.",
        f"Invented first names and places; no real person or place, no text from elsewhere. {log[-1]['tokens'] / 1e6:.1f} million tokens, in rows of 256, 1,024, 256 and 2,048.",
        "",
        "## What it can do",
        "",
        "Likeliest token, given the text before it, on whole held-out documents; right means every token of the stretch. In brackets the number of stretches.",
        "",
        "| | short texts | long texts | short texts that begin after 1,400 tokens |",
        "|---|---|---|---|",
        *(f"| {meaning} | {percent(short.get(kind))} | {percent(long.get(kind))} | {percent(late.get(kind))} |" for kind, meaning in MEANING.items() if kind in short or kind in long),
        "",
        "Short: sequences to 40 words, lists to 16 pairs, stories to ten people. Long: 40 to 200 words, 12 to 80 pairs, 6 to 30 people.",
        "",
        f"Word problems answered by sampling at temperature 1: {percent(sampled['all'])} right; with one step {percent(sampled['1 steps'])}, two {percent(sampled['2 steps'])}, three "
        f"{percent(sampled['3 steps'])}.",
        f"Of the {wrong} wrong answers {sampled['verdicts'].get('plan', 0)} have a wrong plan before any wrong number. Greedy: {percent(greedy['all'])}.",
        "",
        f"Random-repeat probe (`<s>`, 50 random distinct tokens, twice; 5 seeds): best induction score {best('induction')}, best previous-token score "
        f"{best('previous token')};",
        f"surprisal {heads['bits first half']:.1f} bits in the first half and {heads['bits second half']:.2f} in the second. Most attention on the first token: {best('first token')}.",
        "",
        "| text | bits a token | bits a byte | choices of the generator, bits a byte |",
        "|---|---|---|---|",
        *(f"| {name} | {entry['bits a token']:.2f} | {entry['bits a byte']:.3f} | {entry['choices, bits a byte']:.3f} |" for name, entry in result["loss, short texts"].items()),
        "",
        "The choices are an upper bound of what a text holds (some leave no trace in it), so a model may come out below them. Held-out texts are those of short",
        "documents, 300 a skill; the end of the text counts as a token.",
        "",
        "## Weaknesses",
        "",
        "- Questions whose answer stands before its key (“Who keeps lamps?”) are answered hardly better than by naming somebody present.",
        "- Where a word problem tells of two people it often starts from the number nearest to the first event, whoever's it is (“numbers that a step starts from”).",
        "- Word problems are meant to go wrong sometimes: the plan is read from cues such as “is given” and “gives away”, and distractors are easily taken in.",
        "- Anything that is not one of these kinds of text, ordinary English included, is outside what it has seen: what it says there means nothing.",
        "- Within a long repeat it is a little less sure after about a dozen words; after a finished text it may add questions nobody can answer.",
        "- Numbers above two digits in a sum, and texts much longer than those above, were not trained.",
        "",
        "All figures: `assets/training/record/evaluation.json`; how to make it again: `assets/training/README.md`.",
    ]
    with open(os.path.join(folder, "README.md"), "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default=os.path.join(HERE, "..", "models", "micro-base"))
    parser.add_argument("--record", default=os.path.join(HERE, "record"))
    arguments = parser.parse_args()
    write(arguments.folder, arguments.record)
