import type {CapturedRun, CapturedStep} from '../captures/attention-capture.ts'
import type {DenseOperand, RangesOperand, ScoreOperand} from '../captures/score-operand.ts'
import {NEVER_SEEN, ScoreRanges} from '../captures/score-ranges.ts'
import {type OperandForm, SCORE_INPUTS, type StepForm} from '../onnx/score-graph.ts'
import type {FedNumbers} from './score-runner.ts'

/** Factors between this and its reciprocal are taken into the queries, far from where float32 ends. */
const SMALLEST_FACTOR = 1e-4

/** A block of one head's scores: queries of a run, counted from its start, and keys. */
export interface BlockPlace {
  readonly head: number
  /** Of each row of the block. */
  readonly queries: Int32Array
  readonly keyStart: number
  readonly keyEnd: number
}

/** The steps of a run as a graph computes them, and what it is fed for a block. */
export interface RunForm {
  /** What queries are multiplied with before any step. */
  readonly scale: number
  readonly steps: readonly StepForm[]
  /** Every step does the same to all keys. */
  readonly isAlikeForKeys: boolean
  readonly ranges: ScoreRanges
  /** Null where a number of the block is as good as infinite: then the block is no graph's to compute. */
  readonly feedsOf: (place: BlockPlace) => Record<string, FedNumbers> | null
}

type OperandStep = Extract<CapturedStep, {operand: ScoreOperand}>

/** How a graph computes a run's steps; null where one of them cannot be said by it. */
export function runForm(run: CapturedRun): RunForm | null {
  const ranges = new ScoreRanges(run)
  const steps: StepForm[] = []
  const operands: (ScoreOperand | null)[] = []
  let scale = 1
  for (const step of run.steps) {
    if (ranges.isToldBySeen(step)) continue
    const factor = steps.length === 0 ? factorOf(step) : null
    if (factor !== null) {
      scale *= factor
      continue
    }
    if (step.kind === 'tanh') {
      steps.push(step)
      operands.push(null)
      continue
    }
    if (!('operand' in step) || !isSayable(step)) return null
    const {operand} = step
    const form = formOf(operand)
    steps.push(
      step.kind === 'sub' || step.kind === 'div'
        ? {kind: step.kind, operand: form, isReversed: step.isReversed}
        : {kind: step.kind, operand: form}
    )
    operands.push(operand)
  }
  if (run.sink?.kind === 'ranges') return null
  const feedsOf = (place: BlockPlace) => {
    const feeds: Record<string, FedNumbers> = {}
    for (const [at, operand] of operands.entries()) {
      if (operand && !feedOperand(feeds, at, operand, place)) return null
    }
    if (run.sink && !feedSink(feeds, run.sink, place)) return null
    return feeds
  }
  const isAlikeForKeys = operands.every((operand) => !operand || operand.kind === 'constant')
  return {scale, steps, isAlikeForKeys, ranges, feedsOf}
}

/** What a step multiplies every score with, where that is all it does and a number of some size. */
function factorOf(step: CapturedStep): number | null {
  if (step.kind !== 'mul' && step.kind !== 'div') return null
  if (step.operand.kind !== 'constant' || ('isReversed' in step && step.isReversed)) return null
  const factor = step.kind === 'mul' ? step.operand.value : 1 / step.operand.value
  return Math.abs(factor) > SMALLEST_FACTOR && Math.abs(factor) < 1 / SMALLEST_FACTOR
    ? factor
    : null
}

function formOf(operand: ScoreOperand): OperandForm {
  return operand.kind
}

/** Masks that were not told in full would have to be told from scores that are only very low. */
function isSayable({operand}: OperandStep): boolean {
  return operand.kind !== 'ranges' || (isPlain(operand.inside) && isPlain(operand.outside))
}

function isPlain(value: number): boolean {
  return Math.abs(value) < -NEVER_SEEN
}

function feedOperand(
  feeds: Record<string, FedNumbers>,
  at: number,
  operand: ScoreOperand,
  place: BlockPlace
): boolean {
  const name = SCORE_INPUTS.operand(at)
  switch (operand.kind) {
    case 'constant':
      feeds[name] = scalar(operand.value)
      return true
    case 'ranges':
      feeds[name] = scalar(operand.inside)
      feeds[SCORE_INPUTS.outside(at)] = scalar(operand.outside)
      feeds[SCORE_INPUTS.rangeStarts(at)] = bounds(operand, operand.starts, place)
      feeds[SCORE_INPUTS.rangeEnds(at)] = bounds(operand, operand.ends, place)
      return true
    case 'dense': {
      const fed = denseBlock(operand, place)
      if (fed) feeds[name] = fed
      return fed !== null
    }
  }
}

function feedSink(
  feeds: Record<string, FedNumbers>,
  sink: ScoreOperand,
  place: BlockPlace
): boolean {
  const rowCount = place.queries.length
  const values = new Float32Array(rowCount)
  if (sink.kind === 'constant') values.fill(sink.value)
  else if (sink.kind === 'dense') {
    for (let row = 0; row < rowCount; row++) {
      const at = place.head * sink.headStride + place.queries[row]! * sink.queryStride
      values[row] = sink.values[at]!
    }
  }
  feeds[SCORE_INPUTS.sink] = {values, dims: [rowCount, 1]}
  return values.every(isPlain)
}

function scalar(value: number): FedNumbers {
  return {values: Float32Array.of(value), dims: []}
}

function bounds({starts}: RangesOperand, all: Uint32Array, {queries}: BlockPlace): FedNumbers {
  const values = Float32Array.from(queries, (query) => all[starts.length === 1 ? 0 : query]!)
  return {values, dims: [queries.length, 1]}
}

function denseBlock(
  operand: DenseOperand,
  {head, queries, keyStart, keyEnd}: BlockPlace
): FedNumbers | null {
  const {values, headStride, queryStride, keyStride} = operand
  const rowCount = queryStride === 0 ? 1 : queries.length
  const columnCount = keyStride === 0 ? 1 : keyEnd - keyStart
  const block = new Float32Array(rowCount * columnCount)
  for (let row = 0, to = 0; row < rowCount; row++) {
    const base = head * headStride + queries[row]! * queryStride + keyStart * keyStride
    for (let column = 0; column < columnCount; column++) {
      const value = values[base + column * keyStride]!
      if (!isPlain(value)) return null
      block[to++] = value
    }
  }
  return {values: block, dims: [rowCount, columnCount]}
}
