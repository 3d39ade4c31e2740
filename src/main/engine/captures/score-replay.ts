import type {CapturedRun, CapturedStep} from './attention-capture.ts'
import {fillOperandRow} from './score-operand.ts'
import {NEVER_SEEN, numberOfConstant, ScoreRanges} from './score-ranges.ts'

/**
 * Replays one head's scores in one run and takes their softmax, in float64. Only keys that a query can see
 * are computed, where the steps say so in ranges.
 */
export class ScoreReplay {
  private readonly scores: Float64Array
  private readonly operandRow: Float64Array
  private readonly head: number
  private readonly size: number
  /** [key, size]. */
  private readonly keys: Float32Array
  /** The query of the row. */
  private readonly vector: Float64Array
  private readonly ranges: ScoreRanges

  constructor(
    private readonly run: CapturedRun,
    {head, size, keys}: {head: number; size: number; keys: Float32Array}
  ) {
    this.head = head
    this.size = size
    this.keys = keys
    this.vector = new Float64Array(size)
    this.scores = new Float64Array(run.keyCount)
    this.operandRow = new Float64Array(run.keyCount)
    this.ranges = new ScoreRanges(run)
  }

  /** Writes the weights of a query, counted in the text, to a row of zeros of the run's keys. */
  writeRow(query: number, vector: Float32Array, row: Float32Array): void {
    const at = query - this.run.queryStart
    const [start, end] = this.ranges.allowed(at)
    const [seenStart, seenEnd] = this.ranges.seen(at)
    if (seenStart < seenEnd) {
      const largest = this.computeScores(at, vector, seenStart, seenEnd)
      // Otherwise all that is seen is masked once more, so the masked ones count as well.
      if (!(largest <= NEVER_SEEN) || (seenStart === start && seenEnd === end)) {
        this.writeSoftmax(at, {start: seenStart, end: seenEnd, largest}, row)
        return
      }
    }
    if (start >= end) return
    const largest = this.computeScores(at, vector, start, end)
    this.writeSoftmax(at, {start, end, largest}, row)
  }

  /** Scores of a query, counted in the text, for all keys of the run: −∞ where steps forbid them outright. */
  scoreRow(query: number, vector: Float32Array): Float64Array {
    const at = query - this.run.queryStart
    const [start, end] = this.ranges.allowed(at)
    this.computeScores(at, vector, start, end)
    const row = new Float64Array(this.run.keyCount).fill(Number.NEGATIVE_INFINITY)
    row.set(this.scores.subarray(start, end), start)
    return row
  }

  /** Fills `scores` for keys [start, end); returns the largest, NaN where one of them is none. */
  private computeScores(query: number, vector: Float32Array, start: number, end: number): number {
    this.multiply(vector, start, end)
    for (const step of this.run.steps) this.apply(step, {query, start, end})
    const {scores} = this
    let largest = Number.NEGATIVE_INFINITY
    for (let key = start; key < end; key++) {
      const score = scores[key]!
      // Every comparison with NaN fails, so it is asked for what is not at most the largest.
      if (!(score <= largest)) largest = score
      if (Number.isNaN(largest)) break
    }
    return largest
  }

  /** Four keys at a time, so that a number of the query is read once for all of them. */
  private multiply(query: Float32Array, start: number, end: number): void {
    const {keys, scores, size, vector} = this
    vector.set(query)
    let key = start
    for (; key + 4 <= end; key += 4) {
      const first = key * size
      const second = first + size
      const third = second + size
      const fourth = third + size
      let a = 0
      let b = 0
      let c = 0
      let d = 0
      for (let i = 0; i < size; i++) {
        const x = vector[i]!
        a += x * keys[first + i]!
        b += x * keys[second + i]!
        c += x * keys[third + i]!
        d += x * keys[fourth + i]!
      }
      scores[key] = a
      scores[key + 1] = b
      scores[key + 2] = c
      scores[key + 3] = d
    }
    for (; key < end; key++) {
      let sum = 0
      for (let i = 0; i < size; i++) sum += vector[i]! * keys[key * size + i]!
      scores[key] = sum
    }
  }

  private apply(
    step: CapturedStep,
    {query, start, end}: {query: number; start: number; end: number}
  ): void {
    const {scores, operandRow: row} = this
    if (step.kind === 'tanh') {
      for (let key = start; key < end; key++) scores[key] = Math.tanh(scores[key]!)
      return
    }
    if (step.kind === 'band' || step.kind === 'key-count') return
    const place = {head: this.head, query, start, end}
    if (step.kind === 'where') {
      this.choose(step, place)
      return
    }
    fillOperandRow(step.operand, place, row)
    combine(step, scores, row, start, end)
  }

  private choose(
    step: CapturedStep & {kind: 'where'},
    place: {head: number; query: number; start: number; end: number}
  ): void {
    const {scores, operandRow: row} = this
    const {start, end} = place
    // First the other's numbers are put where the condition says so, then taken over.
    fillOperandRow(step.condition, place, row)
    const others = numberOfConstant(step.other) === null ? new Float64Array(end) : null
    if (others) fillOperandRow(step.other, place, others)
    const constant = numberOfConstant(step.other) ?? 0
    for (let key = start; key < end; key++) {
      if ((row[key] !== 0) === step.keepsFalse) scores[key] = others ? others[key]! : constant
    }
  }

  private writeSoftmax(
    query: number,
    {start, end, largest}: {start: number; end: number; largest: number},
    row: Float32Array
  ): void {
    const {scores} = this
    const sink = this.sinkScore(query)
    const top = Math.max(largest, sink)
    // A broken model: its weights are no numbers, and must not look like zeros.
    if (!Number.isFinite(top) && top !== Number.NEGATIVE_INFINITY) {
      row.fill(Number.NaN, start, end)
      return
    }
    // No key at all: the graph's guard makes zeros of what would be no number.
    if (top === Number.NEGATIVE_INFINITY) return
    let sum = Math.exp(sink - top)
    for (let key = start; key < end; key++) {
      const power = Math.exp(scores[key]! - top)
      scores[key] = power
      sum += power
    }
    for (let key = start; key < end; key++) row[key] = scores[key]! / sum
  }

  private sinkScore(query: number): number {
    const {sink} = this.run
    if (!sink) return Number.NEGATIVE_INFINITY
    fillOperandRow(sink, {head: this.head, query, start: 0, end: 1}, this.operandRow)
    return this.operandRow[0]!
  }
}

type Binary = Exclude<CapturedStep, {kind: 'tanh' | 'where' | 'band' | 'key-count'}>

function combine(
  step: Binary,
  x: Float64Array,
  operand: Float64Array,
  start: number,
  end: number
): void {
  switch (step.kind) {
    case 'add':
      for (let i = start; i < end; i++) x[i] = x[i]! + operand[i]!
      return
    case 'mul':
      for (let i = start; i < end; i++) x[i] = x[i]! * operand[i]!
      return
    case 'max':
      for (let i = start; i < end; i++) x[i] = Math.max(x[i]!, operand[i]!)
      return
    case 'min':
      for (let i = start; i < end; i++) x[i] = Math.min(x[i]!, operand[i]!)
      return
    case 'sub':
      for (let i = start; i < end; i++) {
        x[i] = step.isReversed ? operand[i]! - x[i]! : x[i]! - operand[i]!
      }
      return
    case 'div':
      for (let i = start; i < end; i++) {
        x[i] = step.isReversed ? operand[i]! / x[i]! : x[i]! / operand[i]!
      }
  }
}
