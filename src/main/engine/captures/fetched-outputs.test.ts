import {describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {ScoreAxis} from '../onnx/structure.ts'
import {FetchedRun} from './fetched-outputs.ts'
import {fillOperandRow} from './score-operand.ts'

const BATCH = 2
const KEY_VALUE_HEADS = 2
const GROUP = 3
const QUERY_HEADS = KEY_VALUE_HEADS * GROUP
const QUERIES = 2
const KEYS = 4
const LENGTHS = {
  queryHeadCount: QUERY_HEADS,
  keyValueHeadCount: KEY_VALUE_HEADS,
  queryCount: QUERIES,
  keyCount: KEYS,
}
const FULL: Readonly<Record<ScoreAxis, number>> = {
  batch: BATCH,
  head: KEY_VALUE_HEADS,
  group: GROUP,
  'batch-heads': BATCH * QUERY_HEADS,
  query: QUERIES,
  key: KEYS,
}

/** An operand whose numbers say where they lie: one hexadecimal digit an axis. */
function operandOf(axes: readonly ScoreAxis[], dims: readonly number[], batchRow: number) {
  const length = dims.reduce((product, one) => product * one, 1)
  const data = Float32Array.from({length}, (_, flat) => {
    let rest = flat
    let number = 0
    for (let at = dims.length - 1, place = 1; at >= 0; at--, place *= 16) {
      number += (rest % dims[at]!) * place
      rest = Math.floor(rest / dims[at]!)
    }
    return number
  })
  const outputs = {mask: {type: 'float32', dims, data}}
  const run = new FetchedRun(outputs, {batchRow, batchCount: BATCH, queryStart: 0})
  return run.operand({kind: 'tensor', output: 'mask', axes}, LENGTHS)
}

const GROUPED = ['batch', 'head', 'group', 'query', 'key'] as const
const BY_HEADS = ['batch-heads', 'query', 'key'] as const

describe('an operand of the scores', () => {
  // Every axis there or of length 1: what is not there is the same for all.
  const shapes = Array.from({length: 2 ** GROUPED.length}, (_, bits) =>
    GROUPED.map((axis, at) => ((bits >> at) & 1 ? FULL[axis] : 1))
  )

  it.each(shapes.map((dims) => [dims]))('with heads in groups, [%j]', (dims) => {
    for (const batchRow of [0, 1]) {
      const operand = operandOf(GROUPED, dims, batchRow)
      for (let head = 0; head < QUERY_HEADS; head++) {
        for (let query = 0; query < QUERIES; query++) {
          const row = new Float64Array(KEYS)
          fillOperandRow(operand, {head, query, start: 0, end: KEYS}, row)
          // Query heads that share a key-value head follow each other.
          const places = [batchRow, Math.floor(head / GROUP), head % GROUP, query]
          const expected = Array.from({length: KEYS}, (_, key) =>
            [...places, key].reduce((sum, place, at) => sum * 16 + (dims[at] === 1 ? 0 : place), 0)
          )
          expect([...row]).toEqual(expected)
        }
      }
    }
  })

  it('with heads joined to the batch', () => {
    const dims = BY_HEADS.map((axis) => FULL[axis])
    for (const batchRow of [0, 1]) {
      const operand = operandOf(BY_HEADS, dims, batchRow)
      for (let head = 0; head < QUERY_HEADS; head++) {
        const row = new Float64Array(KEYS)
        fillOperandRow(operand, {head, query: 1, start: 0, end: KEYS}, row)
        const first = (batchRow * QUERY_HEADS + head) * 256 + 16
        expect([...row]).toEqual([0, 1, 2, 3].map((key) => first + key))
      }
    }
  })

  it('of another shape is refused', () => {
    expect(() => operandOf(GROUPED, [1, 1, 1, QUERIES, KEYS + 1], 0)).toThrow(ProblemError)
  })
})
