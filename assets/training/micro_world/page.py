"""A text under construction, and the finished document."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Document:
    skill: str
    text: str
    marks: tuple  # (start, end, kind) in characters: stretches that the text before them determines
    bits: float  # minus log2 of the probability of the choices that made it
    pieces: tuple  # (start, end, bits) in characters: what each stretch cost
    details: dict = field(default_factory=dict)  # what a judge needs: prompt, operations, answer, causes


class Page:
    """Text is added piece by piece; a piece that follows from what stands before it is marked with its kind.

    Accuracy is measured on marked pieces only: on the others nobody could be right. A piece costs the bits of the choices that were
    made since the piece before it.
    """

    def __init__(self, choices):
        self._choices = choices
        self._paid = choices.bits
        self._texts = []
        self.length = 0
        self.marks = []
        self.pieces = []
        self.details = {}

    def add(self, text):
        """Answers the stretch (start, end) that the text takes."""
        start = self.length
        self._texts.append(text)
        self.length += len(text)
        self.pieces.append((start, self.length, self._choices.bits - self._paid))
        self._paid = self._choices.bits
        return start, self.length

    def mark(self, text, kind):
        self.marks.append((self.length, self.length + len(text), kind))
        return self.add(text)

    def ask(self, answer, kind, causes, copies=()):
        """Keeps a question for the evaluation sets: `answer` follows here. Spans in characters: what it takes to look it up, and what says again
        what one of the causes says."""
        self.details.setdefault("questions", []).append(
            {"prompt end": self.length, "answer": answer, "kind": kind, "causes": list(causes), "copies": list(copies)}
        )

    @property
    def text(self):
        return "".join(self._texts)


def inner(span, before=1):
    """A stretch without the white space that it begins with."""
    return span[0] + before, span[1]
