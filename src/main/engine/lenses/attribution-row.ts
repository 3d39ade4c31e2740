import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import type {
  AttributeEvent,
  AttributeRequest,
  AttributionRow,
  AttributionSettings,
} from '../../../shared/lenses/attribute.ts'
import {rankCorrelation} from '../../../shared/math/rank-correlation.ts'
import {measureCurves} from '../attribution/curves.ts'
import {faithfulnessDrawCount, measureFaithfulness} from '../attribution/faithfulness.ts'
import {softmaxOf} from '../attribution/importance.ts'
import {type Reagent, runReagent} from '../attribution/reagent.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import type {AttributeContext} from './attribute.ts'
import {attentionValues} from './attribution-attention.ts'
import {type MethodRun, type MethodState, runMethod, subjectOf} from './attribution-method.ts'
import type {AttributedModel} from './attribution-model.ts'
import {prepareSampler, type SamplerChoice} from './attribution-sampler.ts'
import type {TargetPlan} from './attribution-target.ts'
import {rowWarnings} from './attribution-warnings.ts'

/** Estimates are handed on at most so often; the first at once. */
const ESTIMATE_INTERVAL_MS = 50
/** Machines have slow spells: what is left is estimated from above. */
const UPPER_FACTOR = 1.3
/** Draws of what stands for the tokens that a curve takes away. */
const CURVE_DRAWS = 4

/** What was run for a row so far. */
type Work = Pick<AttributionRow, 'work' | 'redrawnCount'>

export interface RowContext {
  readonly context: AttributeContext
  readonly request: AttributeRequest
  readonly settings: AttributionSettings
  readonly plan: TargetPlan
  /** Which target it is, from 0. */
  readonly row: number
  readonly model: GraphedModel
  readonly tokenizer: Tokenizer
  readonly attributed: AttributedModel
  readonly sampler: SamplerChoice | null
  readonly signal: AbortSignal
}

/** One target: its attribution, then what checks of it were asked for. */
export class AttributionRowRun {
  readonly warnings: Warning[] = []
  private result: AttributionRow | null = null
  private run: MethodRun | null = null
  private state: MethodState | null = null
  private startedMs = 0

  constructor(private readonly at: RowContext) {}

  async *attribute(): AsyncGenerator<AttributeEvent, void, undefined> {
    const {context, plan, attributed, row, request, settings, model, tokenizer, signal} = this.at
    const start = await attributed.scorer(plan, settings.stopK)([plan.ids])
    const target = await this.target(start.prob[0]!)
    if (this.at.sampler) yield this.progress('sampling', 0, 1)
    const {sampler, setupTokenCount} = this.at.sampler
      ? await prepareSampler(context, this.at.sampler, {plan, tokenizer, attributed}, signal)
      : {sampler: null, setupTokenCount: 0}
    const before = {tokens: attributed.tokenCount, sequences: attributed.sequenceCount}
    const run: MethodRun = {
      ...{request, settings, plan, sampler, attributed, startProb: start.prob[0]!},
      attention: () =>
        attentionValues(
          request.method === 'last-attention' ? 'last-attention' : 'attention-rollout',
          {context, ref: request, model, ids: plan.ids, signal},
          plan
        ),
    }
    this.run = run
    const work = (): Work => ({
      work: {
        sequenceCount: attributed.sequenceCount - before.sequences,
        tokenCount: attributed.tokenCount - before.tokens,
        setupTokenCount,
      },
      redrawnCount: sampler?.redrawnCount ?? 0,
    })
    this.startedMs = performance.now()
    let toldMs = Number.NEGATIVE_INFINITY
    for await (const {done, total, state} of runMethod(run, signal)) {
      const isLast = done === total
      if (!isLast && performance.now() - toldMs < ESTIMATE_INTERVAL_MS) continue
      if (state) {
        this.state = state()
        yield this.estimate(target, this.state, work())
      }
      yield this.progress('attributing', done, total)
      toldMs = performance.now()
    }
    const result = rowOf(this.at, {target, state: this.state!, ...work()})
    this.result = await this.withSparse(result)
    this.warnings.push(...rowWarnings(this.result, {request, plan, otherProb: start.otherProb[0]!}))
    yield {kind: 'row', row, result: this.result}
  }

  /** Faithfulness and curves, where they were asked for. */
  async *check(): AsyncGenerator<AttributeEvent, void, undefined> {
    const {request, row} = this.at
    if (!request.faithfulness && !request.curves) return
    if (request.faithfulness) yield* this.checkFaithfulness()
    if (request.curves) {
      yield this.progress('checking', 0, 1)
      const {seed} = request
      const options = {drawCount: CURVE_DRAWS, seed}
      const values = this.result!.values.map(({value}) => value)
      const curves = await measureCurves(subjectOf(this.run!), values, options, this.at.signal)
      this.result = {...this.result!, curves}
    }
    yield {kind: 'row', row, result: this.result!}
  }

  private async *checkFaithfulness(): AsyncGenerator<AttributeEvent, void, undefined> {
    const {plan, request, attributed, signal} = this.at
    const state = this.state!
    const shares = state.released.length > 0 ? state.released : softmaxOf(state.values)
    try {
      const text = attributed.perturbed(plan, shares)
      const total = faithfulnessDrawCount(text, request.draws)
      this.startedMs = performance.now()
      yield this.progress('checking', 0, total)
      const {draws, seed} = request
      const measuring = measureFaithfulness(text, {draws, seed}, signal)
      for (;;) {
        const step = await measuring.next()
        if (step.done) {
          this.result = {...this.result!, faithfulness: step.value}
          return
        }
        yield this.progress('checking', step.value, total)
      }
    } catch (error) {
      // The attribution stands without it.
      if (!(error instanceof ProblemError)) throw error
      const {code, message, found} = error.problem
      const what = `No faithfulness: ${message}${found ? ` Found: ${found}.` : ''}`
      this.warnings.push({code: `faithfulness-${code}`, message: what})
    }
  }

  /** What a sparse stopping test changed: the exact mode makes the same steps, and stops where it would have. */
  private async withSparse(result: AttributionRow): Promise<AttributionRow> {
    const {request, settings, signal, attributed} = this.at
    if (request.method !== 'reagent' || settings.testEvery === 1) return result
    const {testEvery} = settings
    if (!request.compareExact) {
      return {...result, sparse: {testEvery, savedShare: null, rankCorrelation: null}}
    }
    const before = attributed.tokenCount
    const options = {...settings, testEvery: 1, seed: request.seed}
    let exact: Reagent | null = null
    for await (const step of runReagent(subjectOf(this.run!), options, signal)) exact = step
    const tokenCount = attributed.tokenCount - before
    const sparse = {
      testEvery,
      savedShare: 1 - result.work.tokenCount / tokenCount,
      rankCorrelation: rankCorrelation(
        result.values.map(({value}) => value),
        exact!.estimate().values
      ),
    }
    return {...result, sparse}
  }

  private async target(prob: number): Promise<AttributionRow['target']> {
    const {plan, attributed, settings} = this.at
    const {positions, tokenIds, contrastId} = plan
    const target = {positions: [...positions], tokenIds: [...tokenIds], contrastId}
    if (contrastId === null) return {...target, prob, contrastProb: null}
    // Of a contrast the two probabilities stand beside the share of the first.
    const alone = async (tokenId: number) => {
      const score = attributed.scorer(
        {...plan, tokenIds: [tokenId], contrastId: null},
        settings.stopK
      )
      return (await score([plan.ids])).prob[0]!
    }
    const [first, second] = [await alone(tokenIds[0]!), await alone(contrastId)]
    return {...target, prob: first, contrastProb: second}
  }

  private estimate(
    target: AttributionRow['target'],
    state: MethodState,
    {work, redrawnCount}: Work
  ): AttributeEvent {
    const {probes, startLevel, rationale} = state
    const {contextPositions} = this.at.plan
    return {
      ...{kind: 'estimate', row: this.at.row, target, startLevel},
      values: Float64Array.from(state.values),
      low: Float64Array.from(state.low),
      high: Float64Array.from(state.high),
      released: Float64Array.from(state.released),
      positions: Int32Array.from(contextPositions),
      probeSteps: Int32Array.from(probes, ({stepCount}) => stepCount),
      probeStopped: Uint8Array.from(probes, ({hasStopped}) => (hasStopped ? 1 : 0)),
      keptProbs: Float64Array.from(probes, ({keptProb}) => keptProb ?? Number.NaN),
      probDrop: meanDrop(probes),
      rationale: Int32Array.from(rationale, (i) => contextPositions[i]!),
      ...{redrawnCount, work},
    }
  }

  private progress(
    phase: 'sampling' | 'attributing' | 'checking',
    done: number,
    total: number
  ): AttributeEvent {
    const elapsed = (performance.now() - this.startedMs) / 1000
    const secondsLeft = done === 0 ? null : UPPER_FACTOR * (elapsed / done) * (total - done)
    return {kind: 'progress', phase, done, total, secondsLeft}
  }
}

function rowOf(
  {plan}: RowContext,
  found: {
    readonly target: AttributionRow['target']
    readonly state: MethodState
  } & Work
): AttributionRow {
  const {values, low, high, released, probes, rationale, startLevel, firstTokenShare} = found.state
  const {contextPositions} = plan
  const orNull = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? null : value
  const entry = (position: number, i: number) => ({position, value: values[i]!})
  return {
    target: found.target,
    values: contextPositions.map((position, i) => ({
      ...entry(position, i),
      ...{low: orNull(low[i]), high: orNull(high[i])},
    })),
    ...(released.length > 0 && {
      released: contextPositions.map((position, i) => ({position, value: released[i]!})),
    }),
    stepCount: Math.max(...probes.map(({stepCount}) => stepCount)),
    stopReason: probes.some(({hasStopped}) => hasStopped) ? 'converged' : 'max-steps',
    probes: probes.map(({stepCount, hasStopped, probDrop}) => ({
      ...{stepCount, converged: hasStopped, probDrop},
    })),
    rationale: rationale.map((i) => contextPositions[i]!),
    redrawnCount: found.redrawnCount,
    probDrop: meanDrop(probes),
    ...{startLevel, work: found.work},
    ...(firstTokenShare !== undefined && {firstTokenShare}),
  }
}

function meanDrop(probes: readonly {readonly probDrop: number | null}[]): number | null {
  const drops = probes.flatMap(({probDrop}) => probDrop ?? [])
  return drops.length > 0 ? drops.reduce((sum, drop) => sum + drop, 0) / drops.length : null
}
