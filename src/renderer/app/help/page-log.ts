import type {LogLine} from '../../../shared/contract/contract.ts'
import type {Workbench} from '../../store/workbench.ts'

/** A line of the page itself, of the same form as the engine's. */
export type PageLogLine = LogLine

const MOST_LINES = 300

/**
 * What went wrong in this page, beside the engine's own log. It holds no text of a prompt or of a
 * completion: of an error its name and where it was thrown, since its words may quote anything; of a
 * problem its code.
 */
export class PageLog {
  private kept: readonly PageLogLine[] = []
  private readonly listeners = new Set<() => void>()

  constructor(private readonly now: () => number = Date.now) {}

  /** The same array until a line is added. */
  readonly lines = (): readonly PageLogLine[] => this.kept

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  add(level: LogLine['level'], text: string): void {
    this.kept = [...this.kept, {at: this.now(), level, text}].slice(-MOST_LINES)
    for (const listener of this.listeners) listener()
  }

  /** A thrown thing that nobody expected. */
  addError(what: string, error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error
    this.add('error', `${what}: ${name}${placesOf(error)}`)
  }
}

/** Without the address that the page is served at. */
const placeOf = (text: string) => text.replace(/https?:\/\/[^/\s]+/gu, '')

/** The first frames of a stack, without the message that precedes them. */
function placesOf(error: unknown): string {
  if (!(error instanceof Error) || !error.stack) return ''
  const frames = error.stack
    .split('\n')
    .filter((line) => /^\s+at /u.test(line) || /^\S*@/u.test(line))
    .slice(0, 3)
    .map((line) => placeOf(line.trim()))
  return frames.length === 0 ? '' : ` ${frames.join(', ')}`
}

/** Logs what this window throws and which problems the page shows; answers what stops it. */
export function watchPage(log: PageLog, page: Window, {store}: Workbench): () => void {
  const failed = ({error, filename, lineno}: ErrorEvent) => {
    // What the browser itself reports, of an observer that it told a frame late say, has no error and no place.
    if (error === null && filename === '') return
    if (error === null) log.add('error', `uncaught at ${placeOf(filename)}:${lineno}`)
    else log.addError('uncaught', error)
  }
  const rejected = (event: PromiseRejectionEvent) => log.addError('unhandled', event.reason)
  page.addEventListener('error', failed)
  page.addEventListener('unhandledrejection', rejected)
  const stop = store.subscribe((state, before) => {
    if (state.connection !== before.connection) log.add('info', `connection: ${state.connection}`)
    if (state.engineStop && state.engineStop !== before.engineStop) {
      const word = state.engineStop.isRunningAgain ? 'was started again' : 'is away'
      log.add('warning', `the engine ${word}`)
    }
    if (state.preferencesProblem && state.preferencesProblem !== before.preferencesProblem) {
      log.add('warning', `preferences: ${state.preferencesProblem.code}`)
    }
    if (state.loadProblems !== before.loadProblems) {
      for (const [path, {code}] of Object.entries(state.loadProblems)) {
        if (before.loadProblems[path]?.code !== code) log.add('warning', `${path}: ${code}`)
      }
    }
    if (state.runStates !== before.runStates) {
      for (const [id, {phase}] of Object.entries(state.runStates)) {
        const isNew = before.runStates[id]?.phase.kind !== 'failed'
        if (phase.kind === 'failed' && isNew)
          log.add('warning', `a run failed: ${phase.problem.code}`)
      }
    }
  })
  return () => {
    page.removeEventListener('error', failed)
    page.removeEventListener('unhandledrejection', rejected)
    stop()
  }
}

/** Of this page, from its first script on. */
export const pageLog = new PageLog()
