"""The released rule for critical tokens, and where the first wrong number stands."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import worked_answers


class Stub:
    """Each token is a piece of text."""

    def decode(self, tokens):
        return "".join(tokens)


class Critical(unittest.TestCase):
    def test_first_zero_that_never_recovers(self):
        self.assertEqual(worked_answers.critical_position([60, 50, 0, 2, 3, 0]), 2)

    def test_a_zero_that_recovers_is_given_up(self):
        self.assertEqual(worked_answers.critical_position([60, 0, 9, 0, 0]), 3)
        self.assertEqual(worked_answers.critical_position([60, 0, 9, 8, 7]), 1)
        self.assertIsNone(worked_answers.critical_position([60, 50, 9, 8, 7]))

    def test_first_wrong_number(self):
        problem = {"steps": [[14, "subtract", 5, 9]], "answer": 9}
        wrong = [" So", " we", " add", ".", " ", "1", "4", " +", " ", "5", " =", " ", "1", "9", ".", " Answer", ":", " ", "1", "9", "."]
        self.assertEqual(worked_answers.first_wrong_number(Stub(), wrong, problem), 12)
        mended = [" ", "1", "4", " -", " ", "5", " =", " ", "8", ".", " No", ":", " ", "9", ".", " Answer", ":", " ", "9", "."]
        self.assertIsNone(worked_answers.first_wrong_number(Stub(), mended, problem))


if __name__ == "__main__":
    unittest.main()
