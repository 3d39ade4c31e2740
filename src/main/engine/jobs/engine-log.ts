import type {LogLine} from '../../../shared/contract/contract.ts'
import {Changes} from './changes.ts'

/** Lines kept; older ones are dropped. */
export const MAX_LOG_LINES = 1000
const INTERVAL_MS = 100

/**
 * What the engine did, for diagnostics that a person may copy and send: times, sizes, paths and the
 * codes of problems. Callers give no text of a prompt, of a completion or of a file.
 */
export class EngineLog {
  private readonly lines: LogLine[] = []
  private readonly changes = new Changes()
  /** Lines that were ever added. */
  private addedCount = 0

  info(text: string): void {
    this.add('info', text)
  }

  warning(text: string): void {
    this.add('warning', text)
  }

  error(text: string): void {
    this.add('error', text)
  }

  /** The lines kept so far, then what is added, at most ten times a second. */
  async *watch(signal?: AbortSignal): AsyncGenerator<LogLine[], void, undefined> {
    let seenCount = -1
    for await (const _ of this.changes.watch(INTERVAL_MS, signal)) {
      if (seenCount === this.addedCount) continue
      const newCount = Math.min(this.addedCount - Math.max(0, seenCount), this.lines.length)
      seenCount = this.addedCount
      yield this.lines.slice(this.lines.length - newCount)
    }
  }

  private add(level: LogLine['level'], text: string): void {
    this.lines.push({at: Date.now(), level, text})
    if (this.lines.length > MAX_LOG_LINES) this.lines.shift()
    this.addedCount++
    this.changes.notify()
  }
}
