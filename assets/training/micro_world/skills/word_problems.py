"""Word problems with worked answers: a plan phrase ("So we add.") before any number, one to three steps, `Answer: N.`

The plan can be wrong while the text stays fluent: the same verb adds for one person and takes from the other, cues come active and passive,
and other people and other things distract. About one worked answer in eight has a wrong result that is corrected at once.
Nobody is drawn who is not named, so that every choice shows in the text.
"""

from micro_world.words import NAMES, OBJECTS

# {a}: whose count changes, {b}: the other person, {n} and {t}: how many of what.
ALONE = (
    ("add", "{a} finds {n} {t}."), ("add", "{a} buys {n} {t}."), ("add", "{a} is given {n} {t}."), ("add", "{a} is sent {n} {t}."),
    ("subtract", "{a} loses {n} {t}."), ("subtract", "{a} sells {n} {t}."), ("subtract", "{a} gives away {n} {t}."), ("subtract", "{a} is robbed of {n} {t}."),
)
BETWEEN = (
    ("add", "{b} gives {a} {n} {t}."), ("add", "{a} gets {n} {t} from {b}."), ("add", "{b} is robbed of {n} {t} by {a}."),
    ("subtract", "{a} gives {b} {n} {t}."), ("subtract", "{b} gets {n} {t} from {a}."), ("subtract", "{a} is robbed of {n} {t} by {b}."),
)
SIGNS = {"add": "+", "subtract": "-"}
BETWEEN_TWO = 0.35  # share of the events that happen between the two
DISTRACTED = 0.35  # a sentence says what the other has
ASIDE = 0.12  # before an event stands one that does not matter
CORRECTED = 0.065  # of the steps; of the worked answers about an eighth
SLIPS = (-10, -2, -1, 1, 2, 10)


class Problem:
    """The sentences of one problem and what the asked person's count goes through."""

    def __init__(self, choices):
        self.choices = choices
        self.person = choices.pick(NAMES)
        self.thing = choices.pick(OBJECTS)
        self.start = choices.between(5, 60)
        self.total = self.start
        self._other = self._other_thing = None
        self.sentences, self.moves, self.relevant = [], [], []

    @property
    def other(self):
        if self._other is None:
            self._other = self.choices.pick([name for name in NAMES if name != self.person])
        return self._other

    @property
    def other_thing(self):
        if self._other_thing is None:
            self._other_thing = self.choices.pick([thing for thing in OBJECTS if thing != self.thing])
        return self._other_thing

    def say(self, sentence, matters=False):
        if matters:
            self.relevant.append(len(self.sentences))
        self.sentences.append(sentence)

    def introduce(self):
        if not self.choices.chance(DISTRACTED):
            self.say(f"{self.person} has {self.start} {self.thing}.", True)
            return
        theirs = f"{self.other} has {self.choices.between(2, 60)} {self.other_thing}."
        if self.choices.chance(0.5):
            self.say(theirs)
            self.say(f"{self.person} has {self.start} {self.thing}.", True)
        else:
            self.say(f"{self.person} has {self.start} {self.thing}.", True)
            self.say(theirs)

    def event(self):
        """Something that changes the asked count."""
        forms = BETWEEN if self.choices.chance(BETWEEN_TWO) else ALONE
        if self.total < 8:
            forms = [form for form in forms if form[0] == "add"]
        operation, form = self.choices.pick(forms)
        number = self.choices.between(2, 30 if operation == "add" else min(30, self.total - 1))
        after = self.total + number if operation == "add" else self.total - number
        other = self.other if "{b}" in form else None
        self.say(form.format(a=self.person, b=other, n=number, t=self.thing), True)
        self.moves.append((self.total, operation, number, after))
        self.total = after

    def aside(self):
        """The other one's things, or other things of the asked person."""
        same_person = self.choices.chance(0.5)
        person = self.person if same_person else self.other
        thing = self.other_thing if same_person or self.choices.chance(0.5) else self.thing
        _, form = self.choices.pick(ALONE)
        self.say(form.format(a=person, n=self.choices.between(2, 30), t=thing))


def draw(choices):
    problem = Problem(choices)
    problem.introduce()
    while choices.goes_on(len(problem.moves), 1, 3):
        if choices.chance(ASIDE):
            problem.aside()
        problem.event()
    return problem


def write(choices, page, level):
    problem = draw(choices)
    spans = [page.add((" " if place else "") + sentence) for place, sentence in enumerate(problem.sentences)]
    question = page.add(f" How many {problem.thing} has {problem.person}?")
    page.details = {
        "kind": f"{len(problem.moves)} steps",
        "prompt end": page.length,
        "prompt": page.text,
        "operations": [operation for _, operation, _, _ in problem.moves],
        "steps": [list(move) for move in problem.moves],
        "answer": problem.total,
        "causes": [(spans[place][0] + (1 if place else 0), spans[place][1]) for place in problem.relevant] + [(question[0] + 1, question[1])],
    }
    for place, (before, operation, number, after) in enumerate(problem.moves):
        page.add(" So we" if place == 0 else " Then we")
        page.mark(" " + operation, "plan")
        page.add(".")
        page.mark(f" {before} {SIGNS[operation]} {number} =", "operands")
        if choices.chance(CORRECTED):
            slips = [slip for slip in SLIPS if after + slip >= 0]
            page.add(f" {after + choices.pick(slips)}.")
            # Nothing but the wrong result says that it is taken back.
            page.mark(" No:", "correction")
        page.mark(f" {after}", "step")
        page.add(".")
    page.add(" Answer:")
    page.mark(f" {problem.total}", "answer")
    page.add(".")
