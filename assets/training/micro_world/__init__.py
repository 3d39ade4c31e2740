"""The micro-world: a seeded generator of small texts with known structure.

`registry.documents(seed, levels)` yields documents. Every text is drawn anew; nothing is stored.
"""
