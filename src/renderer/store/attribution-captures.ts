import {
  type AttributeRun,
  attributeResultOf,
  foldAttributeEvent,
  startAttributeRun,
} from '../../shared/lenses/assemble-attribute.ts'
import type {
  AttributeEvent,
  AttributeRequest,
  AttributeResult,
  AttributionEstimate,
} from '../../shared/lenses/attribute.ts'

/** What the stopping tests of a target's probes have given so far, as it was told. */
export interface ConvergenceTrace {
  /** Steps of the probe that has made most, one entry a time that it was told. */
  readonly steps: readonly number[]
  /** By probe: the explained probability with its highest positions alone; NaN before a test and after it stopped. */
  readonly keptProbs: readonly (readonly number[])[]
}

/** What has come of an attribution, and how it got there. */
export interface AttributionCapture {
  readonly run: AttributeRun
  /** By row; of ReAGent alone. */
  readonly traces: ReadonlyMap<number, ConvergenceTrace>
}

/** More points are thinned: a plot has fewer pixels. */
const MOST_POINTS = 600

export function startCapture(request: AttributeRequest): AttributionCapture {
  return {run: startAttributeRun(request), traces: new Map()}
}

export function foldCapture(
  capture: AttributionCapture,
  event: AttributeEvent
): AttributionCapture {
  const run = foldAttributeEvent(capture.run, event)
  if (event.kind !== 'estimate' || event.released.length === 0) return {...capture, run}
  const {traces} = capture
  return {run, traces: new Map(traces).set(event.row, withPoint(traces.get(event.row), event))}
}

function withPoint(
  trace: ConvergenceTrace | undefined,
  estimate: AttributionEstimate
): ConvergenceTrace {
  const {probeSteps, keptProbs} = estimate
  const step = probeSteps.reduce((most, count) => Math.max(most, count), 0)
  const before = trace ?? {steps: [], keptProbs: Array.from(probeSteps, () => [])}
  // Told once more at the end.
  if (before.steps.at(-1) === step) return before
  const whole = {
    steps: [...before.steps, step],
    keptProbs: before.keptProbs.map((probs, probe) => [
      ...probs,
      // A probe that has stopped before makes no more tests; its last stands at its own last step.
      probeSteps[probe] === step || probeSteps[probe]! > (before.steps.at(-1) ?? 0)
        ? keptProbs[probe]!
        : Number.NaN,
    ]),
  }
  return whole.steps.length > MOST_POINTS ? thinned(whole) : whole
}

function thinned({steps, keptProbs}: ConvergenceTrace): ConvergenceTrace {
  const keep = (_: unknown, i: number) => i % 2 === (steps.length - 1) % 2
  return {steps: steps.filter(keep), keptProbs: keptProbs.map((probs) => probs.filter(keep))}
}

const results = new WeakMap<AttributeRun, AttributeResult | null>()

/** The result so far, the same object for the same run; null before the text is known. */
export function resultOfCapture(
  {run}: AttributionCapture,
  status: AttributeResult['status']
): AttributeResult | null {
  const known = results.get(run)
  if (known !== undefined && (known === null || known.status === status)) return known
  const result = attributeResultOf(run, status)
  results.set(run, result)
  return result
}
