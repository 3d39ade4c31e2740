import type {Evictable, MemoryBudget} from './memory-budget.ts'

/** Which stream is meant: of a model, of a sequence. */
export interface ResidualKey {
  readonly modelKey: string
  readonly ids: Int32Array
}

/** The residual stream of one sequence at all its points, and what the head made of it where it was asked. */
export class KeptResidual implements Evictable {
  /** How many are using it right now; then it is not evicted. */
  pinCount = 0
  byteLength = 0
  /** By position, least recently used first: pointCount × vocabulary. */
  readonly logits = new Map<number, Float32Array>()

  constructor(
    readonly key: ResidualKey,
    /** One array a point, tokenCount × hidden. */
    readonly points: readonly Float32Array[],
    readonly hiddenSize: number,
    private readonly onEvicted: (residual: KeptResidual) => void
  ) {}

  /** The states at a position, pointCount × hidden. */
  statesAt(position: number): Float32Array {
    return statesOfRow(this.points, this.hiddenSize, position)
  }

  evict(): void {
    this.onEvicted(this)
  }
}

/** One row of every point, pointCount × hidden. */
export function statesOfRow(
  points: readonly Float32Array[],
  hiddenSize: number,
  row: number
): Float32Array {
  const states = new Float32Array(points.length * hiddenSize)
  for (const [index, point] of points.entries()) {
    states.set(point.subarray(row * hiddenSize, (row + 1) * hiddenSize), index * hiddenSize)
  }
  return states
}

/** Positions of one sequence whose logits after every layer are kept, as somebody walks to and fro. */
const KEPT_POSITION_COUNT = 16

/**
 * Residual streams of the latest sequences, bounded in bytes together with what else is kept: what is gone is
 * captured again on demand.
 */
export class ResidualStore {
  private readonly streams = new Set<KeptResidual>()

  constructor(private readonly budget: MemoryBudget) {}

  /**
   * A stream that holds this position of this very sequence, else of one that begins alike: what follows
   * a position has no influence on it.
   */
  find({modelKey, ids}: ResidualKey, position: number): KeptResidual | null {
    for (const stream of this.streams) {
      if (stream.key.modelKey !== modelKey || !beginsAlike(stream.key.ids, ids, position + 1)) {
        continue
      }
      this.budget.touch(stream)
      return stream
    }
    return null
  }

  /** Whether so many bytes can be kept, after as much as was needed has given way. */
  hasRoomFor(bytes: number): boolean {
    return this.budget.makeRoom(bytes)
  }

  /** Keeps a stream; null where there is no room for it. */
  add(key: ResidualKey, points: readonly Float32Array[], hiddenSize: number): KeptResidual | null {
    const bytes = points.reduce((sum, {byteLength}) => sum + byteLength, 0)
    if (!this.budget.makeRoom(bytes)) return null
    const stream = new KeptResidual(key, points, hiddenSize, (gone) => this.drop(gone))
    this.streams.add(stream)
    this.account(stream, bytes)
    this.budget.touch(stream)
    return stream
  }

  /** Keeps what the head made of a position; of a stream that was evicted meanwhile, nothing. */
  addLogits(stream: KeptResidual, position: number, logits: Float32Array): void {
    if (!this.streams.has(stream)) return
    stream.pinCount++
    const hasRoom = this.budget.makeRoom(logits.byteLength)
    stream.pinCount--
    if (!hasRoom) return
    stream.logits.set(position, logits)
    this.account(stream, logits.byteLength)
    for (const [oldest, {byteLength}] of stream.logits) {
      if (stream.logits.size <= KEPT_POSITION_COUNT) break
      stream.logits.delete(oldest)
      this.account(stream, -byteLength)
    }
  }

  private account(stream: KeptResidual, bytes: number): void {
    stream.byteLength += bytes
    this.budget.usedBytes += bytes
  }

  private drop(stream: KeptResidual): void {
    this.streams.delete(stream)
    this.account(stream, -stream.byteLength)
    this.budget.remove(stream)
  }
}

function beginsAlike(kept: Int32Array, ids: Int32Array, count: number): boolean {
  if (kept.length < count || ids.length < count) return false
  for (let i = 0; i < count; i++) if (kept[i] !== ids[i]) return false
  return true
}
