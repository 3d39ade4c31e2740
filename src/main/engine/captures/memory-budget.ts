/** Something kept that may give way to something newer. */
export interface Evictable {
  /** How many are using it right now; then it stays. */
  readonly pinCount: number
  /** Somebody looks at it, though nothing is computed with it right now: then it gives way last. */
  readonly isOnScreen?: boolean
  /** Lets go of what it holds, and gives its bytes back to the budget. */
  evict(): void
}

/**
 * What stores of different kinds keep together, bounded in bytes: of what is not in use, the thing that
 * was not looked at for longest gives way first, whichever store it is of; what is on a screen after all else.
 */
export class MemoryBudget {
  usedBytes = 0
  /** Least recently used first. */
  private readonly kept = new Set<Evictable>()

  constructor(private limitBytes: number) {}

  get maxBytes(): number {
    return this.limitBytes
  }

  /** Another bound, which holds at once: what is in use alone may stay over it until it is not. */
  setMaxBytes(bytes: number): void {
    this.limitBytes = bytes
    this.makeRoom(0)
  }

  /** Whether so many more bytes fit, after as much has given way as was needed. */
  makeRoom(bytes: number): boolean {
    if (bytes > this.limitBytes) return false
    if (this.usedBytes + bytes <= this.limitBytes) return true
    const unused = [...this.kept].filter(({pinCount}) => pinCount === 0)
    const shown = unused.filter(({isOnScreen}) => isOnScreen)
    for (const entry of [...unused.filter((one) => !shown.includes(one)), ...shown]) {
      if (this.usedBytes + bytes <= this.limitBytes) return true
      // What went before may have taken it along.
      if (!this.kept.has(entry)) continue
      this.kept.delete(entry)
      entry.evict()
    }
    return this.usedBytes + bytes <= this.limitBytes
  }

  /** An entry is kept from now on, and was just used. */
  touch(entry: Evictable): void {
    this.kept.delete(entry)
    this.kept.add(entry)
  }

  remove(entry: Evictable): void {
    this.kept.delete(entry)
  }
}
