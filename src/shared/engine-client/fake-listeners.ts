/** Wakes whoever waits for the next change. */
export class FakeListeners {
  private readonly wakes = new Set<() => void>()

  notify(): void {
    for (const wake of [...this.wakes]) wake()
  }

  /** The state now and after every change, until it is aborted. */
  async *watch<State>(signal: AbortSignal, state: () => State): AsyncGenerator<State> {
    while (!signal.aborted) {
      // Before the state is handed over, so that no change in the meantime is missed.
      const next = this.next(signal)
      yield state()
      await next
    }
  }

  private next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.wakes.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.wakes.add(wake)
      signal.addEventListener('abort', wake, {once: true})
    })
  }
}
