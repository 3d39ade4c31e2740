/** Where a command writes and what it hears; tests hand in another. */
export interface Terminal {
  /** Resolves when the text has left, also into a slow pipe. */
  print(text: string): Promise<void>
  printError(text: string): void
  readonly isErrorTty: boolean
  readonly columns: number
  /** Aborted by the first Ctrl-C. */
  readonly interrupted: AbortSignal
}

/** The process's own streams. A second Ctrl-C ends at once. */
export function processTerminal(): Terminal {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  // A reader that has seen enough (head, less) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    print: (text) => new Promise((resolve) => void process.stdout.write(text, () => resolve())),
    printError: (text) => void process.stderr.write(text),
    isErrorTty: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? 100,
    interrupted: controller.signal,
  }
}
