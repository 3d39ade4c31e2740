"""The skills of the micro-world and how often each is drawn.

The shares are by documents drawn, in per cent. Dense copying (sequences, lists, names) comes first: without it no induction
head forms at this size.
"""

from dataclasses import dataclass
from typing import Callable

from micro_world.choices import Choices
from micro_world.page import Document, Page
from micro_world.skills import (
    brackets, code, dates, key_values, markov, mazes, names, number_words, scripts, sequences, stories, sums, word_problems,
)


@dataclass(frozen=True)
class Skill:
    name: str
    share: float  # per cent of the documents
    write: Callable  # (choices, page, level) -> None


SKILLS = (
    Skill("sequences", 14, sequences.write),
    Skill("key values", 20, key_values.write),
    Skill("names", 18, names.write),
    Skill("stories", 4, stories.write),
    Skill("brackets", 8, brackets.write),
    Skill("sums", 6, sums.write),
    Skill("number words", 3, number_words.write),
    Skill("word problems", 15, word_problems.write),
    Skill("dates", 2, dates.write),
    Skill("code", 3, code.write),
    Skill("mazes", 3, mazes.write),
    Skill("scripts", 3, scripts.write),
    Skill("markov", 1, markov.write),
)

BY_NAME = {skill.name: skill for skill in SKILLS}


def write_document(choices, level, skill=None, shares=()):
    """One document: a skill drawn by share (or the one named), and a text of it."""
    changed = dict(shares)
    weights = [changed.get(one.name, one.share) for one in SKILLS]
    chosen = BY_NAME[skill] if skill else choices.weighted(SKILLS, weights)
    # Every skill begins with words of its own, so that which one it is is paid for by its opening; a judge of one skill leaves it out.
    before = choices.bits
    page = Page(choices)
    chosen.write(choices, page, level)
    return Document(chosen.name, page.text, tuple(page.marks), choices.bits - before, tuple(page.pieces), page.details)


def documents(seed, levels, skill=None, shares=()):
    """An endless stream of documents; `levels` is ((level, share), …), `shares` replaces some of the registry's."""
    choices = Choices(seed)
    kinds, level_shares = zip(*levels)
    while True:
        level = kinds[0] if len(kinds) == 1 else choices.weighted(kinds, level_shares)
        yield write_document(choices, level, skill, shares)
