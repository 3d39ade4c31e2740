"""What a run rests on: every batch is a function of seed, phase and step, and settings name what there is."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import settings
from micro_world.registry import BY_NAME

try:
    from tokenizers import Tokenizer

    import train
except ImportError:  # the generator alone needs neither
    train = None

HERE = os.path.dirname(os.path.abspath(__file__))


class Settings(unittest.TestCase):
    def test_phases_have_names_of_their_own(self):
        """Two phases of one name would draw the same text twice."""
        for model in settings.MODELS.values():
            names = [phase.name for phase in model.phases]
            self.assertEqual(len(names), len(set(names)))

    def test_shares_are_of_skills(self):
        for model in settings.MODELS.values():
            for phase in model.phases:
                self.assertLessEqual({skill for skill, _ in phase.shares}, set(BY_NAME), phase.name)
                self.assertAlmostEqual(sum(share for _, share in phase.levels), 1, msg=phase.name)

    def test_draft_costs_about_a_tenth(self):
        """Multiplications for one token, the head included; the embedding is a look-up. The README says these ratios."""
        def cost(shape, context, vocabulary=1832):
            weights = 4 * shape.width**2 + 3 * shape.width * shape.hidden
            return shape.layers * (weights + 2 * shape.width * context) + vocabulary * shape.width

        base, draft = (settings.MODELS[name].shape for name in ("micro-base", "micro-draft"))
        for context, ratio in ((0, 0.098), (256, 0.104), (2048, 0.117)):
            self.assertAlmostEqual(cost(draft, context) / cost(base, context), ratio, places=3)

    @unittest.skipIf(train is None, "needs torch and tokenizers")
    def test_batches_depend_on_seed_phase_and_step_alone(self):
        tokenizer = Tokenizer.from_file(os.path.join(HERE, "..", "..", "models", "micro-base", "tokenizer.json"))
        phase = settings.BASE_PHASES[2]
        inputs, targets = train.batch(tokenizer, 7, phase, 5)
        self.assertEqual(tuple(inputs.shape), (phase.rows, phase.length))
        self.assertTrue((inputs[:, 1:] == targets[:, :-1]).all())
        again, _ = train.batch(tokenizer, 7, phase, 5)
        self.assertTrue((inputs == again).all())
        for seed, step in ((7, 6), (8, 5)):
            self.assertFalse((inputs == train.batch(tokenizer, seed, phase, step)[0]).all())


if __name__ == "__main__":
    unittest.main()
