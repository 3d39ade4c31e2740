"""Unigram, bigram and 5-gram models of tokens, counted on text of the generator: what can be foreseen without looking far back.

Orders are interpolated with absolute discounting (.75), the lowest with the uniform distribution.
"""

import itertools
import math
from collections import Counter, defaultdict

from micro_world.levels import SHORT_ALIKE
from micro_world.registry import documents

DISCOUNT = 0.75


class NGrams:
    def __init__(self, order, vocabulary):
        self.order, self.vocabulary = order, vocabulary
        self.counts = [defaultdict(Counter) for _ in range(order)]  # by length of the context
        self.totals = [Counter() for _ in range(order)]

    def count(self, row):
        for place in range(1, len(row)):
            for length in range(min(self.order, place + 1)):
                context = tuple(row[place - length : place])
                self.counts[length][context][row[place]] += 1
                self.totals[length][context] += 1

    def bits(self, row, order):
        """Bits of every token of a row after the first."""
        made = []
        for place in range(1, len(row)):
            probability = 1 / self.vocabulary
            for length in range(min(order, place + 1)):
                context = tuple(row[place - length : place])
                total = self.totals[length].get(context, 0)
                if not total:
                    break
                seen = self.counts[length][context]
                left = DISCOUNT * len(seen) / total
                probability = max(seen.get(row[place], 0) - DISCOUNT, 0) / total + left * probability
            made.append(-math.log2(probability))
        return made


def trained(tokenizer, texts, seed="n-grams"):
    model = NGrams(5, tokenizer.get_vocab_size())
    stream = itertools.islice(documents(seed, ((SHORT_ALIKE, 1),)), texts)
    for encoding in tokenizer.encode_batch([document.text for document in stream]):
        model.count(encoding.ids + [1])
    return model
