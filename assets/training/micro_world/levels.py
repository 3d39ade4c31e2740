"""How large the texts are. The first phase trains on short ones; the last phases add long ones, so that long prompts work."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    sequence_words: tuple  # fewest and most words of a repeated sequence
    segments: tuple  # fewest and most repeated segments
    pairs: tuple  # fewest and most key-value pairs
    asked: int  # most pairs asked again
    people: tuple  # fewest and most people in a story
    questions: int  # most questions about a story
    sums: tuple  # fewest and most sums in a text
    alike: float  # share of lists whose keys are two words, two of them nearly alike
    reopened: bool  # a repeated line of mixed scripts begins with its opening word again; without it its first string is cut into other tokens


SHORT = Level(sequence_words=(6, 40), segments=(3, 8), pairs=(3, 16), asked=8, people=(2, 10), questions=6, sums=(2, 6), alike=0.0, reopened=False)
SHORT_ALIKE = Level(sequence_words=(6, 40), segments=(3, 8), pairs=(3, 16), asked=8, people=(2, 10), questions=6, sums=(2, 6), alike=0.3, reopened=True)
LONG = Level(sequence_words=(40, 200), segments=(8, 40), pairs=(12, 80), asked=24, people=(6, 30), questions=20, sums=(6, 30), alike=0.3, reopened=True)
