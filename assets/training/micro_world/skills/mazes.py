"""Grid mazes, drawn row by row, and the way through. The free cells form a tree, so that the way is the only one.

Every cell has a letter of its own, which a wall hides: which letters are neighbours is the same in every maze, which are free is not.
"""

SIZE = 4
LETTERS = "ABCDEFGHIJKLMNOP"
DIRECTIONS = ((-1, 0), (1, 0), (0, -1), (0, 1))
STOP = 0.12
DEAD_END = 0.15


def neighbours(cell):
    row, column = cell
    for down, right in DIRECTIONS:
        if 0 <= row + down < SIZE and 0 <= column + right < SIZE:
            yield row + down, column + right


def touches(cell, free):
    return sum(other in free for other in neighbours(cell))


def draw_way(choices):
    """Cells of a way that never comes beside itself; it ends by choice, or where it cannot go on."""
    way = [(choices.below(SIZE), choices.below(SIZE))]
    while True:
        onward = [cell for cell in neighbours(way[-1]) if cell not in way and touches(cell, way) == 1]
        if not onward or (len(way) > 2 and choices.chance(STOP)):
            return way
        way.append(choices.pick(onward))


def letter(cell):
    return LETTERS[cell[0] * SIZE + cell[1]]


def write(choices, page, level):
    way = draw_way(choices)
    free = set(way)
    cells = [(row, column) for row in range(SIZE) for column in range(SIZE)]
    for cell in cells:
        # A dead end touches one free cell, so that no second way is opened.
        if cell not in free and touches(cell, free) == 1 and choices.chance(DEAD_END):
            free.add(cell)
    page.add("maze:")
    drawn = {}
    for row in range(SIZE):
        start, _ = page.add("\n" + "".join(" " + (letter(cell) if cell in free else "#") for cell in cells[row * SIZE : (row + 1) * SIZE]))
        drawn.update({(row, column): (start + 2 + 2 * column, start + 3 + 2 * column) for column in range(SIZE)})
    _, end = page.add(f"\nfrom {letter(way[0])} to {letter(way[-1])}:")
    goal = (end - 2, end - 1)
    steps = []
    for place, cell in enumerate(way):
        if 2 <= place < len(way) - 1:
            ask(page, way, place, free, drawn, steps, goal)
        start, end = page.mark(" " + letter(cell), "maze")
        steps.append((start + 1, end))
    page.mark(".", "maze end")


def ask(page, way, place, free, drawn, steps, goal):
    """The next cell in the middle of the way. It takes where the way is and that the next cell is free; where a dead end begins as well, also
    where it leads to. The walls beside are said apart: were one of them free, only looking further would tell."""
    here = way[place - 1]
    fork = touches(here, free) > 2
    causes = [steps[-1], drawn[way[place]]] + ([goal] if fork else [])
    page.ask(" " + letter(way[place]), "fork" if fork else "corridor", causes)
    page.details["questions"][-1]["walls"] = [drawn[cell] for cell in neighbours(here) if cell not in free]
