"""How large the texts are. The first phase trains on short ones; the last phases add long ones, so that long prompts work."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Level:
    sequence_words: tuple  # fewest and most words of a repeated sequence
    segments: tuple  # fewest and most repeated segments
    pairs: tuple  # fewest and most key-value pairs
    asked: int  # most pairs asked again
    alike: float  # share of lists whose keys are two words, all pairs of a few first and a few second words
    grid: int  # most first words, and most second words, of such keys
    facts: tuple  # fewest and most sentences about who visits and keeps what
    questions: int  # most questions about them
    forward: float  # share of the questions that ask for what stands after the known word; the others ask backwards
    cast: int  # most people in a story
    sums: tuple  # fewest and most sums in a text
    kinds: tuple = (0.5, 0.2, 0.3)  # shares of lists, tables, and the pairs that are asked backwards too; the last also that of people in pairs


SHORT = Level(
    sequence_words=(6, 40), segments=(3, 8), pairs=(3, 16), asked=8, alike=0.0, grid=3, facts=(2, 14), questions=6, forward=0.7, cast=3, sums=(2, 6),
)
SHORT_ALIKE = Level(
    sequence_words=(6, 40), segments=(3, 8), pairs=(3, 16), asked=8, alike=0.3, grid=4, facts=(2, 14), questions=6, forward=0.5, cast=4, sums=(2, 6),
)
# Until what is asked backwards is found: hardly anything else is asked.
BACKWARDS = replace(SHORT, kinds=(0.1, 0.0, 0.9), forward=0.15)
LONG = Level(
    sequence_words=(40, 200), segments=(8, 40), pairs=(12, 80), asked=24, alike=0.3, grid=8, facts=(10, 45), questions=20, forward=0.5, cast=8, sums=(6, 30),
)
