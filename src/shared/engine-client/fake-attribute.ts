import {tokenTableOf} from '../domain/token.ts'
import type {
  AttributeEvent,
  AttributeRequest,
  AttributionRow,
  AttributionTrialResult,
} from '../lenses/attribute.ts'
import {ATTRIBUTION_PRESETS, keptCountOf} from '../lenses/attribution-presets.ts'
import {FAKE_PROVENANCE} from './fake-model.ts'
import {fakeEncodePrompt} from './fake-prompt.ts'

/** Steps after which each pretended probe stops. */
const STOPS = [4, 9, 14, 30]
/** Steps that are told. */
const TOLD = [1, 5, 10, 20, 30]

/** An attribution that converges onto every third token, by steps that are plausible and never measured. */
export async function* runFakeAttribution(
  request: AttributeRequest,
  {contextLength, pause}: {contextLength: number; pause: (signal: AbortSignal) => Promise<void>},
  signal: AbortSignal
): AsyncGenerator<AttributeEvent, void, undefined> {
  const {text, parts} = fakeEncodePrompt(request, contextLength)
  const positions = parts.flatMap(({isSpecial}, position) => (isSpecial ? [] : [position]))
  const preset = ATTRIBUTION_PRESETS[request.preset]
  await pause(signal)
  yield {
    kind: 'tokenized',
    text,
    promptTokenCount: parts.length,
    tokens: tokenTableOf(parts),
    turns: [],
    provenance: FAKE_PROVENANCE,
    settings: {
      ...{ratio: preset.ratio, overlap: preset.overlap, stopK: preset.stopK},
      ...{maxSteps: request.maxSteps ?? preset.maxSteps, probes: STOPS.length},
      keepCount: Math.min(positions.length, keptCountOf(preset.keep, positions.length)),
      ...{testEvery: request.testEvery, sampler: 'uniform', mlm: null},
    },
    warnings: [],
  }
  const target = {
    ...{positions: [parts.length], tokenIds: [5], contrastId: null},
    ...{prob: 0.75, contrastProb: null},
  }
  const isReagent = request.method === 'reagent'
  for (const step of TOLD) {
    await pause(signal)
    const stopped = STOPS.map((stop) => (stop <= step ? 1 : 0))
    const hasStopped = stopped.some(Boolean)
    const values = Float64Array.from(positions, (position) => fakeValue(position, step))
    yield {kind: 'progress', phase: 'attributing', done: step, total: 30, secondsLeft: 30 - step}
    yield {
      ...{kind: 'estimate', row: 0, target, values},
      positions: Int32Array.from(positions),
      low: values.map((value) => (hasStopped ? value - 0.1 : Number.NaN)),
      high: values.map((value) => (hasStopped ? value + 0.1 : Number.NaN)),
      released: Float64Array.from(isReagent ? sharesOf(values) : []),
      probeSteps: Int32Array.from(STOPS, (stop) => Math.min(stop, step)),
      probeStopped: Uint8Array.from(stopped),
      keptProbs: Float64Array.from(STOPS, (stop) => 0.75 * Math.min(1, step / stop)),
      ...{probDrop: 0.25, startLevel: isReagent ? 1.5 / positions.length : null, redrawnCount: 2},
      rationale: Int32Array.from(rationaleOf(positions)),
      work: workOf(2 * step * STOPS.length, positions.length),
    }
  }
  yield {kind: 'row', row: 0, result: fakeRow(positions, target, isReagent)}
  yield {kind: 'completed', warnings: [], timing: {runMs: 1, totalMs: 2}}
}

export function fakeTrial(changeCount: number): AttributionTrialResult {
  return {before: 0.75, after: 0.75 / (1 + changeCount)}
}

function fakeRow(
  positions: readonly number[],
  target: AttributionRow['target'],
  isReagent: boolean
): AttributionRow {
  const values = positions.map((position) => {
    const value = fakeValue(position, 30)
    return {position, value, low: value - 0.1, high: value + 0.1}
  })
  const shares = sharesOf(values.map(({value}) => value))
  return {
    ...{target, values},
    ...(isReagent && {released: positions.map((position, i) => ({position, value: shares[i]!}))}),
    ...{stepCount: 30, stopReason: 'converged'},
    probes: STOPS.map((stepCount) => ({stepCount, converged: true, probDrop: 0.25})),
    rationale: rationaleOf(positions),
    ...{redrawnCount: 2, probDrop: 0.25, startLevel: isReagent ? 1.5 / positions.length : null},
    work: workOf(115, positions.length),
  }
}

const rationaleOf = (positions: readonly number[]) =>
  positions.filter((position) => position % 3 === 0)

const workOf = (sequenceCount: number, length: number) => ({
  ...{sequenceCount, tokenCount: sequenceCount * length, setupTokenCount: 0},
})

/** Nearer to its end with every step. */
function fakeValue(position: number, step: number): number {
  return ((position % 3 === 0 ? 0.6 : -0.3) * step) / (step + 3)
}

function sharesOf(values: ArrayLike<number>): number[] {
  const weights = Array.from(values, (value) => 1 + value)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}
