import type {AttributeRequest, AttributionSettings} from '../../../shared/lenses/attribute.ts'
import {
  type BaselineEstimate,
  occludeByReplacing,
  occludeEach,
  randomValues,
  shapleyValues,
} from '../attribution/baselines.ts'
import {descendingOrder} from '../attribution/importance.ts'
import {type Reagent, runReagent} from '../attribution/reagent.ts'
import type {ReplacementSampler, Subject} from '../attribution/subject.ts'
import type {AttentionFound} from './attribution-attention.ts'
import type {AttributedModel} from './attribution-model.ts'
import type {TargetPlan} from './attribution-target.ts'

/** What a method knows of one target so far; arrays have one entry a context position that can be replaced. */
export interface MethodState {
  readonly values: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
  /** Of ReAGent; empty of others. */
  readonly released: Float64Array
  readonly probes: readonly {
    readonly stepCount: number
    readonly hasStopped: boolean
    readonly probDrop: number | null
    /** Of ReAGent: the explained probability in its last stopping test. */
    readonly keptProb: number | null
  }[]
  /** Indices of context positions. */
  readonly rationale: readonly number[]
  readonly startLevel: number | null
  /** Of the attention methods: what the first token of the sequence holds. */
  readonly firstTokenShare?: number
}

/** How far a method is; the state is only made when it is asked for. Null where nothing is known yet. */
export interface MethodStep {
  readonly done: number
  readonly total: number
  readonly state: (() => MethodState) | null
}

export interface MethodRun {
  readonly request: Pick<AttributeRequest, 'method' | 'seed'>
  readonly settings: AttributionSettings
  readonly plan: TargetPlan
  readonly sampler: ReplacementSampler | null
  readonly attributed: AttributedModel
  /** The explained probability of the unchanged text. */
  readonly startProb: number
  /** Of the attention methods. */
  readonly attention: () => AsyncGenerator<{done: number; total: number}, AttentionFound, undefined>
}

/** Scores a context by the method of the request. The last step is the result. */
export async function* runMethod(
  run: MethodRun,
  signal: AbortSignal | undefined
): AsyncGenerator<MethodStep, void, undefined> {
  const {request, settings, plan, attributed} = run
  const {probes: draws, stopK} = settings
  const options = {draws, seed: request.seed}
  switch (request.method) {
    case 'reagent':
      yield* reagentSteps(run, signal)
      return
    case 'occlusion-replace':
      yield* baselineSteps(run, occludeByReplacing(subjectOf(run), options, signal))
      return
    case 'shapley':
      yield* baselineSteps(run, shapleyValues(subjectOf(run), options, signal))
      return
    case 'occlusion-delete': {
      const moved = plan.readPositions.map((position) => position - 1)
      const score = attributed.scorer(plan, stopK, moved)
      const without = (position: number) => plan.ids.filter((_, at) => at !== position)
      yield* occlusionSteps(run, signal, async (positions) => {
        const {prob} = await score(positions.map(without))
        return prob
      })
      return
    }
    case 'occlusion-mask':
      yield* occlusionSteps(run, signal, (positions) =>
        attributed.probsMasked(plan, stopK, positions)
      )
      return
    case 'random':
      yield finished(run, {values: randomValues(plan.contextPositions.length, request.seed)})
      return
    case 'attention-rollout':
    case 'last-attention': {
      const layers = run.attention()
      for (;;) {
        const step = await layers.next()
        if (step.done) {
          const {values, firstTokenShare} = step.value
          yield {...ONE_STEP, state: () => ({...stateOf(run, {values}), firstTokenShare})}
          return
        }
        yield {...step.value, state: null}
      }
    }
  }
}

const ONE_STEP = {done: 1, total: 1}

/** The context with how it is scored and replaced. */
export function subjectOf({plan, sampler, attributed, settings}: MethodRun): Subject {
  if (!sampler) throw new Error('the method replaces tokens and has no sampler')
  const score = attributed.scorer(plan, settings.stopK)
  return {ids: plan.ids, positions: plan.contextPositions, score, sampler}
}

async function* reagentSteps(
  run: MethodRun,
  signal: AbortSignal | undefined
): AsyncGenerator<MethodStep, void, undefined> {
  const {settings, request} = run
  const total = settings.maxSteps
  let done = 0
  let last: Reagent | null = null
  const steps = runReagent(subjectOf(run), {...settings, seed: request.seed}, signal)
  for await (const reagent of steps) {
    last = reagent
    done++
    yield {done, total, state: () => reagent.estimate()}
  }
  if (last) yield {done: total, total, state: () => last.estimate()}
}

async function* baselineSteps(
  run: MethodRun,
  steps: AsyncGenerator<BaselineEstimate, void, undefined>
): AsyncGenerator<MethodStep, void, undefined> {
  for await (const estimate of steps) {
    const {done, total} = estimate
    yield {done, total, state: () => stateOf(run, estimate)}
  }
}

/** Without each context position in turn; `probWithout` has p without each of some positions. */
function occlusionSteps(
  run: MethodRun,
  signal: AbortSignal | undefined,
  probWithout: (positions: readonly number[]) => Promise<Float64Array>
): AsyncGenerator<MethodStep, void, undefined> {
  const {contextPositions} = run.plan
  const probOf = (indices: readonly number[]) =>
    probWithout(indices.map((i) => contextPositions[i]!))
  return baselineSteps(run, occludeEach(run.startProb, contextPositions.length, probOf, signal))
}

function finished(run: MethodRun, {values}: {values: Float64Array}): MethodStep {
  return {...ONE_STEP, state: () => stateOf(run, {values})}
}

/** Methods without probes have as many draws that are done; their rationale is their highest positions. */
function stateOf(
  {settings}: MethodRun,
  {values, low, high, drawCount = 1}: Partial<BaselineEstimate> & {values: Float64Array}
): MethodState {
  const none = () => new Float64Array(values.length).fill(Number.NaN)
  return {
    ...{values, low: low ?? none(), high: high ?? none(), released: new Float64Array(0)},
    probes: Array.from({length: drawCount}, () => ({
      ...{stepCount: 1, hasStopped: true, probDrop: null, keptProb: null},
    })),
    rationale: descendingOrder(values)
      .filter((i) => !Number.isNaN(values[i]))
      .slice(0, settings.keepCount)
      .sort((a, b) => a - b),
    startLevel: null,
  }
}
