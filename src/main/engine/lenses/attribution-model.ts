import {ProblemError} from '../../../shared/domain/problem.ts'
import {computeNormalizer} from '../../../shared/math/distribution.ts'
import {exp} from '../../../shared/math/exp.ts'
import type {PerturbedText} from '../attribution/faithfulness.ts'
import type {Candidates} from '../attribution/samplers.ts'
import type {ScoreSequences} from '../attribution/subject.ts'
import {sharedBiasOf} from '../onnx/intervention-feeds.ts'
import {buildInterventionGraph, type InterventionRequest} from '../onnx/intervention-graph.ts'
import {BatchRunner} from '../runtime/batch-runner.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {BatchedEvent, BatchWish, FedTensors} from '../runtime/worker-protocol.ts'
import type {TargetPlan} from './attribution-target.ts'
import {sizesOf} from './intervention-run.ts'

/** Every run of the attributed model that an attribution needs. Aborted, all of them reject with the signal's reason. */
export class AttributedModel {
  private readonly plain: BatchRunner
  private readonly changed = new Map<string, BatchRunner>()

  constructor(
    private readonly sessions: InstrumentedSessions,
    private readonly model: GraphedModel,
    private readonly signal: AbortSignal | undefined
  ) {
    this.plain = new BatchRunner(sessions, model)
  }

  /** Tokens of all sequences that were run. */
  get tokenCount(): number {
    return this.runners().reduce((sum, {tokenCount}) => sum + tokenCount, 0)
  }

  get sequenceCount(): number {
    return this.runners().reduce((sum, {sequenceCount}) => sum + sequenceCount, 0)
  }

  /** How sequences are scored for a target; `readPositions` may be moved where tokens were deleted. */
  scorer(plan: TargetPlan, stopK: number, readPositions = plan.readPositions): ScoreSequences {
    const {tokenIds, contrastId} = plan
    const wanted: BatchWish = {kind: 'targets', tokenIds, contrastId, stopK}
    return (sequences) => this.scores(this.plain, {sequences, positions: readPositions, wanted})
  }

  /** How the target does with each of some positions masked: blocked for every other query. */
  async probsMasked(
    {ids, tokenIds, contrastId, readPositions: positions}: TargetPlan,
    stopK: number,
    masked: readonly number[]
  ): Promise<Float64Array> {
    const {runner, inputs} = this.editedFor({sharedBias: true})
    const {length} = ids
    const wanted: BatchWish = {kind: 'targets', tokenIds, contrastId, stopK}
    const added = masked.map((key): FedTensors => {
      const data = sharedBiasOf({maskKeys: [key]}, {pastCount: 0, length})
      return {[inputs.sharedBias!]: {type: 'float32', data, dimensions: [length, length]}}
    })
    const sequences = masked.map(() => ids)
    return (await this.scores(runner, {sequences, positions, wanted, added})).prob
  }

  /** Runs with embeddings scaled, for the soft metrics. Throws a Problem where they cannot be. */
  perturbed(plan: TargetPlan, shares: Float64Array): PerturbedText {
    const {runner, inputs} = this.editedFor({embeddingScale: true})
    const {hiddenSize} = sizesOf(this.model)
    const {readPositions: positions, tokenIds, contrastId} = plan
    const tokenCount = plan.ids.length
    return {
      ...{tokenCount, hiddenSize, shares, positions: plan.contextPositions},
      specialPositions: plan.specialPositions,
      distributionsOf: async (factors) => {
        const added = factors.map((data): FedTensors => {
          const dimensions = [1, tokenCount, hiddenSize]
          return {[inputs.embeddingScale!]: {type: 'float32', data, dimensions}}
        })
        const sequences = factors.map(() => plan.ids)
        const events = await this.events(runner, {
          ...{sequences, positions, added, wanted: {kind: 'rows'}},
        })
        return events.map(({logits}) => {
          const width = logits.length / positions.length
          return positions.map((_, i) => {
            const row = logits.subarray(i * width, (i + 1) * width)
            return contrastId === null
              ? probabilitiesOf(row)
              : probabilitiesOf(Float32Array.of(row[tokenIds[i]!]!, row[contrastId]!))
          })
        })
      },
    }
  }

  /** The likeliest tokens after some positions of a sequence, by position. */
  async likeliest(
    ids: Int32Array,
    positions: readonly number[],
    count: number
  ): Promise<Map<number, Candidates>> {
    return likeliestAfter(this.plain, ids, positions, count, this.signal)
  }

  private editedFor(request: InterventionRequest) {
    const name = JSON.stringify(request)
    const graph = buildInterventionGraph(this.model.graph, this.model.structure, request)
    if (graph.problems[0]) throw new ProblemError(graph.problems[0])
    let runner = this.changed.get(name)
    if (!runner) {
      const {layers, hiddenSize} = sizesOf(this.model)
      runner = new BatchRunner(this.sessions, this.model, {name, graph, layers, hiddenSize})
      this.changed.set(name, runner)
    }
    return {runner, inputs: graph.inputs}
  }

  private runners(): BatchRunner[] {
    return [this.plain, ...this.changed.values()]
  }

  private async scores(runner: BatchRunner, work: Parameters<BatchRunner['run']>[0]) {
    const count = work.sequences.length
    const column = () => new Float64Array(count)
    const scores = {prob: column(), otherProb: column(), margin: column()}
    for (const event of await this.events(runner, work)) {
      for (const name of ['prob', 'otherProb', 'margin'] as const) {
        scores[name].set(event[name], event.firstSequence)
      }
    }
    return scores
  }

  private async events(
    runner: BatchRunner,
    work: Parameters<BatchRunner['run']>[0]
  ): Promise<BatchedEvent[]> {
    const events: BatchedEvent[] = []
    await runner.run(work, {signal: this.signal, onBatched: (event) => events.push(event)})
    this.signal?.throwIfAborted()
    return events
  }
}

/** The likeliest tokens after some positions of one sequence, by position. */
export async function likeliestAfter(
  runner: BatchRunner,
  ids: Int32Array,
  positions: readonly number[],
  count: number,
  signal: AbortSignal | undefined
): Promise<Map<number, Candidates>> {
  const found = new Map<number, Candidates>()
  if (positions.length === 0) return found
  await runner.run(
    {sequences: [ids], positions, wanted: {kind: 'likeliest', count}},
    {
      signal,
      onBatched({tokenIds, logits}) {
        const width = tokenIds.length / positions.length
        for (const [i, position] of positions.entries()) {
          const [start, end] = [i * width, (i + 1) * width]
          found.set(position, {ids: tokenIds.slice(start, end), logits: logits.slice(start, end)})
        }
      },
    }
  )
  return found
}

function probabilitiesOf(logits: Float32Array): Float64Array {
  const {logSumExp} = computeNormalizer(logits, 0, logits.length)
  return Float64Array.from(logits, (logit) => exp(logit - logSumExp))
}
