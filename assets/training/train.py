"""Trains micro-base: `python train.py [--work work]`. Stops and resumes at any time; the batches depend on seed and step alone."""

import argparse
import json
import os
import time

import torch
from torch.nn import functional as F

import measure
import settings
import tokenizer as family_tokenizer
from micro_world import token_sequences
from micro_world.choices import Choices
from micro_world.levels import SHORT_ALIKE
from micro_world.registry import documents
from model import Decoder
from optimiser import Muon

CHECKED = ("sequences", "key values", "names", "stories", "brackets", "sums", "word problems", "mazes", "code")


def batch(tokenizer, phase, step):
    """Rows of packed documents `<s> text </s>`, a pure function of seed, phase and step: nothing to restore on resuming."""
    needed = phase.rows * phase.length + 1
    stream = documents(f"{settings.SEED} {phase.name} {step}", phase.levels, shares=phase.shares)
    extra = Choices(f"{settings.SEED} {phase.name} {step} tokens")
    tokens = []
    while len(tokens) < needed:
        texts = [next(stream).text for _ in range(32)]
        for encoding in tokenizer.encode_batch_fast(texts):
            if phase.token_sequences and extra.chance(phase.token_sequences):
                level = extra.weighted(*zip(*phase.levels))
                tokens.append(0)
                tokens += token_sequences.draw(extra, tokenizer.get_vocab_size(), len(settings.SPECIAL), level)
            else:
                tokens += encoding.ids
            tokens.append(1)
    row = torch.tensor(tokens[:needed])
    return row[:-1].view(phase.rows, phase.length), row[1:].view(phase.rows, phase.length)


def rate(phase, first_phase, step, progress):
    value = phase.rate
    if progress > phase.constant:
        value += (phase.rate_end - phase.rate) * (progress - phase.constant) / (1 - phase.constant)
    return value * min(1.0, (step + 1) / settings.WARM_UP_STEPS) if first_phase else value


def make_optimisers(model):
    """Muon for the matrices of the layers; AdamW for the embedding, and for the gains without decay."""
    matrices = [p for name, p in model.named_parameters() if p.dim() > 1 and "embed" not in name]
    embeddings = [p for name, p in model.named_parameters() if "embed" in name]
    gains = [p for p in model.parameters() if p.dim() < 2]
    return (
        Muon(matrices, lr=1e-3, weight_decay=settings.WEIGHT_DECAY),
        torch.optim.AdamW(
            [{"params": embeddings, "weight_decay": settings.WEIGHT_DECAY}, {"params": gains, "weight_decay": 0.0}],
            lr=1e-3, betas=settings.BETAS, fused=True,
        ),
    )


def set_rate(optimisers, value):
    for optimiser, times in zip(optimisers, (settings.MUON_RATE, 1.0)):
        for group in optimiser.param_groups:
            group["lr"] = value * times


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="work", help="folder for the tokenizer, checkpoint and log")
    parser.add_argument("--eager", action="store_true", help="without torch.compile (which needs a C++ compiler and is 1.6 times as fast)")
    arguments = parser.parse_args()
    torch.set_num_threads(settings.THREADS)
    tokenizer = family_tokenizer.load(arguments.work)
    vocabulary = tokenizer.get_vocab_size()
    model = Decoder(settings.Shape(), vocabulary).start(settings.SEED)
    optimisers = make_optimisers(model)
    state = {"phase": 0, "step": 0, "tokens": 0, "seconds": 0.0, "phase_seconds": 0.0}
    checkpoint = os.path.join(arguments.work, "checkpoint.pt")
    if os.path.exists(checkpoint):
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        for optimiser, kept in zip(optimisers, saved["optimisers"]):
            optimiser.load_state_dict(kept)
        state = saved["state"]
    forward = model if arguments.eager else torch.compile(model, dynamic=False)
    log = open(os.path.join(arguments.work, "log.jsonl"), "a", buffering=1)

    def save():
        kept = [optimiser.state_dict() for optimiser in optimisers]
        torch.save({"model": model.state_dict(), "optimisers": kept, "state": state}, checkpoint + ".new")
        os.replace(checkpoint + ".new", checkpoint)

    print(f"{sum(p.numel() for p in model.parameters())} parameters, vocabulary {vocabulary}", flush=True)
    window, window_losses = time.time(), []
    while state["phase"] < len(settings.PHASES):
        phase = settings.PHASES[state["phase"]]
        steps = phase.tokens // (phase.rows * phase.length)
        progress = max(state["step"] / steps, state["phase_seconds"] / 60 / phase.minutes)
        if progress >= 1:
            state.update(phase=state["phase"] + 1, step=0, phase_seconds=0.0)
            save()
            continue
        began = time.time()
        set_rate(optimisers, rate(phase, state["phase"] == 0, state["step"], progress))
        inputs, targets = batch(tokenizer, phase, state["step"])
        loss = F.cross_entropy(forward(inputs).view(-1, vocabulary), targets.reshape(-1))
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.GRADIENT_NORM)
        for optimiser in optimisers:
            optimiser.step()
        state["step"] += 1
        state["tokens"] += inputs.numel()
        window_losses.append(loss.item())
        if state["step"] % settings.CHECK_EVERY == 0:
            model.eval()
            scores = measure.accuracy(model, tokenizer, SHORT_ALIKE, 24, "check", CHECKED)
            heads = measure.probe(model, vocabulary, seeds=2)
            line = {
                "phase": phase.name, "step": state["step"], "tokens": state["tokens"], "loss": round(sum(window_losses) / len(window_losses), 4),
                "rate": round(optimisers[1].param_groups[0]["lr"], 6), "tokens_a_second": round(len(window_losses) * inputs.numel() / (time.time() - window)),
                "induction": round(max(map(max, heads["induction"])), 3), "previous": round(max(map(max, heads["previous token"])), 3),
                "accuracy": {kind: round(right / n, 3) for kind, (right, n) in sorted(scores.items())},
            }
            log.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)
            window, window_losses = time.time(), []
            model.train()
        took = time.time() - began
        state["seconds"] += took
        state["phase_seconds"] += took
        if state["step"] % settings.SAVE_EVERY == 0:
            save()
    save()
    log.write(json.dumps({"phase": "end", "tokens": state["tokens"], "minutes": round(state["seconds"] / 60, 1)}) + "\n")
    print(f"done: {state['tokens']} tokens in {state['seconds'] / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
