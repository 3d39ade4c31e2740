"""Every skill writes each text by one way only: `python -m unittest discover tests`.

In a world of two or three words the same text comes up again and again; whenever it does, it must have been made by the same choices.
What is proved there holds for the large world, which only has more words.
"""

import importlib
import itertools
import math
import os
import sys
import unittest
from contextlib import ExitStack
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from micro_world.choices import Choices
from micro_world.levels import Level
from micro_world.registry import SKILLS, write_document
from micro_world.skills.scripts import LETTERS

TINY = Level(
    sequence_words=(2, 3), segments=(1, 2), pairs=(1, 3), asked=2, alike=0.4, grid=2, facts=(1, 3), questions=2, forward=0.5, cast=3, sums=(1, 2),
)
WORDS = {
    "names": {"NAMES": ["Mira", "Tom", "Ana"], "PLACES": ["Korvu", "Belto", "Ardun"], "OBJECTS": ["lamps", "keys", "coins"]},
    "stories": {"NAMES": ["Mira", "Tom", "Ana"], "PLACES": ["Korvu", "Belto", "Ardun"], "OBJECTS": ["lamps", "keys", "coins"], "GO": [" goes to"], "DO": [" sees", " buys"], "FEEL": [" is glad."]},
    "key values": {"KEYS": ["river", "amber", "lamps"], "PLAIN": ["river", "amber", "stone"], "OBJECTS": ["lamps", "keys"]},
    "sequences": {"ALL": ["river", "amber", "lamps"], "LETTERS": "ab7"},
    "word problems": {"NAMES": ["Mira", "Tom"], "OBJECTS": ["lamps", "keys"]},
    "brackets": {"PLAIN": ["river", "amber"]},
    "code": {"PLAIN": ["river", "amber", "stone", "cloud"], "VARIABLES": ["a", "b", "c", "d"]},
}
COUNTS = {"scripts": 60_000}
TEXTS = 30_000


class Recorded(Choices):
    """Remembers every choice. Wide ranges of numbers are narrowed to three, so that texts meet."""

    def __init__(self, seed):
        super().__init__(seed)
        self.path = []

    def below(self, count):
        chosen = super().below(count)
        self.path.append(chosen)
        return chosen

    def between(self, low, high):
        return super().between(low, min(high, low + 2))

    def chance(self, probability):
        chosen = super().chance(probability)
        if 0 < probability < 1:
            self.path.append(chosen)
        return chosen

    def weighted(self, items, weights):
        chosen = super().weighted(items, weights)
        self.path.append(list(items).index(chosen))
        return chosen


class OneToOne(unittest.TestCase):
    def check(self, skill):
        module = importlib.import_module("micro_world.skills." + skill.name.replace(" ", "_"))
        with ExitStack() as stack:
            for name, value in WORDS.get(skill.name, {}).items():
                stack.enter_context(mock.patch.object(module, name, value))
            made, twice = {}, 0
            for seed in range(COUNTS.get(skill.name, TEXTS)):
                choices = Recorded(seed)
                document = write_document(choices, TINY, skill.name)
                path = tuple(choices.path)
                twice += document.text in made
                self.assertEqual(made.setdefault(document.text, path), path, document.text)
        self.assertGreater(twice, 50, "texts hardly ever met, so nothing was checked")

    def test_letters_of_scripts_can_be_told_apart(self):
        for name, letters in LETTERS.items():
            self.assertEqual(len(set(letters)), len(letters), name)
            for size in (1, 2, 3) if len(letters) < 30 else (1, 2):
                strings = list(map("".join, itertools.product(letters, repeat=size)))
                self.assertEqual(len(set(strings)), len(strings), name)

    def test_pieces_cover_the_text_and_its_bits(self):
        for skill in SKILLS:
            for seed in range(200):
                document = write_document(Choices(seed), TINY, skill.name)
                self.assertEqual(document.pieces[0][0], 0)
                self.assertEqual(document.pieces[-1][1], len(document.text))
                for (_, end, _), (start, _, _) in zip(document.pieces, document.pieces[1:]):
                    self.assertEqual(end, start)
                spent = sum(bits for _, _, bits in document.pieces)
                self.assertLessEqual(spent, document.bits + 1e-6)
                self.assertFalse(math.isnan(spent))

    def test_marked_stretches_are_charged(self):
        """A mark is one piece, so what it cost is known."""
        for skill in SKILLS:
            document = write_document(Choices(1), TINY, skill.name)
            pieces = {(start, end) for start, end, _ in document.pieces}
            for start, end, _ in document.marks:
                self.assertIn((start, end), pieces)


def add_tests():
    for skill in SKILLS:
        setattr(OneToOne, "test_" + skill.name.replace(" ", "_"), lambda self, skill=skill: self.check(skill))


add_tests()

if __name__ == "__main__":
    unittest.main()
