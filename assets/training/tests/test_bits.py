"""What a text costs, against values from by hand: choices one by one, and whole texts of three skills read back from the text alone."""

import math
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from micro_world.choices import Choices
from micro_world.levels import SHORT_ALIKE
from micro_world.registry import write_document
from micro_world.skills.key_values import KEYS
from micro_world.words import PLAIN

SEEDS = 300


def fixed(*points):
    """Choices whose draws are these points of [0, 1)."""
    choices = Choices(0)
    choices._uniform = iter(points).__next__
    return choices


class OfChoices(unittest.TestCase):
    def test_weighted(self):
        for point, item, bits in ((0.1, "a", math.log2(4 / 3)), (0.9, "b", 2.0)):
            choices = fixed(point)
            self.assertEqual(choices.weighted(("a", "b"), (3, 1)), item)
            self.assertAlmostEqual(choices.bits, bits)

    def test_chance(self):
        for point, hit, bits in ((0.1, True, 2.0), (0.9, False, math.log2(4 / 3))):
            choices = fixed(point)
            self.assertEqual(choices.chance(0.25), hit)
            self.assertAlmostEqual(choices.bits, bits)
        self.assertTrue(fixed().chance(1))
        self.assertFalse(fixed().chance(0))

    def test_equally_likely_ones(self):
        choices = fixed(0.0, 0.5, 0.99)
        self.assertEqual(choices.distinct("abc", 3), ["a", "c", "b"])
        self.assertAlmostEqual(choices.bits, math.log2(3 * 2 * 1))
        choices = fixed(0.99)
        self.assertEqual(choices.between(3, 10), 10)
        self.assertAlmostEqual(choices.bits, 3.0)

    def test_a_count_is_uniform_however_it_ends(self):
        for count in range(2, 6):
            choices = fixed(*[0.0] * (count - 2), 0.999)
            done = 0
            while choices.goes_on(done, 2, 5):
                done += 1
            self.assertEqual(done, count)
            self.assertAlmostEqual(choices.bits, 2.0)


class OfTexts(unittest.TestCase):
    """The cost of a text by the documented shares alone."""

    def texts(self, skill):
        for seed in range(SEEDS):
            document = write_document(Choices(f"bits {seed}"), SHORT_ALIKE, skill)
            yield document, document.text

    def test_sums(self):
        for document, text in self.texts("sums"):
            found = re.findall(r"(\d+) ([+-]) (\d+) = (\d+)\.", text)
            bits = math.log2(5)  # two to six
            for first, sign, _, _ in found:
                bits += math.log2(99) + (math.log2(99 / 0.7) if sign == "+" else math.log2(int(first) / 0.3))
            self.assertAlmostEqual(document.bits, bits, msg=text)

    def test_dates(self):
        steps = {"Daily": 1, "Every second day": 2, "Weekly": 7}
        for document, text in self.texts("dates"):
            kind = text.split(":")[0]
            if kind == "Monthly":
                bits = math.log2(12 / 0.4) + math.log2(10)  # three to twelve
            else:
                bits = math.log2(3 / 0.6) + math.log2(365 - 6 * steps[kind]) + math.log2(4)  # three to six
            self.assertAlmostEqual(document.bits, bits, msg=text)

    def test_brackets(self):
        for document, text in self.texts("brackets"):
            bits, depth = 0.0, 0
            for sign in text.split(" ")[1:]:
                kind = "open" if sign in "([{<“«" else "close" if sign in ")]}>”»" else "end" if sign == "." else "word"
                shares = ({"open": 0.6, "word": 0.25, "end": 0.15} if depth == 0 else
                          {"word": 0.3, "close": 0.7} if depth == 4 else {"open": 0.3, "word": 0.22, "close": 0.48})
                bits -= math.log2(shares[kind])
                bits += {"open": math.log2(6), "word": math.log2(len(PLAIN))}.get(kind, 0.0)
                depth += {"open": 1, "close": -1}.get(kind, 0)
            self.assertAlmostEqual(document.bits, bits, msg=text)

    def test_a_list_of_pairs(self):
        """Pairs alone, as their kind is sure from the text: distinct keys and values, then which are asked, and from which side."""
        checked = 0
        for document, text in self.texts("key values"):
            if not text.startswith("pairs:"):
                continue
            head, *questions = text.removeprefix("pairs: ").removesuffix(".").split(". ")
            count = len(head.split(", "))
            asked = len(questions)
            bits = math.log2(1 / 0.3) + math.log2(14)  # which kind; three to sixteen pairs
            bits += sum(math.log2(len(KEYS) - place) + math.log2(len(PLAIN) - place) for place in range(count))
            bits += math.log2(min(8, count)) + sum(math.log2(count - place) for place in range(asked)) + asked  # from either side: a bit
            self.assertAlmostEqual(document.bits, bits, msg=text)
            checked += 1
        self.assertGreater(checked, 30)


class OfMarks(unittest.TestCase):
    def test_causes_are_the_words_themselves(self):
        for seed in range(SEEDS):
            document = write_document(Choices(seed), SHORT_ALIKE, "key values")
            details, text = document.details, document.text
            key, value, asked = sorted(details["causes"])
            words = [text[start:end] for start, end in (key, value, asked)]
            self.assertEqual(text[key[1] : value[0]], " | " if text.startswith("|") else " = ")
            self.assertIn(text[key[0] - 1], " ")
            self.assertIn(text[value[1]], " ,.")
            self.assertEqual(words[2], words[1] if details["kind"] == "reversed" else words[0])
            self.assertEqual(details["answer"], " " + (words[0] if details["kind"] == "reversed" else words[1]))

    def test_what_takes_a_wrong_result_back_is_marked(self):
        marked = 0
        for seed in range(SEEDS):
            document = write_document(Choices(seed), SHORT_ALIKE, "word problems")
            places = [match.span() for match in re.finditer(r" No:", document.text)]
            self.assertEqual([(start, end) for start, end, kind in document.marks if kind == "correction"], places)
            marked += len(places)
        self.assertGreater(marked, 10)


if __name__ == "__main__":
    unittest.main()
