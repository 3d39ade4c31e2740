import type {StatisticsColumns} from '../../../shared/lenses/tokens.ts'
import type {RowsEvent} from '../runtime/worker-protocol.ts'
import {type Evictable, MemoryBudget} from './memory-budget.ts'

/** Rows of consecutive positions; runs that share a beginning share its blocks. */
interface Block {
  readonly firstPosition: number
  readonly rowCount: number
  readonly logits: Float32Array
  readonly logSumExps: Float64Array
  readonly columns: StatisticsColumns
  ownerCount: number
}

/** The rows that a kept run has in common with a prompt: those before `count`. */
export interface KeptPrompt {
  readonly run: KeptRun
  readonly count: number
}

/** One sequence with its rows, growing while it is run. Row i is what the model predicts after i. */
export class KeptRun {
  readonly ids: number[]
  /** Positions that were run as a prompt, not one by one: their rows can be had again bit by bit. */
  readonly promptCount: number
  readonly blocks: Block[] = []
  /** Rows that are there, from position 0. */
  rowCount = 0
  /** How many are using it right now; then it is not evicted. */
  pinCount = 1

  constructor(
    readonly modelKey: string,
    readonly vocabularySize: number,
    promptIds: ArrayLike<number>
  ) {
    this.ids = Array.from(promptIds)
    this.promptCount = promptIds.length
  }

  /** What the model predicts after `position`, as a view; null where it is not there. */
  row(position: number): Float32Array | null {
    const block = this.blockAt(position)
    if (!block) return null
    const start = (position - block.firstPosition) * this.vocabularySize
    return block.logits.subarray(start, start + this.vocabularySize)
  }

  /** ln Σ e^logit of the row after `position`, which must be there. */
  logSumExp(position: number): number {
    const block = this.blockAt(position)
    if (!block) throw new RangeError(`row ${position} is not kept`)
    return block.logSumExps[position - block.firstPosition]!
  }

  /** Whether the first `count` ids are those of `ids`, and their rows are there. */
  hasRowsOf(ids: ArrayLike<number>, count: number): boolean {
    if (this.rowCount < count || ids.length < count) return false
    for (let i = 0; i < count; i++) if (this.ids[i] !== ids[i]) return false
    return true
  }

  /** How many positions of a prompt with these ids were run as a prompt here, from the first. */
  promptCountOf(ids: ArrayLike<number>): number {
    const most = Math.min(this.promptCount, this.rowCount, ids.length)
    let count = 0
    while (count < most && this.ids[count] === ids[count]) count++
    return count
  }

  private blockAt(position: number): Block | undefined {
    return this.blocks.find(
      ({firstPosition, rowCount}) =>
        position >= firstPosition && position < firstPosition + rowCount
    )
  }
}

/**
 * Logits of the latest runs, bounded in bytes: of the runs that are not in use, the one that was not
 * looked at for longest gives way first. What is gone is run again on demand.
 */
export class LogitsStore {
  /** Least recently used first. */
  private readonly runs = new Map<KeptRun, Evictable>()
  private readonly budget: MemoryBudget

  /** Bytes for the logits alone, or what they share with other stores. */
  constructor(budget: number | MemoryBudget) {
    this.budget = typeof budget === 'number' ? new MemoryBudget(budget) : budget
  }

  get usedBytes(): number {
    return this.budget.usedBytes
  }

  /** Another budget, which holds at once: runs in use alone may stay over it until they are not. */
  setMaxBytes(bytes: number): void {
    this.budget.setMaxBytes(bytes)
  }

  /**
   * A place for a run's rows, or null where those of its prompt alone are over the budget. Of
   * `known` rows as many as `share` is told may be taken over. It stays until `unpin`.
   */
  begin(
    modelKey: string,
    vocabularySize: number,
    promptIds: ArrayLike<number>,
    known: KeptPrompt | null = null
  ): KeptRun | null {
    const newBytes = (promptIds.length - (known?.count ?? 0)) * vocabularySize * 4
    if (known) known.run.pinCount++
    const hasRoom = this.budget.makeRoom(newBytes)
    if (known) known.run.pinCount--
    if (!hasRoom) return null
    const run = new KeptRun(modelKey, vocabularySize, promptIds)
    this.keep(run)
    return run
  }

  /** Gives a run without rows those of `earlier` before `startAt`; both have them then. */
  share(run: KeptRun, earlier: KeptRun, startAt: number): void {
    for (const block of earlier.blocks) {
      if (block.firstPosition + block.rowCount <= startAt) this.own(run, block)
    }
  }

  /** Adds rows to a run under way; drops them where there is no more room. */
  add(run: KeptRun, event: RowsEvent): void {
    run.ids.push(...event.generatedIds)
    if (!event.logits || run.rowCount !== event.firstPosition) return
    if (!this.budget.makeRoom(event.logits.byteLength)) return
    const {firstPosition, rowCount, logits, logSumExps, columns} = event
    this.own(run, {firstPosition, rowCount, logits, logSumExps, columns, ownerCount: 0})
  }

  /** The run is over: it may be evicted from now on. One without rows is forgotten. */
  unpin(run: KeptRun): void {
    run.pinCount--
    if (run.rowCount === 0) this.evict(run)
    this.budget.makeRoom(0)
  }

  /**
   * A run that holds the row after `position` of this very sequence, else of a sequence that begins
   * alike: what follows a position has no influence on it.
   */
  find(modelKey: string, ids: ArrayLike<number>, position: number): KeptRun | null {
    let found: KeptRun | null = null
    for (const run of this.runs.keys()) {
      if (run.modelKey !== modelKey || !run.hasRowsOf(ids, position + 1)) continue
      found = run
      if (run.ids.length === ids.length && run.hasRowsOf(ids, ids.length)) break
    }
    if (found) this.touch(found)
    return found
  }

  /** The run that has most of this prompt, run as a prompt; of several one that ends where it does. */
  findPrompt(modelKey: string, ids: ArrayLike<number>): KeptPrompt | null {
    let found: KeptRun | null = null
    let most = 0
    for (const run of this.runs.keys()) {
      if (run.modelKey !== modelKey) continue
      const count = run.promptCountOf(ids)
      const isAsGood = count === most && count > 0 && run.promptCount === ids.length
      if (count <= most && !isAsGood) continue
      found = run
      most = count
    }
    if (found) this.touch(found)
    return found && {run: found, count: most}
  }

  /**
   * Forgets the runs of a model that is no longer loaded. One in use stays whole for its user and gives
   * way later, when room is needed: nobody asks for it under this key again.
   */
  forget(modelKey: string): void {
    for (const run of [...this.runs.keys()]) {
      if (run.modelKey === modelKey && run.pinCount === 0) this.evict(run)
    }
  }

  private own(run: KeptRun, block: Block): void {
    if (block.ownerCount === 0) this.budget.usedBytes += block.logits.byteLength
    block.ownerCount++
    run.blocks.push(block)
    run.rowCount = block.firstPosition + block.rowCount
  }

  private keep(run: KeptRun): void {
    const entry: Evictable = {
      get pinCount() {
        return run.pinCount
      },
      evict: () => this.evict(run),
    }
    this.runs.set(run, entry)
    this.budget.touch(entry)
  }

  private evict(run: KeptRun): void {
    const entry = this.runs.get(run)
    if (entry) this.budget.remove(entry)
    this.runs.delete(run)
    for (const block of run.blocks) {
      block.ownerCount--
      if (block.ownerCount === 0) this.budget.usedBytes -= block.logits.byteLength
    }
    run.blocks.length = 0
    run.rowCount = 0
  }

  private touch(run: KeptRun): void {
    const entry = this.runs.get(run)
    if (!entry) return
    this.runs.delete(run)
    this.runs.set(run, entry)
    this.budget.touch(entry)
  }
}
