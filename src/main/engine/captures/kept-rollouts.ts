import type {KeptCapture} from './attention-store.ts'
import type {Evictable, MemoryBudget} from './memory-budget.ts'
import {sharedFloat32} from './shared-numbers.ts'

/** Attention rollout through one layer, in shared memory. */
class KeptRollout implements Evictable {
  readonly pinCount = 0

  constructor(
    readonly values: Float32Array,
    private readonly onEvicted: () => void
  ) {}

  evict(): void {
    this.onEvicted()
  }
}

/** Attention rollouts of the latest texts, bounded together with what else is kept. */
export class KeptRollouts {
  private readonly byCapture = new WeakMap<KeptCapture, Map<number, KeptRollout>>()

  constructor(private readonly budget: MemoryBudget) {}

  /** [query, key] through a layer; null where it is not kept. */
  get(capture: KeptCapture, throughLayer: number): Float32Array | null {
    const found = this.byCapture.get(capture)?.get(throughLayer)
    if (found) this.budget.touch(found)
    return found?.values ?? null
  }

  /** A copy in shared memory, kept where there is room. */
  add(capture: KeptCapture, throughLayer: number, rollout: Float32Array): Float32Array {
    const values = sharedFloat32(rollout.length)
    values.set(rollout)
    const all = this.byCapture.get(capture) ?? new Map<number, KeptRollout>()
    this.byCapture.set(capture, all)
    if (all.has(throughLayer) || !this.budget.makeRoom(values.byteLength)) return values
    const kept = new KeptRollout(values, () => {
      all.delete(throughLayer)
      this.budget.usedBytes -= values.byteLength
    })
    all.set(throughLayer, kept)
    this.budget.usedBytes += values.byteLength
    this.budget.touch(kept)
    return values
  }
}
