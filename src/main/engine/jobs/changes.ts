/** Tells any number of listeners that something changed, without saying what. */
export class Changes {
  private readonly listeners = new Set<() => void>()

  notify(): void {
    for (const listener of [...this.listeners]) listener()
  }

  /** Yields at once and after changes, at most once in `intervalMs`, until the signal is aborted. */
  async *watch(intervalMs: number, signal?: AbortSignal): AsyncGenerator<void, void, undefined> {
    let hasChanged = true
    let wake: (() => void) | null = null
    const listener = () => {
      hasChanged = true
      wake?.()
    }
    this.listeners.add(listener)
    signal?.addEventListener('abort', listener, {once: true})
    try {
      while (!signal?.aborted) {
        if (hasChanged) {
          hasChanged = false
          yield
          // What changes in the meantime is told afterwards, all at once.
          await new Promise<void>((resolve) => setTimeout(resolve, intervalMs))
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          wake = null
        }
      }
    } finally {
      this.listeners.delete(listener)
      signal?.removeEventListener('abort', listener)
    }
  }
}
