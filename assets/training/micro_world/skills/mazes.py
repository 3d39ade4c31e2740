"""Grid mazes, drawn row by row, and the way from S to G. The free cells form a tree, so that the way is the only one."""

SIZE = 4
MOVES = (("up", -1, 0), ("down", 1, 0), ("left", 0, -1), ("right", 0, 1))
STOP = 0.12
DEAD_END = 0.4


def neighbours(cell):
    row, column = cell
    for name, down, right in MOVES:
        if 0 <= row + down < SIZE and 0 <= column + right < SIZE:
            yield name, (row + down, column + right)


def touches(cell, free):
    return sum(other in free for _, other in neighbours(cell))


def draw_way(choices):
    """Cells and moves of a way that never comes beside itself; it ends by choice, or where it cannot go on."""
    way = [(choices.below(SIZE), choices.below(SIZE))]
    moves = []
    while True:
        onward = [(name, cell) for name, cell in neighbours(way[-1]) if cell not in way and touches(cell, way) == 1]
        if not onward or (len(moves) >= 2 and choices.chance(STOP)):
            return way, moves
        name, cell = choices.pick(onward)
        way.append(cell)
        moves.append(name)


def write(choices, page, level):
    way, moves = draw_way(choices)
    free = set(way)
    for row in range(SIZE):
        for column in range(SIZE):
            cell = (row, column)
            # A dead end touches one free cell, so that no second way is opened.
            if cell not in free and touches(cell, free) == 1 and choices.chance(DEAD_END):
                free.add(cell)
    page.add("maze:")
    for row in range(SIZE):
        page.add("\n")
        for column in range(SIZE):
            cell = (row, column)
            sign = "S" if cell == way[0] else "G" if cell == way[-1] else "." if cell in free else "#"
            page.add(" " + sign)
    page.add("\nway:")
    for name in moves:
        page.mark(" " + name, "maze")
    page.mark(" there", "maze")
