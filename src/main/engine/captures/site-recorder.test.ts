import {describe, expect, it} from 'vitest'
import type {QueryKeyCapture} from '../onnx/capture-plan.ts'
import {FetchedRun, type FetchedTensor} from './fetched-outputs.ts'
import {fillOperandRow, type ScoreOperand} from './score-operand.ts'
import {SiteRecorder} from './site-recorder.ts'

const FILTER = -1e4
const PAST = 2
const QUERIES = 3
const KEYS = PAST + QUERIES
const BATCH = 2

function tensor(dims: readonly number[], at: (index: readonly number[]) => number): FetchedTensor {
  const length = dims.reduce((product, one) => product * one, 1)
  const data = Float32Array.from({length}, (_, flat) => {
    const index: number[] = []
    let rest = flat
    for (const one of dims.toReversed()) {
      index.unshift(rest % one)
      rest = Math.floor(rest / one)
    }
    return at(index)
  })
  return {type: 'float32', dims, data}
}

/** [query][key] that a mask of some rank adds to the scores of a second run, in one row of a batch. */
function addedBy(rank: 1 | 2 | 3 | 4, mask: FetchedTensor, batchRow: number): number[][] {
  const queryKey: QueryKeyCapture = {
    ...{query: 'query', key: 'key', isWholeRun: true, sink: null},
    steps: [{kind: 'key-mask', mask: 'mask', rank, filter: FILTER}],
  }
  const plan = {queryKey, weights: null, valueNorms: null, keysBeforeRotary: null, mixing: null}
  const recorder = new SiteRecorder(plan, {tokenCount: KEYS, dtype: 'float32'})
  const outputs = {
    query: tensor([BATCH, 1, QUERIES, 1], () => 1),
    key: tensor([BATCH, 1, KEYS, 1], () => 1),
    mask,
  }
  recorder.append(new FetchedRun(outputs, {batchRow, batchCount: BATCH, queryStart: PAST}))
  const {attention} = recorder.captured
  if (attention.kind !== 'queries-keys') throw new Error('no queries and keys')
  const step = attention.runs[0]!.steps[0]!
  if (step.kind !== 'add') throw new Error(step.kind)
  return rowsOf(step.operand)
}

function rowsOf(operand: ScoreOperand): number[][] {
  return Array.from({length: QUERIES}, (_, query) => {
    const row = new Float64Array(KEYS)
    fillOperandRow(operand, {head: 0, query, start: 0, end: KEYS}, row)
    return [...row]
  })
}

const expected = (isSeen: (query: number, key: number) => boolean) =>
  Array.from({length: QUERIES}, (_, query) =>
    Array.from({length: KEYS}, (_, key) => (isSeen(query, key) ? 0 : FILTER))
  )

describe('the mask of a com.microsoft operator', () => {
  // Nothing of it is a range, and no two rows of it are alike.
  const isSeen = (batch: number, row: number, key: number) => (row * 3 + key * key + batch) % 4 < 2

  it.each([0, 1])('of rank 4 begins at the row of the run’s first query, text %i', (batch) => {
    // [batch, 1, max, max]: rows and columns are positions of the longest text.
    const mask = tensor([BATCH, 1, 7, 7], ([b, , row, key]) => (isSeen(b!, row!, key!) ? 1 : 0))
    expect(addedBy(4, mask, batch)).toEqual(
      expected((query, key) => isSeen(batch, PAST + query, key))
    )
  })

  it.each([0, 1])('of rank 3 has a row for each query of the run, text %i', (batch) => {
    const mask = tensor([BATCH, QUERIES, KEYS], ([b, row, key]) => (isSeen(b!, row!, key!) ? 1 : 0))
    expect(addedBy(3, mask, batch)).toEqual(expected((query, key) => isSeen(batch, query, key)))
  })

  it.each([0, 1])('of rank 2 has one row for all queries, text %i', (batch) => {
    const mask = tensor([BATCH, KEYS], ([b, key]) => (isSeen(b!, 5, key!) ? 1 : 0))
    expect(addedBy(2, mask, batch)).toEqual(expected((_, key) => isSeen(batch, 5, key)))
  })

  it.each([0, 1])('of rank 1 has ends, or ends and starts, text %i', (batch) => {
    const ends = [4, 3]
    const starts = [1, 2]
    const one = tensor([BATCH], ([b]) => ends[b!]!)
    expect(addedBy(1, one, batch)).toEqual(expected((_, key) => key < ends[batch]!))
    const both = tensor([2 * BATCH], ([at]) => [...ends, ...starts][at!]!)
    expect(addedBy(1, both, batch)).toEqual(
      expected((_, key) => key >= starts[batch]! && key < ends[batch]!)
    )
  })
})
