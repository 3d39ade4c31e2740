"""Makes micro-positive and micro-negative: micro-base, fine-tuned on its own sampled right and wrong worked answers.

As in the critical-token paper: many answers are sampled for each problem; the positive model learns the most frequent right one, the
negative model wrong ones by falling frequency until half of the wrong samples are covered, one text for each wrong answer. All weights are
tuned (the paper tunes small adapters, which a model of this size has no use for), on the answer only, not on the problem.
"""

import argparse
import json
import os
from collections import Counter

import torch
from torch.nn import functional as F

import settings
import worked_answers
from export import export, read_weights
from micro_world.word_problem_judge import judge
from model import Transformer
from runtime import Folder

PROBLEMS, SAMPLES = settings.CONTRAST_PROBLEMS, settings.CONTRAST_SAMPLES
COVERED = 0.5
RATE, EPOCHS, ROWS = 3e-4, 2, 32


def sample_answers(base, seed):
    """[(problem, [(tokens, verdict, answer), …])]"""
    problems = worked_answers.problems(f"{seed} contrast", PROBLEMS)
    if settings.SMOKE:
        return [(problem, pretended(base, problem)) for problem in problems]
    found = [(problem, []) for problem in problems]
    for number in range(SAMPLES):
        for (problem, samples), (tokens, text) in zip(found, worked_answers.answer_all(base, problems, 1.0, 500 + number)):
            judged = judge(problem["prompt"], text)
            samples.append((tokens, judged["verdict"], judged.get("answer")))
    return found


def pretended(base, problem):
    """A right and a wrong answer for a model that cannot yet write either."""
    end = settings.SPECIAL.index(settings.END)
    made = lambda answer: base.tokenizer.encode(f" Answer: {answer}.", add_special_tokens=False).ids + [end]
    return [(made(problem["answer"]), "right", problem["answer"]), (made(problem["answer"] + 1), "answer", problem["answer"] + 1)]


def select(found):
    """(right, wrong): [(prompt, tokens)] to learn from."""
    right, wrong = [], []
    for problem, samples in found:
        good = Counter(tuple(tokens) for tokens, verdict, _ in samples if verdict == "right")
        if good:
            right.append((problem["prompt"], list(good.most_common(1)[0][0])))
        bad = Counter(answer for _, verdict, answer in samples if verdict not in ("right", "unparsed"))
        covered = 0
        for answer, count in bad.most_common():
            if covered >= COVERED * sum(bad.values()):
                break
            covered += count
            texts = Counter(tuple(tokens) for tokens, verdict, own in samples if own == answer and verdict not in ("right", "unparsed"))
            wrong.append((problem["prompt"], list(texts.most_common(1)[0][0])))
    return right, wrong


def fine_tune(base, weights, examples, seed):
    model = Transformer(settings.Shape(), base.vocabulary)
    model.load_state_dict(weights)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    random = torch.Generator().manual_seed(seed)
    prompts = base.encode(prompt for prompt, _ in examples)
    steps, step = EPOCHS * (len(examples) // ROWS), 0
    for _ in range(EPOCHS):
        order = torch.randperm(len(examples), generator=random).tolist()
        for start in range(0, len(order) - ROWS + 1, ROWS):
            chosen = order[start : start + ROWS]
            rows = [prompts[place] + examples[place][1] for place in chosen]
            width = max(map(len, rows))
            inputs, targets = torch.full((ROWS, width), 2), torch.full((ROWS, width), -100)
            for line, (place, row) in enumerate(zip(chosen, rows)):
                inputs[line, : len(row)] = torch.tensor(row)
                targets[line, len(prompts[place]) - 1 : len(row) - 1] = torch.tensor(row[len(prompts[place]) :])
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1.0, (step + 1) / 10) * (1 - step / steps)
            loss = F.cross_entropy(model(inputs).view(-1, base.vocabulary), targets.view(-1))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.GRADIENT_NORM)
            optimiser.step()
            step += 1
    return model.state_dict(), round(loss.item(), 4)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="work")
    parser.add_argument("--out", default="../models")
    arguments = parser.parse_args()
    torch.set_num_threads(settings.THREADS)
    base = Folder(os.path.join(arguments.out, "micro-base"))
    weights = read_weights(base.path, settings.Shape())
    found = sample_answers(base, settings.SEED)
    record = {"problems": PROBLEMS, "samples a problem": SAMPLES}
    for name, examples in zip(settings.FINE_TUNED, select(found)):
        plan = settings.plan_of(name)
        tuned, loss = fine_tune(base, weights, examples, settings.SEED)
        export(plan, tuned, arguments.work, arguments.out)
        record[name] = {"answers learned from": len(examples), "last loss": loss}
        print(name, record[name], flush=True)
    with open(os.path.join(arguments.work, "contrast.json"), "w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
