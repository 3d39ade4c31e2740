"""The measuring itself, on models that are known: one that is always right, and ones whose probabilities are given."""

import inspect
import math
import os
import sys
import unittest
from dataclasses import replace
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import settings
from micro_world.choices import Choices
from micro_world.levels import LONG, SHORT_ALIKE
from micro_world.page import Document
from micro_world.registry import SKILLS, documents, write_document

try:
    import torch
    from tokenizers import Tokenizer

    import contrast
    import draft
    import entropy
    import evaluate
    import evaluation_sets
    import intervals
    import masked
    import measure
    import n_grams
    import seen
    import worked_answers
except ImportError:  # the generator alone needs none of these
    torch = None
else:
    torch.set_num_threads(1)  # on busy cores two wait for each other

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENIZER = os.path.join(HERE, "..", "..", "models", "micro-base", "tokenizer.json")
NAMES = [skill.name for skill in SKILLS]


class Knows:
    """A model that has seen every row. Goes on with the right token (`shift` 1), or fills it in where it is hidden (`shift` 0)."""

    def __init__(self, texts, shift):
        self.tokenizer = Tokenizer.from_file(TOKENIZER)
        self.vocabulary = self.tokenizer.get_vocab_size()
        self.rows = [self.tokenizer.encode(text).ids + [1] for text in texts]
        self.shift = shift

    def true_row(self, given):
        given = [token for token in given.tolist() if token != settings.SPECIAL.index(settings.PAD)]
        for row in self.rows:
            if len(given) <= len(row) and all(a in (b, 3) for a, b in zip(given, row)):
                return row
        raise AssertionError("a row that nobody gave it")

    def __call__(self, rows):
        logits = torch.zeros(*rows.shape, self.vocabulary)
        for line, given in enumerate(rows):
            row = self.true_row(given)
            for place in range(given.shape[0]):
                if place + self.shift < len(row):
                    logits[line, place, row[place + self.shift]] = 9.0
        return logits


def some_texts(seed, skills, level, count):
    return [document.text for skill in skills for _, document in zip(range(count), documents(f"{seed} {skill}", ((level, 1),), skill))]


@unittest.skipIf(torch is None, "needs torch, tokenizers and onnxruntime")
class OnAModelThatIsRight(unittest.TestCase):
    def test_every_stretch_is_right(self):
        for level, count in ((SHORT_ALIKE, 3), (LONG, 1)):
            model = Knows(some_texts("right", NAMES, level, count), 1)
            found = measure.accuracy(model, model.tokenizer, level, count, "right", NAMES)
            self.assertGreater(len(found), 15)
            for kind, (right, n) in found.items():
                self.assertEqual(right, n, kind)

    def test_one_token_late_nothing_is(self):
        model = Knows(some_texts("right", NAMES, SHORT_ALIKE, 3), 2)
        found = measure.accuracy(model, model.tokenizer, SHORT_ALIKE, 3, "right", NAMES)
        self.assertLess(found["sequence"][0], 0.05 * found["sequence"][1])

    def test_what_is_hidden_is_compared_with_what_was_there(self):
        texts = [document.text for _, document in zip(range(6), documents("hidden", ((SHORT_ALIKE, 1),)))]
        found = masked.every_seventh(Knows(texts, 0), 6, "hidden")
        self.assertEqual(found["all tokens"]["share"], 1.0)
        self.assertEqual(found["tokens of determined stretches"]["share"], 1.0)
        self.assertEqual(found["all tokens"]["n"], sum(len(row) - 2 for row in Knows(texts, 0).rows))
        self.assertLess(masked.every_seventh(Knows(texts, 1), 6, "hidden")["all tokens"]["share"], 0.5)

    def test_stretches_are_hidden_one_at_a_time(self):
        model = Knows(some_texts("alone", NAMES, SHORT_ALIKE, 2), 0)
        found = masked.stretches(model, 2, "alone")
        self.assertEqual({entry["share"] for entry in found.values()}, {1.0})
        self.assertEqual(found["pronoun"]["texts"] <= 2, True)


class Given:
    """A model of three tokens with the same probabilities everywhere."""

    def __init__(self, chances):
        self.chances = torch.tensor(chances)

    def encode(self, texts):
        return [[0, 2, 2] for _ in texts]

    def __call__(self, rows):
        return self.chances.log().expand(*rows.shape, len(self.chances))

    def run(self, rows):
        return (self(torch.tensor(rows)).numpy(),)


@unittest.skipIf(torch is None, "needs torch, tokenizers and onnxruntime")
class ByHand(unittest.TestCase):
    def test_overlap_is_the_sum_of_the_smaller_ones(self):
        base, other = Given([0.5, 0.3, 0.2]), Given([0.2, 0.2, 0.6])
        self.assertAlmostEqual(draft.overlap(base, other, 4, "overlap")["mean"], 0.2 + 0.2 + 0.2, places=4)
        # Accepted are as many of the tested ones as both have in common.
        kept = draft.chains(base, other, 3000, "chains")
        self.assertAlmostEqual(kept["accepted per reached"], 0.6, delta=0.04)

    def test_source_bits_charge_for_the_skill(self):
        texts = [Document("sums", "", (), bits, ()) for bits in (10.0, 6.0)]
        self.assertAlmostEqual(sum(skill.share for skill in SKILLS), 100)
        self.assertAlmostEqual(entropy.source_bits(texts, "sequences"), 16 + 2 * math.log2(1 / 0.14))

    def test_induction_is_the_token_after_the_earlier_one(self):
        """A head that looks from each token at what followed its earlier copy, found by comparing tokens."""
        def model(rows, want_weights):
            length = rows.shape[1]
            weights = torch.zeros(len(rows), 3, length, length)
            for line, row in enumerate(rows.tolist()):
                for place in range(1, length):
                    earlier = [at for at in range(1, place) if row[at] == row[place]]
                    weights[line, 0, place, earlier[-1] + 1 if earlier else 0] = 1
                    weights[line, 1, place, place - 1] = 1
                    weights[line, 2, place, : place + 1] = 1 / (place + 1)
            return torch.zeros(*rows.shape, 200), [weights]

        found = measure.probe(model, 200, seeds=2)
        self.assertEqual(found["induction"][0][:2], [1.0, 0.0])
        self.assertAlmostEqual(found["previous token"][0][1], 1.0)
        self.assertAlmostEqual(found["first token"][0][0], 0.5)
        for score in ("induction", "previous token", "first token"):
            self.assertAlmostEqual(found[score][0][2], found["chance"][score], places=6)
        self.assertAlmostEqual(found["chance"]["first token"], sum(1 / (place + 1) for place in range(1, 101)) / 100, places=6)

    def test_right_and_wrong_answers_to_learn_from(self):
        samples = [([5], "right", 12), ([6], "right", 12), ([5], "right", 12), ([7], "sum", 11), ([8], "plan", 3), ([7], "sum", 11), ([9], "unparsed", None)]
        right, wrong = contrast.select([({"prompt": "p"}, samples)])
        self.assertEqual(right, [("p", [5])])
        self.assertEqual(wrong, [("p", [7])])

    def test_results_taken_back(self):
        answers = [
            " So we add. 1 + 2 = 4. No: 3. Then we add. 3 + 2 = 5. Answer: 5.",
            " So we subtract. 9 - 2 = 7. No: 8. Then we add. 8 + 2 = 11. Answer: 11.",
            " So we add. 1 + 2 = 4. No: 5. Answer: 5.",
        ]
        found = {name: (entry["right"], entry["n"]) for name, entry in worked_answers.taken_back(answers).items()}
        self.assertEqual(found, {
            "wrong results": (3, 5), "wrong results that are taken back": (2, 3), "of those, replaced by the right one": (1, 2),
            "right results that are taken back": (1, 2), "of what is taken back, right before": (1, 3),
        })

    def test_a_share_by_text(self):
        found = intervals.share_by_text([(10, 10), (0, 10), (0, 0)])
        self.assertEqual((found["share"], found["n"], found["texts"], found["interval"]), (0.5, 20, 2, [0.0, 1.0]))
        # All right: as sure as two cases, not as twenty.
        self.assertEqual(intervals.share_by_text([(10, 10), (10, 10)])["interval"], intervals.interval(2, 2))
        self.assertEqual(intervals.share_by_text([(0, 10), (0, 10)])["interval"], intervals.interval(0, 2))


@unittest.skipIf(torch is None, "needs torch, tokenizers and onnxruntime")
class HeldOut(unittest.TestCase):
    def test_seeds_of_what_is_measured_begin_as_none_of_training(self):
        """Those of training begin with the number of the run."""
        measured = [evaluate.HELD_OUT, evaluation_sets.SEED, *(
            inspect.signature(function).parameters["seed"].default for function in (draft.evaluate, masked.evaluate, n_grams.trained)
        )]
        for seed in measured:
            self.assertNotRegex(seed, r"^\d")
        for model in settings.MODELS.values():
            self.assertRegex(f"{model.seed} {model.phases[0].name}", r"^\d")

    def test_training_texts_are_known_and_others_not(self):
        phase = replace(settings.BASE_PHASES[0], tokens=2 * 4 * 64, rows=4, length=64)
        plan = replace(settings.MODELS["micro-base"], phases=(phase,))
        known = set(seen.collect(plan).tolist())
        drawn = next(iter(documents(f"{plan.seed} {phase.name} 1", phase.levels, "mazes")))
        self.assertNotIn(seen.key("mazes", drawn.text), known)
        for step in range(2):
            for _, document in zip(range(3), documents(f"{plan.seed} {phase.name} {step}", phase.levels)):
                self.assertEqual(seen.key(document.skill, document.text) in known, document.skill in seen.SMALL)

    def test_sets_leave_out_what_is_known_and_what_comes_twice(self):
        take = lambda known: list(evaluation_sets.entries("mazes", "mazes", evaluation_sets.asked_within, known, 8))
        first = take(set())
        self.assertEqual(len({one["prompt"] for one in first}), 8)
        whole = next(document for document in documents("evaluation mazes", ((SHORT_ALIKE, 1),), "mazes") if document.text.startswith(first[0]["prompt"]))
        self.assertNotIn(first[0]["prompt"], [one["prompt"] for one in take({seen.key("mazes", whole.text)})])

    def test_spans_count_bytes(self):
        self.assertEqual(evaluation_sets.byte_span("“é” x", (4, 5)), [9, 10])
        document = next(document for document in documents("bytes", ((SHORT_ALIKE, 1),), "brackets") if "“ " in document.text and document.marks)
        for one in evaluation_sets.bracketed(document):
            (start, end), = one["causes"]
            self.assertEqual(one["prompt"].encode()[start:end].decode(), {")": "(", "]": "[", "}": "{", ">": "<", "”": "“", "»": "«"}[one["answer"].strip()])


if __name__ == "__main__":
    unittest.main()
