import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {Evictable, MemoryBudget} from './memory-budget.ts'

/** A cache takes no more of the memory that captures may take: it only saves time. */
const MOST_SHARE = 0.25

/** The KV cache that a capture left in its session: it counts as kept, and gives way like a capture. */
export class HeldCache implements Evictable {
  readonly pinCount = 0
  private isThere = true

  constructor(
    private readonly budget: MemoryBudget,
    private readonly sessions: InstrumentedSessions,
    readonly byteLength: number
  ) {
    budget.usedBytes += byteLength
    budget.touch(this)
    sessions.hold(this)
  }

  evict(): void {
    this.onGone()
    // The session lets go of it when its turn comes.
    this.sessions.forget(this).catch(() => {})
  }

  onGone(): void {
    if (!this.isThere) return
    this.isThere = false
    this.budget.usedBytes -= this.byteLength
    this.budget.remove(this)
  }
}

/** Bytes of the cache after a text, where it may be held beside what is kept; null where not. */
export function heldCacheBytes(
  {structure, files}: GraphedModel,
  tokenCount: number,
  {maxBytes, usedBytes}: MemoryBudget
): number | null {
  if (structure.inputs.kvCache.length === 0) return null
  let sum = 0
  for (const layer of structure.layers) {
    const heads = layer.keyValueHeadCount ?? files.config?.keyValueHeadCount?.value
    const size = layer.headSize ?? files.config?.headSize?.value
    if (!heads || !size) return null
    sum += 2 * heads * size * tokenCount * 4
  }
  return sum <= MOST_SHARE * maxBytes && usedBytes + sum <= maxBytes ? sum : null
}
