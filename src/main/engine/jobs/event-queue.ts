/** Turns pushed events into an async iterator, in order; ends by `close`, throws after `fail`. */
export class EventQueue<Event> {
  private readonly events: Event[] = []
  private end: {readonly error: unknown} | 'closed' | null = null
  private wake: (() => void) | null = null

  push(event: Event): void {
    if (this.end) return
    this.events.push(event)
    this.wake?.()
  }

  /** Nothing more will come; what was pushed is still delivered. */
  close(): void {
    this.end ??= 'closed'
    this.wake?.()
  }

  /** As `close`, then the iterator throws. */
  fail(error: unknown): void {
    this.end ??= {error}
    this.wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined> {
    for (;;) {
      while (this.events.length > 0) yield this.events.shift()!
      if (this.end === 'closed') return
      if (this.end) throw this.end.error
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
      this.wake = null
    }
  }
}
