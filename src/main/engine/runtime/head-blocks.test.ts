import {InferenceSession} from 'onnxruntime-node'
import {afterAll, describe, expect, it, vi} from 'vitest'
import {CORE_COMBINATIONS, cellName} from '../../../../fixtures/families/combinations.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {feedsOf} from '../../../../fixtures/families/feeds.ts'
import type {FamilyCell} from '../../../../fixtures/families/traits.ts'
import {RowFilters} from '../../../shared/math/row-filters.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {TileCells} from '../../../shared/math/tile-cells.ts'
import type {CapturedQueriesKeys, CapturedRun, CapturedStep} from '../captures/attention-capture.ts'
import {recomputeRows} from '../captures/recompute-rows.ts'
import {compactOperand, type ScoreOperand} from '../captures/score-operand.ts'
import {planAll, readStructure, runPlan, withModel} from '../captures/test-capture.ts'
import {HeadBlocks} from './head-blocks.ts'
import {addPooledHead} from './pooled-head.ts'
import {ScoreRunner} from './score-runner.ts'
import {warmRunner} from './warm-runner.ts'

const runner = new ScoreRunner(1)
afterAll(() => runner.release())

const TOKEN_IDS = [5, 17, 3, 88, 42, 7, 61, 29, 14, 3, 5]
const COUNT = TOKEN_IDS.length

describe('a head computed by a graph has the rows that its scores are replayed to', () => {
  const cells = CORE_COMBINATIONS.filter(({dtype}) => dtype === 'float32')
  it.each(cells.map((cell) => [cellName(cell), cell] as const))('%s', async (_, cell) => {
    const {bytes, facts} = buildFamilyModel(cell)
    const mask = TOKEN_IDS.map((_id, i) => (i === 2 ? 0 : 1))
    for (const attentionMask of [null, mask]) {
      for (const {capture} of await capturesOf(cell, bytes, facts, attentionMask)) {
        for (const {layer, queryHeadCount, sites} of capture.layers) {
          let head = 0
          for (const site of sites) {
            if (site.attention.kind === 'weights') throw new Error('weights')
            for (let siteHead = 0; siteHead < site.queryHeadCount; siteHead++, head++) {
              const place = {siteHead, queryHeadCount: site.queryHeadCount, tokenCount: COUNT}
              const blocks = new HeadBlocks(site.attention, place, runner)
              const rows = new Float32Array(COUNT * COUNT)
              await blocks.writeRows(0, COUNT, rows)
              const request = {layer, head, queryStart: 0, queryEnd: COUNT}
              expect(largestDifference(rows, recomputeRows(capture, request))).toBeLessThan(1e-6)
            }
          }
          expect(head).toBe(queryHeadCount)
        }
      }
    }
  })
})

async function capturesOf(
  cell: FamilyCell,
  bytes: Uint8Array,
  facts: ReturnType<typeof buildFamilyModel>['facts'],
  mask: readonly number[] | null
) {
  const cuts = cell.cache === 'none' ? [[COUNT]] : [[COUNT], [3, 4, COUNT]]
  return withModel(bytes, async (path) =>
    runPlan(
      planAll(await readStructure(path)),
      (start, end, before) =>
        feedsOf(facts, {
          tokenIds: TOKEN_IDS.slice(start, end),
          pastCount: start,
          ...(mask && {attentionMask: mask.slice(0, end)}),
          ...(before && {
            kvCache: Object.fromEntries(
              facts.kvCache.map(({output, dtype}) => {
                const {data, dims} = before[output]!
                return [output, {type: dtype, data: data as Float32Array, dimensions: dims}]
              })
            ),
          }),
        }),
      cuts
    )
  )
}

const random = createSeededRandom(11)
function numbers(length: number, scale = 1): Float32Array {
  return Float32Array.from({length}, () => scale * (2 * random.nextUnit() - 1))
}

interface MadeHead {
  readonly steps: readonly CapturedStep[]
  readonly sink?: ScoreOperand
  /** Where the text is cut into runs. */
  readonly ends?: readonly number[]
  readonly count?: number
  readonly size?: number
  readonly change?: (site: CapturedQueriesKeys) => void
}

/** A capture of one layer with two query heads that share their keys. */
function made({steps, sink, ends, count = 70, size = 8, change}: MadeHead) {
  const runs = (ends ?? [count]).map((queryEnd, i): CapturedRun => {
    const queryStart = i === 0 ? 0 : ends![i - 1]!
    return {queryStart, queryEnd, keyCount: queryEnd, keys: null, steps, sink: sink ?? null}
  })
  const attention: CapturedQueriesKeys = {
    kind: 'queries-keys',
    keyValueHeadCount: 1,
    size,
    queries: numbers(2 * count * size, 3),
    keys: numbers(count * size),
    runs,
  }
  change?.(attention)
  const site = {queryHeadCount: 2, attention, valueNorms: null, keysBeforeRotary: null}
  const capture = {
    ...{dtype: 'float32' as const, tokenCount: count},
    layers: [{layer: 0, queryHeadCount: 2, sites: [site]}],
  }
  const place = {siteHead: 1, queryHeadCount: 2, tokenCount: count}
  return {
    site: attention,
    place,
    blocks: new HeadBlocks(attention, place, runner),
    rows: recomputeRows(capture, {layer: 0, head: 1, queryStart: 0, queryEnd: count}),
    count,
  }
}

const CAUSAL: CapturedStep = {kind: 'band', first: null, last: 0}
const bias = (count: number): ScoreOperand => ({
  ...{kind: 'dense', values: numbers(2 * count), headStride: count, queryStride: 0, keyStride: 1},
})
const HEADS: Readonly<Record<string, MadeHead>> = {
  'causal, scaled': {steps: [{kind: 'mul', operand: {kind: 'constant', value: 0.5}}, CAUSAL]},
  'a window': {steps: [{kind: 'band', first: -9, last: 0}]},
  'all keys': {steps: []},
  'soft capped, with a bias by head': {
    steps: [
      {kind: 'div', operand: {kind: 'constant', value: 2}, isReversed: false},
      {kind: 'tanh'},
      {kind: 'sub', operand: bias(70), isReversed: true},
      CAUSAL,
    ],
  },
  'a mask of ten thousand': {
    steps: [
      {
        kind: 'add',
        operand: compactOperand({
          values: Float32Array.from({length: 70}, (_, key) => (key < 60 ? 0 : -10_000)),
          ...{headCount: 1, queryCount: 1, keyCount: 70},
        }),
      },
    ],
  },
  'a sink': {steps: [CAUSAL], sink: {kind: 'constant', value: 1.5}},
  'keys cut off': {steps: [CAUSAL, {kind: 'key-count', end: 41}]},
}

describe('a head made by hand', () => {
  for (const [name, head] of Object.entries(HEADS)) {
    it(`with ${name} has the same rows, and the same cells at any height`, async () => {
      const {blocks, rows, count} = made(head)
      const actual = new Float32Array(count * count)
      await blocks.writeRows(0, count, actual)
      expect(largestDifference(actual, rows)).toBeLessThan(1e-5)
      for (const [from, to, rowCount] of [
        [0, count, count],
        [0, count, 9],
        [0, count, 1],
        [13, 60, 20],
      ] as const) {
        const pooled = await pooledCells(blocks, count, [from, to], rowCount)
        expect(pooled.isPooled).toBe(true)
        const expected = plainCells(rows, count, [from, to], rowCount)
        expect(largestDifference(pooled.values, expected.values)).toBeLessThan(1e-5)
        expect(pooled.summary).toMatchObject({
          rowCount: expected.summary.rowCount,
          sinkOnlyRowCount: expected.summary.sinkOnlyRowCount,
          nonFiniteCount: 0,
        })
        expect(pooled.summary.nowhereShare ?? 0).toBeCloseTo(expected.summary.nowhereShare ?? 0, 5)
      }
    })
  }

  it('in several runs is the same, whether cells end with them or not', async () => {
    const {blocks, rows, count} = made({steps: [CAUSAL], ends: [1, 35, 70]})
    for (const rowCount of [70, 10, 9, 3, 1]) {
      const actual = await pooledCells(blocks, count, [0, count], rowCount)
      const expected = plainCells(rows, count, [0, count], rowCount)
      expect(actual.isPooled).toBe(true)
      expect(largestDifference(actual.values, expected.values)).toBeLessThan(1e-5)
      expect(actual.summary.rowCount).toBe(count)
    }
  })

  it('carries NaN and infinity of a broken model as NaN, by either way', async () => {
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const {blocks, rows, count} = made({
        steps: [CAUSAL],
        change: ({queries}) => {
          // One number of query 5 of the second head.
          queries[(70 + 5) * 8] = broken
        },
      })
      const actual = new Float32Array(count * count)
      await blocks.writeRows(0, count, actual)
      for (const all of [actual, rows]) {
        expect([...all.subarray(5 * count, 5 * count + 6)].every(Number.isNaN)).toBe(true)
        expect(all[4 * count]).toBeGreaterThan(0)
        expect(all[5 * count + 6]).toBe(0)
      }
      expect((await pooledCells(blocks, count, [0, count], 10)).isPooled).toBe(false)
    }
  })
})

it('a warmed runner opens no graph for a causal head, whatever its scale and its cells', async () => {
  const own = new ScoreRunner(1)
  await warmRunner(own)
  const create = vi.spyOn(InferenceSession, 'create')
  const {site, place, count} = made({...HEADS['causal, scaled']!})
  const blocks = new HeadBlocks(site, place, own)
  for (const rowCount of [count, 9, 2]) await pooledCells(blocks, count, [0, count], rowCount)
  await blocks.writeRows(0, count, new Float32Array(count * count))
  expect(create).not.toHaveBeenCalled()
  create.mockRestore()
  await own.release()
})

async function pooledCells(
  blocks: HeadBlocks,
  count: number,
  queries: readonly [number, number],
  rowCount: number
) {
  const {cells, filters} = empty(count, queries, rowCount)
  const isPooled = await addPooledHead(blocks, cells, filters, () => {})
  return {isPooled, ...cells.finish(), summary: filters.summary}
}

function plainCells(
  rows: Float32Array,
  count: number,
  queries: readonly [number, number],
  rowCount: number
) {
  const {cells, filters} = empty(count, queries, rowCount)
  for (let query = queries[0]; query < queries[1]; query++) {
    const row = rows.slice(query * count, (query + 1) * count)
    filters.apply(query, row)
    cells.addRow(query, row)
  }
  return {...cells.finish(), summary: filters.summary}
}

function empty(count: number, queries: readonly [number, number], rowCount: number) {
  const shape = {queries, keys: [3, count] as const, rowCount, columnCount: 11}
  return {
    cells: new TileCells({...shape, pooling: 'max'}),
    filters: new RowFilters({dropSink: false, threshold: 0}, count, {sumsToOne: true}),
  }
}

/** NaN in the same places is no difference. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i]) && Number.isNaN(b[i])) continue
    largest = Math.max(largest, Math.abs(a[i]! - b[i]!))
  }
  return largest
}
