import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {exportPath, listExports, readReference} from '../../../../fixtures/exports/read-export.ts'
import {CORE_COMBINATIONS, cellName} from '../../../../fixtures/families/combinations.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {runReference} from '../../../../fixtures/families/reference.ts'
import {openSession, runFeeds, type TestFeed} from '../runtime/test-onnxruntime.ts'
import {findStructure} from './find-structure.ts'
import {buildHeadGraph, type HeadGraph} from './head-graph.ts'
import {unmergeDecoder} from './merged-decoder.ts'
import {encodeOverlay} from './overlay.ts'
import {readModelGraph} from './read-model-graph.ts'

const TOKEN_IDS = [5, 17, 3, 88, 42, 7, 61, 29]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'head-graph-'))
})
afterAll(() => rm(folder, {recursive: true, force: true}))

async function headOf(path: string): Promise<HeadGraph> {
  const graph = unmergeDecoder(await readModelGraph(path))
  const head = buildHeadGraph(graph, findStructure(graph))
  if ('code' in head) throw new Error(`${head.code}: ${head.found}`)
  return head
}

/** The head's logits for rows of the stream, on plain onnxruntime. */
async function runHead(head: HeadGraph, rows: readonly ArrayLike<number>[]): Promise<Float32Array> {
  const session = await openSession(encodeOverlay(head.graph))
  const width = rows[0]!.length
  const state = Float32Array.from(rows.flatMap((row) => Array.from(row)))
  const dims = head.layout === 'flat-hidden' ? [rows.length, width] : [1, rows.length, width]
  const feeds: Record<string, TestFeed> = {
    [head.residual]: {type: 'float32', data: state, dimensions: dims},
  }
  for (const name of head.otherInputs) {
    const data = new BigInt64Array(rows.length).fill(1n)
    feeds[name] = {type: 'int64', data, dimensions: [1, rows.length]}
  }
  const outputs = await runFeeds(session, feeds)
  await session.release()
  return outputs[head.logits]!.data as Float32Array
}

function worstDifference(logits: Float32Array, expected: readonly ArrayLike<number>[]): number {
  const flat = expected.flatMap((row) => Array.from(row))
  expect(logits).toHaveLength(flat.length)
  const scale = Math.max(...flat.map(Math.abs))
  return flat.reduce((worst, value, i) => Math.max(worst, Math.abs(value - logits[i]!) / scale), 0)
}

describe.each(CORE_COMBINATIONS.map((cell) => [cellName(cell), cell] as const))(
  '%s',
  (name, cell) => {
    it('gives the logits of any state of the stream', async () => {
      const {bytes, facts} = buildFamilyModel(cell)
      const path = join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.onnx`)
      await writeFile(path, bytes)
      const head = await headOf(path)
      const whole = runReference(cell, {tokenIds: TOKEN_IDS})
      const last = await runHead(head, whole.residual.at(-1)!)
      expect(worstDifference(last, whole.logits)).toBeLessThan(facts.logitTolerance)
      // Leaving after the first layer is what its lens shows.
      const early = runReference(cell, {tokenIds: TOKEN_IDS}, {exitAfterLayer: 0})
      const first = await runHead(head, whole.residual[1]!)
      expect(worstDifference(first, early.logits)).toBeLessThan(facts.logitTolerance)
      // The two are different questions.
      expect(worstDifference(first, whole.logits)).toBeGreaterThan(10 * facts.logitTolerance)
    })
  }
)

const EXPORTS = listExports().filter(({output}) => output === 'logits')
describe.each(EXPORTS.map((facts) => [facts.id, facts] as const))('%s', (_, facts) => {
  it('gives the trainer’s logits for the trainer’s last state', async () => {
    const {residual, logits} = readReference(facts)
    const head = await headOf(exportPath(facts))
    const [points, positions, width] = residual.shape as [number, number, number]
    const start = (points - 1) * positions * width
    const rows = Array.from({length: positions}, (_, i) =>
      residual.values.subarray(start + i * width, start + (i + 1) * width)
    )
    const given = await runHead(head, rows)
    expect(worstDifference(given, [logits.values])).toBeLessThan(
      Math.max(facts.tolerance.logits, 1e-5)
    )
  })
})
