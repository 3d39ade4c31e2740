"""Shares with their sample size and 95 % interval: Wilson's where cases are independent, by resampling texts where several come from one text."""

import math

import numpy as np

RESAMPLED = 2000


def interval(right, n):
    if n == 0:
        return [0.0, 1.0]
    z, p = 1.96, right / n
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [round(max(0.0, middle - spread) / (1 + z * z / n), 4), round(min(1.0, (middle + spread) / (1 + z * z / n)), 4)]


def share(right, n):
    return {"share": round(right / n, 4) if n else None, "right": right, "n": n, "interval": interval(right, n)}


def share_by_text(counts):
    """The share over all of `counts`, [(right, n) of one text, …]. What stands in one text goes right or wrong together, so the interval is
    that of resampling whole texts; where all is right, or nothing, Wilson's with as many cases as there are texts."""
    counts = np.array([pair for pair in counts if pair[1]], dtype=np.int64).reshape(-1, 2)
    right, n = (int(total) for total in counts.sum(0))
    found = {**share(right, n), "texts": len(counts)}
    if right in (0, n):
        found["interval"] = interval(len(counts) if right else 0, len(counts))
    else:
        drawn = counts[np.random.default_rng(0).integers(0, len(counts), (RESAMPLED, len(counts)))].sum(1)
        found["interval"] = [round(float(value), 4) for value in np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])]
    return found
