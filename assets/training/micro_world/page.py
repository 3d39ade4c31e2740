"""A text under construction, and the finished document."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Document:
    skill: str
    text: str
    marks: tuple  # (start, end, kind) in characters: stretches that the text before them determines
    bits: float  # minus log2 of the probability of the choices that made it
    details: dict = field(default_factory=dict)  # what a judge needs: prompt, operations, answer


class Page:
    """Text is added piece by piece; a piece that follows from what stands before it is marked with its kind.

    Accuracy is measured on marked pieces only: on the others nobody could be right.
    """

    def __init__(self):
        self._pieces = []
        self.length = 0
        self.marks = []
        self.details = {}

    def add(self, text):
        self._pieces.append(text)
        self.length += len(text)

    def mark(self, text, kind):
        self.marks.append((self.length, self.length + len(text), kind))
        self.add(text)

    @property
    def text(self):
        return "".join(self._pieces)
