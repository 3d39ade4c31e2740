"""Prints documents of the micro-world: `python show.py [how many] [skill]`."""

import sys

from micro_world.levels import SHORT
from micro_world.registry import documents

if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    stream = documents("show", ((SHORT, 1),), " ".join(sys.argv[2:]) or None)
    for _, document in zip(range(count), stream):
        print(f"[{document.skill}, {document.bits:.0f} bits] {document.text}\n")
