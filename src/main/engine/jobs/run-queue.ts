/** What a person waits for goes before what runs on its own. */
export type Priority = 'interactive' | 'batch'

interface Waiting {
  readonly priority: Priority
  readonly start: () => void
}

/** Lets one task run at a time; of the waiting ones interactive before batch, else in order. */
export class RunQueue {
  private readonly waiting: Waiting[] = []
  private isRunning = false

  constructor(private readonly onChange: () => void = () => {}) {}

  /** Tasks running or waiting. */
  get count(): number {
    return this.waiting.length + (this.isRunning ? 1 : 0)
  }

  /** Runs `task` in its turn. Aborted while it waits, it never starts, and this rejects. */
  async run<Result>(
    priority: Priority,
    signal: AbortSignal | undefined,
    task: () => Promise<Result>
  ): Promise<Result> {
    await this.turn(priority, signal)
    try {
      return await task()
    } finally {
      this.isRunning = false
      this.waiting.shift()?.start()
      this.onChange()
    }
  }

  private turn(priority: Priority, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (!this.isRunning) {
      this.isRunning = true
      this.onChange()
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.waiting.splice(this.waiting.indexOf(entry), 1)
        this.onChange()
        reject(signal?.reason)
      }
      const entry: Waiting = {
        priority,
        start: () => {
          signal?.removeEventListener('abort', onAbort)
          // Taken before anyone else can ask.
          this.isRunning = true
          resolve()
        },
      }
      signal?.addEventListener('abort', onAbort, {once: true})
      const firstBatch = this.waiting.findIndex((other) => other.priority === 'batch')
      const at = priority === 'interactive' && firstBatch >= 0 ? firstBatch : this.waiting.length
      this.waiting.splice(at, 0, entry)
      this.onChange()
    })
  }
}
