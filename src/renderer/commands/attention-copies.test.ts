import {execFile} from 'node:child_process'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {expect, test} from 'vitest'
import {attentionPython} from '../lenses/attention/copied-python.ts'
import {
  shownCommand,
  shownHeadsText,
  shownImportanceText,
  shownJson,
  shownPruningText,
  shownPython,
  shownRowText,
} from '../lenses/attention/copy-shown.ts'
import {selectHeads} from '../store/attention-heads.ts'
import {TWO_HEADS_VIEW} from '../store/attention-views.ts'
import {openedWorkbench} from '../store/fake-workbench.ts'
import {ATTENTION_COPIES} from './attention-copies.ts'

const HEAD = {layer: 1, head: 2}
const rowsOf = (text: string | null) =>
  text!
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))

async function openedLens(view: string | null = null) {
  const workbench = await openedWorkbench()
  const {actions, until, captures, seen} = workbench
  actions.changePane({lensId: 'attention', view}, 0)
  actions.measureMatrix(0, 400)
  await until('the capture', ({runs}) => captures.attentionFacts.peek(runs[0]!.id) !== undefined)
  actions.changeAttention({...HEAD, other: {layer: 3, head: 5}}, 0)
  const offered = () =>
    ATTENTION_COPIES.filter((command) => command.when(seen(), workbench)).map(({id}) => id)
  return {...workbench, offered}
}

test('the selected row has every key with its exact weight, and what the filters show of it', async () => {
  const workbench = await openedLens()
  const {actions, seen} = workbench
  const runId = seen().activeRunId!
  actions.lock(4, runId)
  const [head, ...rows] = rowsOf(await shownRowText(workbench))
  expect(head).toEqual(['query', 'key', 'keyId', 'keyText', 'L1.H2'])
  // The pretended engine looks at all keys alike.
  const weights = rows.map((row) => Number(row[4]))
  for (const [key, weight] of weights.entries()) expect(weight).toBeCloseTo(key <= 4 ? 1 / 5 : 0, 6)
  const tokens = workbench.captures.runs.peek(runId)!.tokens
  expect(rows.map((row) => Number(row[2]))).toEqual(tokens.map(({id}) => id))
  actions.changeAttentionFilters({topK: 1})
  const [filteredHead, ...filtered] = rowsOf(await shownRowText(workbench))
  expect(filteredHead!.slice(4)).toEqual(['L1.H2', 'L1.H2 shown'])
  expect(filtered.filter((row) => Number(row[5]) > 0)).toHaveLength(1)
  expect(filtered.map((row) => Number(row[4]))).toEqual(weights)
})

test('two heads are both copied, with their difference', async () => {
  const workbench = await openedLens(TWO_HEADS_VIEW)
  const {actions} = workbench
  actions.lock(3)
  const [head] = rowsOf(await shownRowText(workbench))
  expect(head!.slice(4)).toEqual(['L1.H2', 'L3.H5', 'L3.H5 − L1.H2'])
})

test('the table of heads is copied as it is listed, with labels and chance', async () => {
  const workbench = await openedLens()
  const {actions, until, captures, seen} = workbench
  await until('the heads', () => (selectHeads(seen(), captures)?.length ?? 0) > 8)
  actions.labelHead(HEAD, {name: 'copies', group: 'copying', isStarred: true}, 0)
  actions.filterHeads('copying')
  const [head, ...rows] = rowsOf(shownHeadsText(workbench))
  expect(rows).toHaveLength(1)
  const cell = (name: string) => rows[0]![head!.indexOf(name)]
  expect(['layer', 'head', 'name', 'group', 'isStarred'].map(cell)).toEqual([
    ...['1', '2', 'copies', 'copying', 'true'],
  ])
  const own = selectHeads(seen(), captures)!.find(({layer, head}) => layer === 1 && head === 2)!
  expect(Number(cell('firstTokenScore'))).toBe(own.firstTokenScore)
  expect(Number(cell('firstTokenScoreChance'))).toBe(own.chance.firstTokenScore)
  expect(Number(cell('firstTokenScorePositions'))).toBe(own.positionCounts.firstTokenScore)
})

test('the graph gives its importances, the pruning what stays and goes, and neither a row', async () => {
  const graph = await openedLens('graph')
  graph.actions.measureGraph(0, 600)
  await graph.until('an importance', () => shownImportanceText(graph) !== null)
  const [head, ...rows] = rowsOf(shownImportanceText(graph))
  expect(head!.slice(0, 4)).toEqual(['position', 'id', 'text', 'position-corrected'])
  // A token that takes no part has no number; the others are alike where all is looked at alike.
  expect(rows.map((row) => row[3]).slice(0, 3)).toEqual(['', '1', '1'])
  expect(await shownRowText(graph)).toBeNull()
  expect(graph.offered()).not.toContain('copy-attention-row')
  const json = JSON.parse(await shownJson(graph))
  expect(json.picture).toMatchObject({view: 'graph'})

  const pruning = await openedLens('prune')
  await pruning.until('a pruning', () => shownPruningText(pruning) !== null)
  const tokens = pruning.captures.runs.peek(pruning.seen().activeRunId!)!.tokens
  const keepCount = Math.ceil((tokens.length * 2) / 3)
  const fates = rowsOf(shownPruningText(pruning))
    .slice(1)
    .map((row) => row[3])
  expect(fates).toEqual(tokens.map((_, at) => (at < keepCount ? 'kept' : 'light')))
  expect(pruning.offered()).toContain('copy-attention-pruning')
})

test('nothing of the tokens lens is in the menu, and nothing of this one in another lens', async () => {
  const workbench = await openedLens()
  expect(workbench.offered().filter((id) => !id.startsWith('copy-attention'))).toEqual([
    'copy-link',
  ])
  workbench.actions.changePane({lensId: 'tokens'}, 0)
  expect(workbench.offered()).toEqual(['copy-link'])
})

test('the command writes the shown weights; JSON holds them', async () => {
  const workbench = await openedLens()
  workbench.actions.changeAttentionFilters({mass: 0.7})
  const command = shownCommand(workbench)!.replaceAll(/\s*\\\n\s*/g, ' ')
  expect(command).toContain('--layers 1 --heads 2 --mass 0.7 --out attention.npz')
  const json = JSON.parse(await shownJson(workbench))
  expect(json.picture).toMatchObject({view: 'matrix', map: {kind: 'head', ...HEAD}})
  expect(json.picture.weights).toHaveLength(json.tokens.length)
})

test('Python says what writes its archive, and names the axes', async () => {
  const workbench = await openedLens()
  const text = shownPython(workbench)!
  expect(text).toContain('#   ')
  expect(text).toContain('--out attention.npz')
  expect(text).toContain('shown = head(1, 2)')
  expect(text).toContain('name="query"')
})

const run = promisify(execFile)
/** What the snippet uses of pandas, for machines without it. */
const PANDAS = `
class RangeIndex(list):
    def __init__(self, count, name):
        super().__init__(range(count))
        self.name = name
class Row(dict):
    def nlargest(self, count):
        return sorted(self.items(), key=lambda pair: -pair[1])[:count]
class DataFrame:
    def __init__(self, matrix, index, columns):
        self.matrix, self.index, self.columns = matrix, index, columns
        self.loc = {row: Row(enumerate(values)) for row, values in zip(index, matrix.tolist())}
    def __sub__(self, other):
        return DataFrame(self.matrix - other.matrix, self.index, self.columns)
`
const ARCHIVE = `
import numpy as np
weights = np.arange(2 * 2 * 3 * 3, dtype=np.float32).reshape(2, 2, 3, 3)
np.savez("attention.npz", weights=weights, layers=np.array([1, 4]), heads=np.array([0, 3]))
`
const CHECK = `
import json
print("OUT" + json.dumps([[shown.index.name, shown.columns.name], np.asarray(shown.matrix).tolist()]))
`

test('executed, the snippet has the shown matrix by its layer and head', async ({skip}) => {
  const folder = await mkdtemp(join(tmpdir(), 'tokenscope-attention-python-'))
  try {
    const has = await run('python3', ['-c', 'import numpy']).then(...[() => true, () => false])
    if (!has) skip('no numpy here')
    await writeFile(join(folder, 'pandas.py'), PANDAS)
    await writeFile(join(folder, 'archive.py'), ARCHIVE)
    await run('python3', ['archive.py'], {cwd: folder})
    const model = {id: 'a\nimport os', sha256: 'f'.repeat(64)}
    const matrixOf = async (maps: Parameters<typeof attentionPython>[0]['maps']) => {
      const text = attentionPython({model, command: 'tokenscope\nattention', maps, query: 2})
      expect(text.split('\n')[0]).toContain('a?import os')
      await writeFile(join(folder, 'load.py'), text + CHECK)
      const {stdout} = await run('python3', ['load.py'], {cwd: folder})
      const [names, matrix] = JSON.parse(stdout.slice(stdout.indexOf('OUT') + 3))
      expect(names).toEqual(['query', 'key'])
      return matrix.flat()
    }
    const from = (start: number) => Array.from({length: 9}, (_, i) => start + i)
    // Layer 4 is the second of two, head 3 the second of two: 27 numbers stand before it.
    const head = {layer: 4, head: 3}
    expect(await matrixOf([{kind: 'head', ...head}])).toEqual(from(27))
    expect(await matrixOf([{kind: 'difference', a: head, b: {layer: 1, head: 3}}])).toEqual(
      Array.from({length: 9}, () => 18)
    )
    const heads = [head, {layer: 1, head: 3}]
    expect(await matrixOf([{kind: 'aggregate', by: 'max', heads}])).toEqual(from(18))
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
})
