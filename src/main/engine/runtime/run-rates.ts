import type {RowsEvent} from './worker-protocol.ts'

/** How much of what is newly measured enters the mean. */
const NEW_SHARE = 0.3
/** Runs differ, and attention makes later tokens dearer: what is left is estimated from above. */
const UPPER_FACTOR = 1.3

/** What a model's runs took here: for progress, and for the cost of a run before it starts. */
export class RunRates {
  private promptMs: number | null = null
  private stepMs: number | null = null

  /** Takes in what a run took. */
  record({phase, elapsedMs, rowCount}: Pick<RowsEvent, 'phase' | 'elapsedMs' | 'rowCount'>): void {
    if (rowCount === 0) return
    const perTokenMs = elapsedMs / rowCount
    if (phase === 'prompt') this.promptMs = mixed(this.promptMs, perTokenMs)
    else this.stepMs = mixed(this.stepMs, perTokenMs)
  }

  /**
   * Seconds that prompt tokens and generated ones will take, an upper estimate; null before any run.
   * Before anything was generated a step counts as two prompt tokens.
   */
  secondsFor(promptCount: number, generatedCount: number): number | null {
    if (this.promptMs === null) return null
    const stepMs = this.stepMs ?? 2 * this.promptMs
    return (UPPER_FACTOR * (promptCount * this.promptMs + generatedCount * stepMs)) / 1000
  }
}

function mixed(mean: number | null, value: number): number {
  return mean === null ? value : mean + NEW_SHARE * (value - mean)
}
