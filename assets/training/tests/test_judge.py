"""The judge of worked answers, on answers that are right by construction and on each way of going wrong."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from micro_world.choices import Choices
from micro_world.levels import SHORT
from micro_world.registry import write_document
from micro_world.word_problem_judge import judge, read_problem

PROMPT = "Mira has 14 coins. Tom finds 4 coins. Mira gives Tom 5 coins. Mira is sent 3 coins. How many coins has Mira?"


class Judge(unittest.TestCase):
    def verdict(self, continuation):
        return judge(PROMPT, continuation)["verdict"]

    def test_what_the_generator_writes_is_right(self):
        for seed in range(3000):
            document = write_document(Choices(seed), SHORT, "word problems")
            prompt = document.details["prompt"]
            found = judge(prompt, document.text[len(prompt):])
            self.assertEqual(found["verdict"], "right", document.text)
            self.assertEqual(found["answer"], document.details["answer"])
            self.assertEqual(read_problem(prompt).events, tuple((move[1], move[2]) for move in document.details["steps"]))

    def test_faults(self):
        cases = {
            "right": " So we subtract. 14 - 5 = 9. Then we add. 9 + 3 = 12. Answer: 12.",
            "plan": " So we add. 14 + 5 = 19. Then we add. 19 + 3 = 22. Answer: 22.",
            "start": " So we subtract. 4 - 5 = 9. Then we add. 9 + 3 = 12. Answer: 12.",
            "number": " So we subtract. 14 - 4 = 10. Then we add. 10 + 3 = 13. Answer: 13.",
            "sum": " So we subtract. 14 - 5 = 8. Then we add. 8 + 3 = 11. Answer: 11.",
            "missing": " So we subtract. 14 - 5 = 9. Answer: 9.",
            "extra": " So we subtract. 14 - 5 = 9. Then we add. 9 + 3 = 12. Then we add. 12 + 4 = 16. Answer: 16.",
            "answer": " So we subtract. 14 - 5 = 9. Then we add. 9 + 3 = 12. Answer: 13.",
            "unparsed": " So we subtract. 14 - 5",
        }
        for wanted, continuation in cases.items():
            self.assertEqual(self.verdict(continuation), wanted)

    def test_a_corrected_result_counts_by_what_replaced_it(self):
        self.assertEqual(self.verdict(" So we subtract. 14 - 5 = 8. No: 9. Then we add. 9 + 3 = 12. Answer: 12."), "right")

    def test_a_true_sum_that_nothing_supports_is_wrong(self):
        self.assertEqual(self.verdict(" So we add. 14 + 4 = 18. Then we subtract. 18 - 5 = 13. Answer: 13."), "plan")
        self.assertEqual(judge(PROMPT, " So we add. 14 + 5 = 19. Answer: 19.")["first wrong"]["at"], 7)

    def test_what_is_no_problem_or_no_number_is_not_parsed(self):
        for prompt in ("", "Hello", "Hello.", "How many?"):
            self.assertEqual(judge(prompt, "")["verdict"], "unparsed")
        right = " So we subtract. 14 - 5 = 9. Then we add. 9 + 3 = 12. Answer: 12."
        for changed in (right.replace("14", "014"), right.replace("14", "١٤"), right.replace("Answer: 12", "Answer: 012"), right + "\n", right + " And"):
            self.assertEqual(self.verdict(changed), "unparsed", changed)
        self.assertIsNone(read_problem(PROMPT.replace("14 coins", "014 coins")))


if __name__ == "__main__":
    unittest.main()
