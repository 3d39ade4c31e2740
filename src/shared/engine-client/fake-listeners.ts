/** Wakes whoever waits for the next change. */
export class FakeListeners {
  private readonly wakes = new Set<() => void>()

  notify(): void {
    for (const wake of [...this.wakes]) wake()
  }

  /** Resolves at the next change, or when the call is aborted. */
  next(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.wakes.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.wakes.add(wake)
      signal?.addEventListener('abort', wake, {once: true})
      if (signal?.aborted) wake()
    })
  }
}
