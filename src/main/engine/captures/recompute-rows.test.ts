import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {NormalSource} from '../../../../fixtures/random.ts'
import {float16BitsOfFloat32} from '../../../shared/math/float16.ts'
import type {
  AttentionCapture,
  CapturedQueriesKeys,
  CapturedRun,
  CapturedStep,
} from './attention-capture.ts'
import {recomputeRows} from './recompute-rows.ts'
import {compactOperand, type ScoreOperand} from './score-operand.ts'

const LOWEST = -3.4028234663852886e38
const TOKENS = 9
const SIZE = 6
const HEADS = 4
const KEY_HEADS = 2

/** What a step does to a score, said once more without any of the capture's forms. */
type Plain = (score: number, head: number, query: number, key: number) => number

interface Case {
  readonly steps: CapturedStep[]
  readonly plain: Plain
}

const FORBIDDEN = Number.NEGATIVE_INFINITY

function dense(at: (head: number, query: number, key: number) => number): ScoreOperand {
  const values = Float32Array.from({length: HEADS * TOKENS * TOKENS}, (_, i) =>
    at(Math.floor(i / TOKENS ** 2), Math.floor(i / TOKENS) % TOKENS, i % TOKENS)
  )
  return {
    kind: 'dense',
    values,
    headStride: TOKENS ** 2,
    queryStride: TOKENS,
    keyStride: 1,
  }
}

function mask(isSeen: (query: number, key: number) => boolean, seen: number, other: number) {
  const values = Float32Array.from({length: TOKENS ** 2}, (_, i) =>
    isSeen(Math.floor(i / TOKENS), i % TOKENS) ? seen : other
  )
  return compactOperand({values, headCount: 1, queryCount: TOKENS, keyCount: TOKENS})
}

const constant = (value: number): ScoreOperand => ({kind: 'constant', value})
const isCausal = (query: number, key: number) => key <= query
const isPadded = (query: number, key: number) => key <= query && key >= 3

const CASES: Readonly<Record<string, Case>> = {
  'no step': {steps: [], plain: (x) => x},
  'a causal band': {
    steps: [{kind: 'band', first: null, last: 0}],
    plain: (x, _, q, k) => (k <= q ? x : FORBIDDEN),
  },
  'a window': {
    steps: [{kind: 'band', first: -2, last: 0}],
    plain: (x, _, q, k) => (k <= q && k > q - 3 ? x : FORBIDDEN),
  },
  'a key count': {
    steps: [{kind: 'key-count', end: 4}],
    plain: (x, _, __, k) => (k < 4 ? x : FORBIDDEN),
  },
  'an added mask of −∞': {
    steps: [{kind: 'add', operand: mask(isCausal, 0, FORBIDDEN)}],
    plain: (x, _, q, k) => (isCausal(q, k) ? x : FORBIDDEN),
  },
  'rows without any key': {
    steps: [{kind: 'add', operand: mask(isPadded, 0, FORBIDDEN)}],
    plain: (x, _, q, k) => (isPadded(q, k) ? x : FORBIDDEN),
  },
  'an added mask of the lowest number, rows wholly masked': {
    steps: [{kind: 'add', operand: mask(isPadded, 0, LOWEST)}],
    plain: (x, _, q, k) => Math.fround(x + (isPadded(q, k) ? 0 : LOWEST)),
  },
  'two masks that leave nothing together': {
    steps: [
      {kind: 'add', operand: mask(isCausal, 0, LOWEST)},
      {kind: 'add', operand: mask((_, key) => key >= 3, 0, LOWEST)},
    ],
    plain: (x, _, q, k) => x + (isCausal(q, k) ? 0 : LOWEST) + (k >= 3 ? 0 : LOWEST),
  },
  'a mild mask': {
    steps: [{kind: 'add', operand: mask(isCausal, 0, -10)}],
    plain: (x, _, q, k) => x + (isCausal(q, k) ? 0 : -10),
  },
  'scale and a soft cap under a chosen mask': {
    steps: [
      {kind: 'mul', operand: constant(0.5)},
      {kind: 'div', operand: constant(2), isReversed: false},
      {kind: 'tanh'},
      {kind: 'mul', operand: constant(2)},
      {
        kind: 'where',
        condition: mask(isCausal, 1, 0),
        other: constant(FORBIDDEN),
        keepsFalse: false,
      },
    ],
    plain: (x, _, q, k) => (isCausal(q, k) ? 2 * Math.tanh((0.5 * x) / 2) : FORBIDDEN),
  },
  'a mask of what is not seen': {
    steps: [
      {kind: 'where', condition: mask(isCausal, 0, 1), other: constant(LOWEST), keepsFalse: true},
    ],
    plain: (x, _, q, k) => (isCausal(q, k) ? x : LOWEST),
  },
  'a mask that a soft cap brings back': {
    steps: [{kind: 'add', operand: mask(isCausal, 0, LOWEST)}, {kind: 'tanh'}],
    plain: (x, _, q, k) => (isCausal(q, k) ? Math.tanh(x) : -1),
  },
  'a floor above the mask': {
    steps: [
      {kind: 'add', operand: mask(isCausal, 0, LOWEST)},
      {kind: 'max', operand: constant(-5)},
    ],
    plain: (x, _, q, k) => (isCausal(q, k) ? Math.max(x, -5) : -5),
  },
  'a floor at the mask': {
    steps: [
      {kind: 'add', operand: mask(isCausal, 0, LOWEST)},
      {kind: 'max', operand: constant(LOWEST)},
    ],
    plain: (x, _, q, k) => (isCausal(q, k) ? x : LOWEST),
  },
  'a bias by head': {
    steps: [{kind: 'add', operand: dense((h, q, k) => 0.3 * h - 0.1 * Math.abs(q - k))}],
    plain: (x, h, q, k) => x + Math.fround(0.3 * h - 0.1 * Math.abs(q - k)),
  },
  'what is left of others': {
    steps: [
      {kind: 'sub', operand: constant(1), isReversed: true},
      {kind: 'min', operand: constant(0.25)},
      {kind: 'div', operand: dense((_, __, k) => k + 1), isReversed: false},
      {
        kind: 'where',
        condition: dense((h) => h % 2),
        other: dense((_, q, k) => q - k),
        keepsFalse: false,
      },
    ],
    plain: (x, h, q, k) => (h % 2 ? Math.min(1 - x, 0.25) / (k + 1) : q - k),
  },
}

const normals = new NormalSource(11)
const queries = normals.normals(HEADS * TOKENS * SIZE, 1)
const keys = normals.normals(KEY_HEADS * TOKENS * SIZE, 1)

function captureOf(
  runs: readonly CapturedRun[],
  parts: Partial<CapturedQueriesKeys> = {}
): AttentionCapture {
  const attention: CapturedQueriesKeys = {
    kind: 'queries-keys',
    keyValueHeadCount: KEY_HEADS,
    size: SIZE,
    queries,
    keys,
    runs,
    ...parts,
  }
  const site = {queryHeadCount: HEADS, attention, valueNorms: null, keysBeforeRotary: null}
  return {
    dtype: 'float32',
    tokenCount: TOKENS,
    layers: [{layer: 3, queryHeadCount: HEADS, sites: [site]}],
  }
}

function wholeRun(steps: readonly CapturedStep[], sink: ScoreOperand | null = null): CapturedRun {
  return {queryStart: 0, queryEnd: TOKENS, keyCount: TOKENS, keys: null, steps, sink}
}

function expectedRow(plain: Plain, head: number, query: number, sink = FORBIDDEN): number[] {
  const keyHead = Math.floor(head / (HEADS / KEY_HEADS))
  const scores = Array.from({length: TOKENS}, (_, key) => {
    let dot = 0
    for (let i = 0; i < SIZE; i++) {
      dot +=
        queries[(head * TOKENS + query) * SIZE + i]! * keys[(keyHead * TOKENS + key) * SIZE + i]!
    }
    return plain(dot, head, query, key)
  })
  const top = Math.max(...scores, sink)
  if (top === FORBIDDEN) return scores.map(() => 0)
  const powers = scores.map((score) => Math.exp(score - top))
  const sum = powers.reduce((a, b) => a + b, Math.exp(sink - top))
  return powers.map((power) => power / sum)
}

function expectRows(
  rows: Float32Array,
  expected: (query: number) => readonly number[],
  queryStart = 0
): void {
  for (let at = 0; at * TOKENS < rows.length; at++) {
    expected(queryStart + at).forEach((weight, key) => {
      const actual = rows[at * TOKENS + key]!
      if (weight === 0) expect(actual).toBe(0)
      else expect(Math.abs(actual - weight)).toBeLessThan(1e-6)
    })
  }
}

describe('recomputeRows', () => {
  it.each(Object.entries(CASES))('replays %s', (_, {steps, plain}) => {
    const capture = captureOf([wholeRun(steps)])
    for (let head = 0; head < HEADS; head++) {
      const rows = recomputeRows(capture, {layer: 3, head, queryStart: 0, queryEnd: TOKENS})
      expectRows(rows, (query) => expectedRow(plain, head, query))
    }
  })

  it('gives any rows by themselves', () => {
    const {steps, plain} = CASES['a causal band']!
    const capture = captureOf([wholeRun(steps)])
    const bounds = fc.tuple(fc.nat(TOKENS), fc.nat(TOKENS), fc.nat(HEADS - 1))
    fc.assert(
      fc.property(bounds, ([a, b, head]) => {
        const [queryStart, queryEnd] = [Math.min(a, b), Math.max(a, b)]
        const rows = recomputeRows(capture, {layer: 3, head, queryStart, queryEnd})
        expect(rows).toHaveLength((queryEnd - queryStart) * TOKENS)
        expectRows(rows, (query) => expectedRow(plain, head, query), queryStart)
      })
    )
  })

  it('joins runs through a cache', () => {
    const cuts = [0, 4, 5, TOKENS]
    const runs = cuts.slice(1).map((queryEnd, at): CapturedRun => {
      const queryStart = cuts[at]!
      const last = queryEnd - (queryEnd - queryStart)
      return {
        queryStart,
        queryEnd,
        keyCount: queryEnd,
        keys: null,
        steps: [{kind: 'band', first: null, last}],
        sink: null,
      }
    })
    const rows = recomputeRows(captureOf(runs), {
      layer: 3,
      head: 2,
      queryStart: 0,
      queryEnd: TOKENS,
    })
    expectRows(rows, (query) => expectedRow(CASES['a causal band']!.plain, 2, query))
  })

  it('takes the keys of a run where each has its own', () => {
    const run = {...wholeRun([]), keys}
    const rows = recomputeRows(captureOf([run], {keys: null}), {
      layer: 3,
      head: 3,
      queryStart: 2,
      queryEnd: 7,
    })
    expectRows(rows, (query) => expectedRow((x) => x, 3, query), 2)
  })

  it('leaves a share to a sink', () => {
    const sinks = [0.5, -1, 2, 0]
    const sink: ScoreOperand = {
      kind: 'dense',
      values: Float32Array.from(sinks),
      headStride: 1,
      queryStride: 0,
      keyStride: 0,
    }
    const capture = captureOf([wholeRun([], sink)])
    sinks.forEach((score, head) => {
      const rows = recomputeRows(capture, {layer: 3, head, queryStart: 0, queryEnd: TOKENS})
      expectRows(rows, (query) => expectedRow((x) => x, head, query, score))
      expect(rows.subarray(0, TOKENS).reduce((a, b) => a + b)).toBeLessThan(0.999)
    })
  })

  it('is within 2e-3 of float32 where queries and keys are halves', () => {
    const capture = captureOf([wholeRun([])], {
      queries: float16BitsOfFloat32(queries),
      keys: float16BitsOfFloat32(keys),
    })
    const rows = recomputeRows(capture, {layer: 3, head: 1, queryStart: 0, queryEnd: TOKENS})
    let worst = 0
    for (let query = 0; query < TOKENS; query++) {
      expectedRow((x) => x, 1, query).forEach((weight, key) => {
        worst = Math.max(worst, Math.abs(weight - rows[query * TOKENS + key]!))
      })
    }
    expect(worst).toBeGreaterThan(0)
    expect(worst).toBeLessThan(2e-3)
  })

  it('refuses what is not there', () => {
    const capture = captureOf([{...wholeRun([]), queryEnd: 5}])
    const request = {layer: 3, head: 0, queryStart: 0, queryEnd: 5}
    expect(() => recomputeRows(capture, request)).not.toThrow()
    for (const wrong of [{layer: 2}, {head: 4}, {head: -1}, {queryEnd: 10}, {queryEnd: 6}]) {
      expect(() => recomputeRows(capture, {...request, ...wrong})).toThrow(RangeError)
    }
  })
})
