import {hexOfBytes} from '../../../shared/domain/token.ts'
import type {
  CriticalEvent,
  CriticalExample,
  CriticalScore,
} from '../../../shared/lenses/critical.ts'
import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import type {PrefixSuccess} from '../../../shared/math/critical/critical-rules.ts'
import {wilsonInterval} from '../../../shared/math/wilson.ts'
import type {BranchingModel} from '../generation/branching-model.ts'
import {
  type Rollout,
  type RolloutOptions,
  type RolloutStart,
  rollOut,
} from '../generation/rollouts.ts'
import type {PrefixSampler} from './allocate-rollouts.ts'
import type {AnswerCheck} from './answer-check.ts'

/** Completions of each kind, right and wrong, that are kept of a prefix for looking at. */
const KEPT_EXAMPLES = 4

export interface PrefixRolloutsOptions extends RolloutOptions {
  /** The response, of which prefixes are completed; the branching model's prompt stands before it. */
  readonly responseIds: readonly number[]
  /** Position of its first token. */
  readonly responseStart: number
  readonly seed: number
  readonly check: AnswerCheck
  /** UTF-8 of some ids, special tokens left out. */
  readonly bytesOf: (ids: readonly number[]) => Uint8Array
  readonly onEvent: (event: CriticalEvent) => void
  /** Completions that the run takes at most. */
  readonly mostCount: () => number
}

/** A success rate with its interval. */
export function successOf({
  successCount,
  sampleCount,
}: Pick<PrefixSuccess, 'successCount' | 'sampleCount'>) {
  const [low, high] = wilsonInterval(successCount, sampleCount)
  return {successCount, sampleCount, low, high}
}

/**
 * Completions of prefixes of a response, counted by whether they are right. The prompt itself is the prefix that
 * ends before the response's first token. What it finds out is told as it comes.
 */
export class PrefixRollouts implements PrefixSampler {
  completionCount = 0
  /** Of them, those that did not end within the tokens they had. */
  cutCount = 0
  private readonly counts = new Map<number, {successCount: number; sampleCount: number}>()
  private readonly exampleCounts = new Map<string, number>()
  private readonly startedMs = performance.now()

  constructor(
    private readonly model: BranchingModel,
    private readonly options: PrefixRolloutsOptions
  ) {}

  successOf(position: number): PrefixSuccess {
    return {position, ...(this.counts.get(position) ?? {successCount: 0, sampleCount: 0})}
  }

  /** Every prefix that was sampled, the prompt left out, by position. */
  sampled(): PrefixSuccess[] {
    return [...this.counts.keys()]
      .filter((position) => position >= this.options.responseStart)
      .sort((a, b) => a - b)
      .map((position) => this.successOf(position))
  }

  async ensure(
    wishes: readonly {readonly position: number; readonly sampleCount: number}[]
  ): Promise<void> {
    const {responseIds, responseStart, seed} = this.options
    const starts = wishes.flatMap(({position, sampleCount}) => {
      const path = responseIds.slice(0, position + 1 - responseStart)
      const first = this.successOf(position).sampleCount
      return Array.from({length: Math.max(0, sampleCount - first)}, (_, i) => ({
        ...{position, path},
        seed: seedOfRow(seed, `rollout ${position} ${first + i}`),
      }))
    })
    await this.run(starts, (position, isRight) => {
      const {successCount, sampleCount} = this.successOf(position)
      this.counts.set(position, {
        successCount: successCount + (isRight ? 1 : 0),
        sampleCount: sampleCount + 1,
      })
    })
  }

  /** Completions where the token at a position may not stand; how many of them are right. */
  async withoutToken(position: number, sampleCount: number): Promise<number> {
    const {responseIds, responseStart, seed} = this.options
    const at = position - responseStart
    const starts = Array.from({length: sampleCount}, (_, i) => ({
      ...{position, path: responseIds.slice(0, at), forbiddenId: responseIds[at]!},
      seed: seedOfRow(seed, `forbidden ${position} ${i}`),
    }))
    let successCount = 0
    await this.run(
      starts,
      (_, isRight) => {
        if (isRight) successCount++
      },
      true
    )
    return successCount
  }

  private async run(
    starts: readonly (RolloutStart & {readonly position: number})[],
    count: (position: number, isRight: boolean) => void,
    isForbidden = false
  ): Promise<void> {
    const {check, bytesOf, onEvent} = this.options
    let ended: Rollout[] = []
    /** Judges those that ended since, and tells what is known now. */
    const judge = async () => {
      const some = ended
      ended = []
      const decoder = new TextDecoder()
      const areRight = await check.areRight(
        some.map(({index, ids}) => decoder.decode(bytesOf([...starts[index]!.path, ...ids])))
      )
      const changed = new Set<number>()
      const examples: CriticalExample[] = []
      for (const [i, {index, ids, stopReason}] of some.entries()) {
        const {position} = starts[index]!
        const isRight = areRight[i]!
        count(position, isRight)
        this.completionCount++
        if (stopReason !== 'stop-id') this.cutCount++
        changed.add(position)
        if (!isForbidden && this.isKept(position, isRight)) {
          const bytesHex = hexOfBytes(bytesOf(ids))
          examples.push({position, isRight, ids: [...ids], bytesHex})
        }
      }
      if (!isForbidden) this.tellScores([...changed], examples)
      onEvent(this.progress())
    }
    for await (const rollout of rollOut(this.model, starts, this.options)) {
      if (ended.push(rollout) >= this.options.width) await judge()
    }
    await judge()
  }

  private isKept(position: number, isRight: boolean): boolean {
    const key = `${position} ${isRight}`
    const count = (this.exampleCounts.get(key) ?? 0) + 1
    this.exampleCounts.set(key, count)
    return count <= KEPT_EXAMPLES
  }

  private tellScores(positions: readonly number[], examples: readonly CriticalExample[]): void {
    const {onEvent, responseStart} = this.options
    const scores = positions
      .filter((position) => position >= responseStart)
      .map((position): CriticalScore => {
        const success = successOf(this.successOf(position))
        const value = success.successCount / success.sampleCount
        return {position, method: 'rollout', value, ...success}
      })
    if (scores.length + examples.length > 0) {
      onEvent({kind: 'scores', scores, examples: [...examples]})
    }
    if (positions.includes(responseStart - 1)) {
      onEvent({kind: 'prompt', success: successOf(this.successOf(responseStart - 1))})
    }
  }

  private progress(): CriticalEvent {
    const done = this.completionCount
    const total = Math.max(done, this.options.mostCount())
    const elapsedMs = performance.now() - this.startedMs
    const secondsLeft = done === 0 ? null : ((elapsedMs / done) * (total - done)) / 1000
    return {kind: 'progress', phase: 'sampling', done, total, secondsLeft}
  }
}
