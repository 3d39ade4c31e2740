"""Shares with their sample size and Wilson 95 % interval."""

import math


def interval(right, n):
    if n == 0:
        return [0.0, 1.0]
    z, p = 1.96, right / n
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [round(max(0.0, middle - spread) / (1 + z * z / n), 4), round(min(1.0, (middle + spread) / (1 + z * z / n)), 4)]


def share(right, n):
    return {"share": round(right / n, 4) if n else None, "right": right, "n": n, "interval": interval(right, n)}
