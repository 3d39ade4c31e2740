"""Trains one model: `python train.py micro-base [--work work]`. Stops and resumes at any time; batches depend on seed and step alone."""

import argparse
import json
import os
import tempfile
import time

import torch
import torch.distributed as together
import torch.multiprocessing

import measure
import objectives
import settings
import tokenizer as family_tokenizer
from micro_world import token_sequences
from micro_world.choices import Choices
from micro_world.levels import SHORT_ALIKE
from micro_world.registry import documents
from model import Transformer
from optimiser import Muon

CHECKED = ("sequences", "key values", "names", "stories", "brackets", "sums", "word problems", "mazes", "code")


def batch(tokenizer, seed, phase, step):
    """Rows of packed documents `<s> text </s>`, a pure function of seed, phase and step: nothing to restore on resuming."""
    needed = phase.rows * phase.length + 1
    stream = documents(f"{seed} {phase.name} {step}", phase.levels, shares=phase.shares)
    extra = Choices(f"{seed} {phase.name} {step} tokens")
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


class Run:
    """A training run: model, optimisers and where it stands; `save` and `resume` keep all of it in one file."""

    def __init__(self, plan, vocabulary, folder):
        self.plan, self.folder = plan, folder
        self.model = Transformer(plan.shape, vocabulary).start(plan.seed)
        self.optimisers = make_optimisers(self.model)
        self.state = {"phase": 0, "step": 0, "tokens": 0, "seconds": 0.0, "phase_seconds": 0.0}
        self.checkpoint = os.path.join(folder, "checkpoint.pt")
        if os.path.exists(self.checkpoint):
            saved = torch.load(self.checkpoint)
            self.model.load_state_dict(saved["model"])
            for optimiser, kept in zip(self.optimisers, saved["optimisers"]):
                optimiser.load_state_dict(kept)
            self.state = saved["state"]

    def save(self):
        kept = [optimiser.state_dict() for optimiser in self.optimisers]
        torch.save({"model": self.model.state_dict(), "optimisers": kept, "state": self.state}, self.checkpoint + ".new")
        os.replace(self.checkpoint + ".new", self.checkpoint)

    def learn(self, loss, processes):
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        if processes > 1:
            average([parameter.grad for parameter in self.model.parameters()], processes)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.GRADIENT_NORM)
        for optimiser in self.optimisers:
            optimiser.step()


def average(gradients, processes):
    flat = torch.cat([gradient.view(-1) for gradient in gradients])
    together.all_reduce(flat)
    flat /= processes
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()


def agreed(value, processes):
    """The first process's value, so that all of them end a phase at the same step."""
    if processes == 1:
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    together.broadcast(shared, 0)
    return shared.item()


@torch.no_grad()
def check(model, tokenizer, vocabulary):
    """What the log says of a model that goes on with a text: accuracy on determined stretches and its best heads."""
    scores = measure.accuracy(model, tokenizer, SHORT_ALIKE, 24, "check", CHECKED)
    heads = measure.probe(model, vocabulary, seeds=2)
    return {
        "induction": round(max(map(max, heads["induction"])), 3), "previous": round(max(map(max, heads["previous token"])), 3),
        "accuracy": {kind: round(right / n, 3) for kind, (right, n) in sorted(scores.items())},
    }


def load_teacher(plan, work, vocabulary):
    teacher = Transformer(settings.MODELS[plan.teacher].shape, vocabulary).eval()
    teacher.load_state_dict(torch.load(os.path.join(work, plan.teacher, "checkpoint.pt"))["model"])
    return teacher


def make_objective(run, plan, phase, work, vocabulary, compiled):
    if phase.name == "distilled":
        objective = objectives.Distilled(run.model, vocabulary, load_teacher(plan, work, vocabulary))
    else:
        objective = objectives.Objective(run.model, vocabulary)
    return torch.compile(objective, dynamic=False) if compiled else objective


def train(rank, plan, work, compiled, processes, meeting):
    """One of `processes` that each take their share of the rows of every batch; the first one keeps checkpoint and log."""
    torch.set_num_threads(max(1, settings.THREADS // processes))
    if processes > 1:
        together.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=processes)
    tokenizer = family_tokenizer.load(work)
    vocabulary = tokenizer.get_vocab_size()
    folder = os.path.join(work, plan.name)
    os.makedirs(folder, exist_ok=True)
    run = Run(plan, vocabulary, folder)
    begun, objective = None, None
    log = open(os.path.join(folder, "log.jsonl") if rank == 0 else os.devnull, "a", buffering=1)
    say = print if rank == 0 else lambda *_, **__: None
    say(f"{plan.name}: {sum(p.numel() for p in run.model.parameters())} parameters, vocabulary {vocabulary}", flush=True)
    state, window, losses = run.state, time.time(), []
    while state["phase"] < len(plan.phases):
        phase = plan.phases[state["phase"]]
        steps = phase.tokens // (phase.rows * phase.length)
        progress = max(state["step"] / steps, agreed(state["phase_seconds"], processes) / 60 / phase.minutes)
        if progress >= 1:
            state.update(phase=state["phase"] + 1, step=0, phase_seconds=0.0)
            if rank == 0:
                run.save()
            continue
        began = time.time()
        set_rate(run.optimisers, rate(phase, state["phase"] == 0, state["step"], progress))
        inputs, targets = batch(tokenizer, plan.seed, phase, state["step"])
        if not plan.shape.causal:
            inputs, targets = objectives.hide(inputs, plan.seed * 1_000_000 + state["step"], vocabulary)
        if begun is not phase:
            begun, objective = phase, make_objective(run, plan, phase, work, vocabulary, compiled)
        loss = objective(inputs[rank::processes].contiguous(), targets[rank::processes].contiguous())
        run.learn(loss, processes)
        state["step"] += 1
        state["tokens"] += inputs.numel()
        losses.append(loss.item())
        if state["step"] % settings.CHECK_EVERY == 0:
            line = {
                "phase": phase.name, "step": state["step"], "tokens": state["tokens"], "loss": round(sum(losses) / len(losses), 4),
                "rate": round(run.optimisers[1].param_groups[0]["lr"], 6), "tokens_a_second": round(len(losses) * inputs.numel() / (time.time() - window)),
            }
            if plan.shape.causal and rank == 0:
                run.model.eval()
                line.update(check(run.model, tokenizer, vocabulary))
                run.model.train()
            log.write(json.dumps(line) + "\n")
            say(json.dumps(line), flush=True)
            window, losses = time.time(), []
        took = time.time() - began
        state["seconds"] += took
        state["phase_seconds"] += took
        if state["step"] % settings.SAVE_EVERY == 0 and rank == 0:
            run.save()
    if rank == 0:
        run.save()
    log.write(json.dumps({"phase": "end", "tokens": state["tokens"], "minutes": round(state["seconds"] / 60, 1)}) + "\n")
    say(f"done: {state['tokens']} tokens in {state['seconds'] / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=settings.MODELS)
    parser.add_argument("--work", default="work", help="folder for the tokenizer, checkpoints and logs")
    parser.add_argument("--eager", action="store_true", help="without torch.compile (which needs a C++ compiler and is 1.6 times as fast)")
    parser.add_argument("--processes", type=int, default=settings.THREADS, help="each with its share of the rows and the threads")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shared = (settings.MODELS[arguments.model], arguments.work, not arguments.eager, arguments.processes, os.path.join(folder, "meeting"))
        if arguments.processes > 1:
            torch.multiprocessing.spawn(train, shared, nprocs=arguments.processes)
        else:
            train(0, *shared)
