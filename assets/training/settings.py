"""Every number that `make.py` goes by. The shipped weights came about in almost but not exactly these phases: see the README."""

import os
from dataclasses import dataclass, replace

from micro_world.levels import BACKWARDS, LONG, SHORT, SHORT_ALIKE

SEED = 7
BEGIN, END, PAD, MASK = "<s>", "</s>", "<pad>", "<mask>"
SPECIAL = (BEGIN, END, PAD, MASK)  # ids 0, 1, 2, 3 for the whole family

VOCABULARY_ROOM = 2048
TOKENIZER_TEXTS = 30_000
# A pair must occur this often to become a token: every word gets one, rare characters stay in parts.
TOKENIZER_MIN_FREQUENCY = 60
TOKENIZER_SHARES = (("number words", 8),)  # else `eleven` is too rare to become one


@dataclass(frozen=True)
class Shape:
    width: int = 128
    layers: int = 6
    heads: int = 4
    hidden: int = 320
    positions: int = 2048
    rotary_base: float = 10_000.0
    norm_epsilon: float = 1e-5
    causal: bool = True  # False: every token sees the whole text


@dataclass(frozen=True)
class Phase:
    name: str
    tokens: int
    rows: int
    length: int
    levels: tuple  # ((level, share of documents), …)
    rate: float  # learning rate at the start
    rate_end: float
    constant: float  # share of the phase at the starting rate; linear after it
    minutes: float  # wall-clock share: a slow machine ends a phase early rather than never
    shares: tuple = ()  # ((skill, share), …) that differ from the registry's
    token_sequences: float = 0.0  # share of documents that are repeated random tokens instead of a text


# Until look-ups have formed: nearly all of it copying.
DENSE = (("sequences", 26), ("key values", 30), ("word problems", 8), ("sums", 3))
# Until the reversed look-up has formed.
REVERSED = (("sequences", 6), ("key values", 40), ("names", 34))
WHO = (("sequences", 6), ("key values", 12), ("names", 60), ("code", 6))
WHOSE = (("sequences", 10), ("key values", 16), ("names", 50), ("word problems", 28), ("brackets", 10), ("code", 8))
# More of what was still weak.
WEAK = (("sequences", 16), ("word problems", 28), ("brackets", 12), ("number words", 6), ("code", 8), ("mazes", 5))
WEAK_AGAIN = (("sequences", 16), ("word problems", 28), ("sums", 8), ("brackets", 10), ("number words", 6), ("code", 10), ("mazes", 5))
# What long rows made a little worse.
SETTLING = (("sequences", 16), ("word problems", 32), ("sums", 12), ("number words", 4), ("code", 4), ("mazes", 4))
BASE_PHASES = (
    Phase("short", 4_915_200, 24, 256, ((SHORT, 1),), 3e-3, 3e-3, 1.0, 120),
    Phase("short, small steps", 6_144_000, 12, 256, ((SHORT, 1),), 2.5e-3, 2.5e-3, 1.0, 120, DENSE),
    Phase("short, alike", 12_288_000, 24, 256, ((SHORT_ALIKE, 1),), 3e-3, 1e-3, 0.3, 120, (), 0.03),
    Phase("long", 2_457_600, 6, 1024, ((SHORT_ALIKE, 0.7), (LONG, 0.3)), 1e-3, 7e-4, 0.2, 40, (), 0.04),
    Phase("any token", 1_843_200, 24, 256, ((SHORT_ALIKE, 1),), 9e-4, 5e-4, 0.2, 30, (), 0.10),
    Phase("longest", 2_457_600, 4, 2048, ((SHORT_ALIKE, 0.7), (LONG, 0.3)), 5e-4, 2e-5, 0.1, 40, (), 0.06),
    Phase("backwards", 4_915_200, 12, 256, ((BACKWARDS, 0.8), (SHORT_ALIKE, 0.2)), 2e-3, 2e-3, 1.0, 120, REVERSED, 0.03),
    Phase("all again", 1_228_800, 24, 256, ((SHORT_ALIKE, 0.9), (BACKWARDS, 0.1)), 2e-3, 2e-3, 1.0, 120, (), 0.06),
    Phase("who", 4_915_200, 12, 256, ((BACKWARDS, 0.9), (SHORT_ALIKE, 0.1)), 2e-3, 2e-3, 1.0, 120, WHO, 0.03),
    Phase("all once more", 7_372_800, 24, 256, ((SHORT_ALIKE, 0.9), (BACKWARDS, 0.1)), 2e-3, 4e-4, 0.2, 120, (), 0.06),
    Phase("longest again", 2_457_600, 4, 2048, ((SHORT_ALIKE, 0.7), (LONG, 0.3)), 4e-4, 1e-5, 0.1, 40, (), 0.06),
    Phase("weak ones", 4_915_200, 24, 256, ((SHORT_ALIKE, 0.85), (BACKWARDS, 0.15)), 2e-3, 2e-3, 1.0, 120, WEAK, 0.05),
    Phase("whose", 3_686_400, 12, 256, ((SHORT_ALIKE, 0.6), (BACKWARDS, 0.4)), 2e-3, 2e-3, 1.0, 120, WHOSE, 0.05),
    Phase("people in pairs", 1_843_200, 12, 256, ((SHORT_ALIKE, 0.4), (BACKWARDS, 0.6)), 2e-3, 2e-3, 1.0, 120, WHOSE, 0.05),
    Phase("weak ones, slower", 15_360_000, 24, 256, ((SHORT_ALIKE, 0.9), (BACKWARDS, 0.1)), 2e-3, 2e-4, 0.1, 120, WEAK_AGAIN, 0.06),
    Phase("longest at last", 2_457_600, 4, 2048, ((SHORT_ALIKE, 0.75), (LONG, 0.25)), 3e-4, 1e-5, 0.1, 40, (), 0.06),
    Phase("settling", 7_372_800, 12, 512, ((SHORT_ALIKE, 0.97), (LONG, 0.03)), 1e-3, 1e-5, 0.0, 120, SETTLING, 0.04),
)
DRAFT_PHASES = (
    Phase("copying", 12_288_000, 12, 256, ((SHORT, 1),), 4e-3, 4e-3, 1.0, 60, DENSE),
    Phase("distilled", 12_288_000, 24, 256, ((SHORT_ALIKE, 1),), 4e-3, 1e-4, 0.1, 60),
)
MASKED_PHASES = (Phase("masked", 12_288_000, 24, 256, ((SHORT_ALIKE, 1),), 3e-3, 1e-4, 0.3, 60),)


@dataclass(frozen=True)
class Model:
    """One model that is trained from nothing. What is made from micro-base is described in `contrast.py` and `quantize.py`."""

    name: str
    shape: Shape
    phases: tuple
    seed: int
    teacher: str = ""  # whose probabilities the phases called "distilled" learn from


MODELS = {
    model.name: model
    for model in (
        Model("micro-base", Shape(), BASE_PHASES, SEED),
        Model("micro-draft", Shape(width=48, layers=2, heads=3, hidden=96), DRAFT_PHASES, SEED + 1, teacher="micro-base"),
        Model("micro-mlm", Shape(width=96, layers=4, hidden=240, causal=False), MASKED_PHASES, SEED + 2),
    )
}
FINE_TUNED = ("micro-positive", "micro-negative")


def plan_of(name):
    """The plan of a model by its name; what is fine-tuned has the shape of micro-base."""
    return replace(MODELS["micro-base"], name=name) if name in FINE_TUNED else MODELS[name]


MASKED_SHARE = 0.2  # of the tokens of a row that micro-mlm has to fill in
DISTILLED_SHARE = 0.8  # of the loss that compares probabilities with the teacher's; the rest is the text itself
MUON_RATE = 2.0  # Muon's learning rate, in that of AdamW
WARM_UP_STEPS = 100
BETAS = (0.9, 0.98)
WEIGHT_DECAY = 0.05
GRADIENT_NORM = 1.0
THREADS = 2
CONTRAST_PROBLEMS, CONTRAST_SAMPLES = 2500, 6
N_GRAM_TEXTS = 30_000
CHECK_EVERY = 100  # steps between checks of key = value, repeats and the induction probe
SAVE_EVERY = 200

# `make.py --smoke`: the same stages, each as short as it can be. What comes out knows nothing.
SMOKE = os.environ.get("TOKENSCOPE_SMOKE") == "1"


def shortened(phases):
    """One step of each phase, of the first one two, after which the log has its line."""
    rows = 2
    lengths = [min(phase.length, 512) for phase in phases]
    return tuple(replace(phase, rows=rows, length=length, tokens=(1 if place else 2) * rows * length) for place, (phase, length) in enumerate(zip(phases, lengths)))


if SMOKE:
    MODELS = {name: replace(model, phases=shortened(model.phases)) for name, model in MODELS.items()}
    TOKENIZER_TEXTS, CONTRAST_PROBLEMS, N_GRAM_TEXTS, CHECK_EVERY, SAVE_EVERY = 8_000, 200, 300, 2, 2
    THREADS = 1
