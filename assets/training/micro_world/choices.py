"""The only source of randomness of the micro-world, with a count of what it spent.

Every skill draws through `Choices`, which adds up the exact number of bits of the choices made. A text that is
one-to-one with its choices therefore comes with its own log-probability, and a model can be compared with the entropy of
the source it was trained on.
"""

import math
import random


class Choices:
    """Seeded choices. `bits` is minus the log2-probability of everything drawn so far."""

    def __init__(self, seed):
        self._uniform = random.Random(seed).random
        self.bits = 0.0

    def below(self, count):
        """A whole number from 0 to count - 1, all equally likely."""
        self.bits += math.log2(count)
        return int(self._uniform() * count)

    def between(self, low, high):
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, items):
        return items[self.below(len(items))]

    def chance(self, probability):
        """True with the given probability; nothing is spent on what is certain."""
        if probability >= 1:
            return True
        if probability <= 0:
            return False
        hit = self._uniform() < probability
        self.bits -= math.log2(probability if hit else 1 - probability)
        return hit

    def goes_on(self, done, fewest, most):
        """Whether one more follows, asked after every one, so that the count is uniform from fewest to most."""
        return done < fewest or (done < most and self.chance((most - done) / (most - done + 1)))

    def weighted(self, items, weights):
        """One of `items`, by weight."""
        total = sum(weights)
        point = self._uniform() * total
        for item, weight in zip(items, weights):
            point -= weight
            if point < 0 and weight > 0:
                break
        self.bits -= math.log2(weight / total)
        return item

    def distinct(self, items, count):
        """`count` different items in random order."""
        pool = list(items)
        size = len(pool)
        for place in range(count):
            other = place + self.below(size - place)
            pool[place], pool[other] = pool[other], pool[place]
        return pool[:count]

    def shuffled(self, items):
        return self.distinct(items, len(items))

    def subset(self, items, count):
        """`count` of the items, in their own order, all sets equally likely."""
        items = list(items)
        taken = []
        left = count
        for place, item in enumerate(items):
            if left and self.chance(left / (len(items) - place)):
                taken.append(item)
                left -= 1
        return taken
