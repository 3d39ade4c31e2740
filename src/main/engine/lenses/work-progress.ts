/** Machines have slow spells: what is left is estimated from above. */
const UPPER_FACTOR = 1.3

/** How far some work is, in steps of about the same size, and how long the rest takes. */
export class WorkProgress {
  private done = 0
  private readonly startedMs = performance.now()

  constructor(private readonly total: number) {}

  step(count = 1): void {
    this.done += count
  }

  get event(): {kind: 'progress'; done: number; total: number; secondsLeft: number | null} {
    const {done, total, startedMs} = this
    const seconds = (performance.now() - startedMs) / 1000
    const secondsLeft = done === 0 ? null : ((UPPER_FACTOR * seconds) / done) * (total - done)
    return {kind: 'progress', done, total, secondsLeft}
  }
}
