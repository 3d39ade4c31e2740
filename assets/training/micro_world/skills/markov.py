"""Text of a small Markov chain: its entropy is known and no copying helps."""

import random

from micro_world.words import PLAIN

WEIGHTS = (0.6, 0.25, 0.15)


def _chain():
    """The chain is part of the world, so it does not depend on the seed of a run."""
    source = random.Random(1)
    states = source.sample(PLAIN, 40)
    return states, {state: source.sample(states, len(WEIGHTS)) for state in states}


STATES, SUCCESSORS = _chain()


def write(choices, page, level):
    state = choices.pick(STATES)
    page.add("walk: " + state)
    for _ in range(choices.between(10, 40)):
        state = choices.weighted(SUCCESSORS[state], WEIGHTS)
        page.add(" " + state)
    page.add(".")
