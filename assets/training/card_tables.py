"""Figures and tables of the model cards."""

COLUMNS = ("short texts", "long texts", "short texts after 1,400 tokens")

MEANING = {
    "sequence": "word of a repeated random sequence",
    "sequence, words": "word of one that is of words",
    "sequence, letter strings": "letter string of one that is of letter strings (one in ten)",
    "key = value": "value of a key asked again",
    "key alike": "value of a key of two words, where each key differs from others in one word only",
    "value of key": "key of a value asked backwards (`amber of` …)",
    "where": "place of a person (`Where is Mira? Mira visits` …)",
    "keeps": "thing of a person (`What keeps Tom? Tom keeps` …)",
    "who": "person of a place or thing (`lamps of` …): the value stands before its key",
    "asked name": "name repeated from the question",
    "frame": "rest of an answer once its name is there",
    "pronoun": "pronoun of the person named last",
    "story place": "where somebody is at the end of a story",
    "story thing": "what somebody has at the end of a story",
    "bracket": "which bracket or quotation mark closes",
    "sum": "sum of two numbers up to 99, all digits",
    "difference": "difference of two numbers up to 99, all digits",
    "sum in words": "number in words plus one of a single digit",
    "number in words": "number written out",
    "words as digits": "number in words as digits",
    "counting": "next number by equal steps",
    "plan": "`add` or `subtract` in a worked answer",
    "operands": "numbers that a step starts from",
    "step": "result of a step",
    "correction": "`No:` after a wrong result, before it is replaced",
    "answer": "the final `Answer: N`",
    "date": "next date",
    "month": "next month",
    "code value": "value that a variable has, printed",
    "code item": "item of a list, printed",
    "code sum": "sum, printed",
    "code frame": "what was asked, printed again before its value",
    "maze": "next cell of the way through a maze",
    "maze end": "end of that way",
    "scripts": "string in a mixed script repeated, whole",
}


def figure(entry):
    """`97.2 % (1,000)`: share and sample size, not to be broken."""
    return f"{100 * entry['share']:.1f}\u00a0%\u00a0({entry['n']:,})" if entry and entry["n"] else "—"


def accuracy_table(base):
    columns = [base[f"accuracy, {name}"] for name in COLUMNS]
    rows = [(meaning, [figure(column.get(kind)) for column in columns]) for kind, meaning in MEANING.items() if any(kind in column for column in columns)]
    return ["| | short texts | long texts | short texts that begin after 1,400 tokens |", "|---|---|---|---|", *(f"| {meaning} | {' | '.join(cells)} |" for meaning, cells in rows)]


def bits_table(entropy):
    names = ("model", "source", "unigram", "bigram", "5-gram")
    return [
        f"| bits a byte | {' | '.join(names)} |", "|---|" + "---|" * len(names),
        *(f"| {skill} | {' | '.join(f'{entry[name]:.3f}' for name in names)} |" for skill, entry in entropy["bits a byte, by skill"].items()),
    ]


def excess_table(entropy):
    entries = sorted(entropy["excess on determined stretches"].items(), key=lambda pair: pair[1]["excess"])
    return ["| stretch | excess | n |", "|---|---|---|", *(f"| {MEANING.get(kind, kind)} | {entry['excess']:.3f} | {entry['n']:,} |" for kind, entry in entries)]


def best_head(table):
    """The highest score and whose it is, layers and heads counted from 0."""
    value, layer, head = max((value, layer, head) for layer, row in enumerate(table) for head, value in enumerate(row))
    return value, f"L{layer}.H{head}"


def of_head(table, name):
    layer, head = name[1:].split(".H")
    return table[int(layer)][int(head)]


def hidden_table(stretches):
    """What a masked model fills in, the worst kind first; what may be both ways is left to the reader."""
    rows = sorted(stretches.items(), key=lambda pair: (pair[1]["share"], pair[0]))
    return ["| hidden stretch | right (n) | 95 % |", "|---|---|---|", *(
        f"| {MEANING.get(kind, kind)} | {figure(entry)} | {100 * entry['interval'][0]:.0f} to {100 * entry['interval'][1]:.0f} |" for kind, entry in rows if entry["n"]
    )]


def problem_line(label, entry):
    parts = ", ".join(f"{count} {'step' if count == 1 else 'steps'} {figure(entry[f'{count} steps'])}" for count in (1, 2, 3))
    wrong = ", ".join(f"{verdict} {count}" for verdict, count in entry["verdicts"].items() if verdict != "right")
    return f"{label}: {figure(entry['all'])} right ({parts}). What went wrong first in the others: {wrong}. Steps that are sound: {figure(entry['steps that are sound'])}."
