import {execFile} from 'node:child_process'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {storyResult} from '../../shared/figures/tokens/sample-result.ts'
import {tokensCsv} from '../../shared/figures/tokens/tokens-data.ts'
import {pythonSnippet} from './python-snippet.ts'

const run = promisify(execFile)
const result = storyResult()
const TRACKED = result.tracked!.flatMap(({tokenId, positions}) =>
  positions.map(({position, prob}) => ({position, tokenId, prob}))
)
const snippet = pythonSnippet(result)
/** As Export writes it: the record of how it was made in the first line. */
const file = `# ${JSON.stringify({model: result.model.id})}\n${tokensCsv(result, false)}`

/** The records of the file by the names of its columns; its samples have no quoted cells with commas. */
function recordsOf(kind: string): Record<string, string>[] {
  const [, head, ...lines] = file.split(/\r?\n/)
  const names = head!.split(',')
  return lines
    .filter((line) => line.startsWith(`${kind},`))
    .map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell])))
}

test('followed tokens have positions down and ids across, by what the snippet says', () => {
  const [, index, columns, values] =
    /rows\["record"\] == "tracked"\]\.pivot\(index="(\w+)", columns="(\w+)", values="(\w+)"\)/.exec(
      snippet
    )!
  const table = new Map<string, string>()
  for (const row of recordsOf('tracked')) {
    table.set(`${row[index!]} down, ${row[columns!]} across`, row[values!]!)
  }
  expect(table.size).toBe(TRACKED.length)
  for (const {position, tokenId, prob} of TRACKED) {
    expect(Number(table.get(`${position} down, ${tokenId} across`))).toBe(prob)
  }
})

test('tokens go by their position, what may follow by its id', () => {
  expect(snippet).toContain('rows[rows["record"] == "token"].set_index("position")')
  expect(snippet).toContain('rows[rows["record"] == "next"].set_index("id")')
  expect(new Set(recordsOf('token').map(({position}) => position)).size).toBe(result.tokens.length)
  expect(new Set(recordsOf('next').map(({id}) => id)).size).toBe(result.next.length)
})

test('without followed tokens the snippet has none; a name cannot end its comment', () => {
  const model = {...result.model, id: 'a\nimport os'}
  const {tracked: _, ...others} = {...result, model}
  const text = pythonSnippet(others)
  expect(text).not.toContain('pivot')
  expect(text.split('\n')[0]).toContain('a?import os')
})

/** What the snippet uses of pandas, for machines without it. */
const PANDAS = `
import csv

class Axis(list):
    def __init__(self, values, name):
        super().__init__(values)
        self.name = name

class Column:
    def __init__(self, values):
        self.values = values
    def __eq__(self, other):
        return [value == other for value in self.values]

class At:
    def __init__(self, frame):
        self.frame = frame
    def __getitem__(self, place):
        row, column = place
        return self.frame.cells[list(self.frame.index).index(row)][column]

class DataFrame:
    def __init__(self, cells, columns, index=None, columns_name=None):
        self.cells = cells
        self.columns = Axis(columns, columns_name)
        self.index = index if index is not None else Axis(range(len(cells)), None)
        self.loc = At(self)
    def __getitem__(self, key):
        if isinstance(key, str):
            return Column([row[key] for row in self.cells])
        if all(isinstance(one, bool) for one in key):
            kept = [i for i, one in enumerate(key) if one]
            return DataFrame([self.cells[i] for i in kept], self.columns,
                             Axis([self.index[i] for i in kept], self.index.name))
        return DataFrame([{name: row[name] for name in key} for row in self.cells], key, self.index)
    def set_index(self, name):
        others = [column for column in self.columns if column != name]
        return DataFrame(self.cells, others, Axis([row[name] for row in self.cells], name))
    def drop(self, columns):
        assert all(name in self.columns for name in columns)
        return DataFrame(self.cells, [name for name in self.columns if name not in columns], self.index)
    def pivot(self, index, columns, values):
        down = sorted({row[index] for row in self.cells})
        across = sorted({row[columns] for row in self.cells})
        found = {(row[index], row[columns]): row[values] for row in self.cells}
        assert len(found) == len(self.cells)
        cells = [{one: found.get((at, one)) for one in across} for at in down]
        return DataFrame(cells, across, Axis(down, index), columns)
    def __str__(self):
        return "\\n".join(" ".join(str(row[name]) for name in self.columns) for row in self.cells)

def number(text):
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text

def read_csv(path, skiprows, keep_default_na, na_values, dtype, encoding):
    with open(path, encoding=encoding, newline="") as file:
        for _ in range(skiprows):
            file.readline()
        head, *rows = list(csv.reader(file))
    read = lambda name, cell: None if cell in na_values else cell if dtype.get(name) is str else number(cell)
    return DataFrame([{name: read(name, cell) for name, cell in zip(head, row)} for row in rows], head)
`

const CHECKS = `
out = {
    "made": made,
    "tokenIndex": tokens.index.name,
    "tokenIds": [int(tokens.loc[at, "id"]) for at in tokens.index],
    "followingIndex": following.index.name,
    "following": [[int(one), float(following.loc[one, "prob"])] for one in following.index],
    "trackedAxes": [tracked.index.name, tracked.columns.name],
    "tracked": [[int(at), int(one), float(tracked.loc[at, one])]
                for at in tracked.index for one in tracked.columns],
}
print("OUT" + json.dumps(out))
`

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenscope-python-'))
})
afterAll(() => rm(folder, {recursive: true, force: true}))

test('executed, it has the tables with their axes', async ({skip}) => {
  const succeeds = (args: string[]) => run('python3', args).then(...[() => true, () => false])
  if (!(await succeeds(['--version']))) skip('no python3 here')
  if (!(await succeeds(['-c', 'import pandas']))) await writeFile(join(folder, 'pandas.py'), PANDAS)
  await writeFile(join(folder, 'tokens.csv'), file)
  await writeFile(join(folder, 'load.py'), snippet + CHECKS)
  const {stdout} = await run('python3', ['load.py'], {cwd: folder})
  const out = JSON.parse(stdout.slice(stdout.indexOf('OUT') + 3))
  expect(out.made).toEqual({model: result.model.id})
  expect(out.tokenIndex).toBe('position')
  expect(out.tokenIds).toEqual(result.tokens.map(({id}) => id))
  expect(out.followingIndex).toBe('id')
  expect(out.following).toEqual(result.next.map(({id, prob}) => [id, prob]))
  expect(out.trackedAxes).toEqual(['position', 'id'])
  expect(out.tracked).toHaveLength(TRACKED.length)
  for (const [position, tokenId, prob] of out.tracked) {
    const own = TRACKED.find((one) => one.position === position && one.tokenId === tokenId)
    expect(prob).toBe(own?.prob)
  }
})
