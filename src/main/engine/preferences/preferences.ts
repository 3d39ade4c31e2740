import {readFileSync, statSync, unwatchFile, watchFile} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {
  DEFAULT_PREFERENCES,
  type Preferences,
  type PreferencesChange,
} from '../../../shared/domain/preferences.ts'
import type {Problem} from '../../../shared/domain/problem.ts'
import {Changes} from '../jobs/changes.ts'
import {fileErrorCode} from '../model-folder/file-problems.ts'
import {
  PREFERENCES_FILE,
  parsePreferences,
  readPreferenceFile,
  updatePreferenceFile,
} from './preference-file.ts'

const NOTIFY_INTERVAL_MS = 50
/** How often the file is looked at for what another engine, or a person, wrote. */
const POLL_INTERVAL_MS = 400
/** An editor may be half-way through saving. */
const SECOND_LOOK_MS = 300

/** The preferences now, and what was wrong with their file, which is told once. */
export interface PreferencesState {
  readonly preferences: Preferences
  readonly problem: Problem | null
}

export interface PreferenceListeners {
  readonly onChange?: () => void
  readonly onProblem?: (problem: Problem) => void
}

/**
 * What a person has set for every workspace, kept in `preferences.json` of the state folder; null keeps
 * it in memory alone. Several engines may share the folder: each sees within a second what another
 * wrote, and of every field the last writer wins. A change holds here even where it cannot be kept.
 */
export class PreferenceStore {
  private kept: Preferences = DEFAULT_PREFERENCES
  /** Changes that are not on disk yet. */
  private unsaved: PreferencesChange = {}
  private readonly changes = new Changes()
  private readonly problems: Problem[] = []
  /** Of `problems`, those that somebody was told. */
  private toldCount = 0
  private writing: Promise<unknown> = Promise.resolve()
  private readonly path: string | null
  private isKeeping = true
  private isReadable = true
  /** What those who listen know, to tell them nothing twice. */
  private known = ''

  constructor(
    stateFolder: string | null,
    private readonly listeners: PreferenceListeners = {}
  ) {
    this.path = stateFolder === null ? null : join(stateFolder, PREFERENCES_FILE)
    if (!this.path) return
    this.readAtStart(this.path)
    watchFile(this.path, {interval: POLL_INTERVAL_MS, persistent: false}, this.reload)
  }

  get current(): Preferences {
    return {...this.kept, ...this.unsaved}
  }

  /** Sets some preferences and resolves when they are kept, or cannot be, which `watch` tells. */
  async change(change: PreferencesChange): Promise<Preferences> {
    const defined = Object.entries(change).filter(([, value]) => value !== undefined)
    this.unsaved = {...this.unsaved, ...Object.fromEntries(defined)}
    this.changed()
    await this.inTurn(() => this.save())
    return this.current
  }

  /** The state now and after every change. A problem goes to all who watch, or to the next who does. */
  async *watch(signal?: AbortSignal): AsyncGenerator<PreferencesState, void, undefined> {
    let seenCount = this.toldCount
    for await (const _ of this.changes.watch(NOTIFY_INTERVAL_MS, signal)) {
      do {
        const problem = this.problems[seenCount] ?? null
        if (problem) seenCount++
        this.toldCount = Math.max(this.toldCount, seenCount)
        yield {preferences: this.current, problem}
      } while (seenCount < this.problems.length)
    }
  }

  /** Stops looking at the file; resolves when what was set is written. */
  async close(): Promise<void> {
    if (this.path) unwatchFile(this.path, this.reload)
    await this.writing
  }

  /** At once, since what is loaded next depends on it; repairs come afterwards. */
  private readAtStart(path: string): void {
    try {
      const isFile = statSync(path).isFile()
      const parsed = parsePreferences(isFile ? readFileSync(path, 'utf8') : '')
      this.kept = parsed.preferences
      if (parsed.damage !== null || parsed.wrong.length > 0) this.reload()
    } catch (error) {
      if (fileErrorCode(error) !== 'ENOENT') this.reload()
    }
  }

  private readonly reload = (): void => {
    void this.inTurn(() => this.read())
  }

  private async read(): Promise<void> {
    const path = this.path
    if (!path) return
    try {
      let parsed = await readPreferenceFile(path)
      if (parsed.damage !== null || parsed.wrong.length > 0) {
        await sleep(SECOND_LOOK_MS)
        parsed = await readPreferenceFile(path)
      }
      this.isReadable = true
      this.kept = parsed.preferences
      if (parsed.damage !== null || parsed.wrong.length > 0) {
        const {problem} = await updatePreferenceFile(path, {})
        if (problem) this.report(problem)
      }
    } catch (error) {
      if (this.isReadable) this.report(unusable(path, error, 'read'))
      this.isReadable = false
    }
    this.changed()
  }

  private async save(): Promise<void> {
    const change = this.unsaved
    if (Object.keys(change).length === 0) return
    if (!this.path) {
      this.kept = {...this.kept, ...change}
      this.unsaved = {}
      return
    }
    try {
      const {preferences, problem} = await updatePreferenceFile(this.path, change)
      this.kept = preferences
      this.isKeeping = true
      if (problem) this.report(problem)
      // What was set in the meantime waits for its own turn.
      this.unsaved = Object.fromEntries(
        Object.entries(this.unsaved).filter(
          ([name, value]) => value !== change[name as keyof PreferencesChange]
        )
      )
    } catch (error) {
      // The same disk says the same at every change.
      if (this.isKeeping) this.report(unusable(this.path, error, 'kept'))
      this.isKeeping = false
    }
    this.changed()
  }

  /** One after another, so that none undoes another. */
  private inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.writing.then(task)
    this.writing = turn.catch((error) => console.error('preferences:', error))
    return turn
  }

  private report(problem: Problem): void {
    this.problems.push(problem)
    this.listeners.onProblem?.(problem)
  }

  private changed(): void {
    const now = JSON.stringify([this.current, this.problems.length])
    if (now === this.known) return
    this.known = now
    this.listeners.onChange?.()
    this.changes.notify()
  }
}

function unusable(path: string, error: unknown, what: 'read' | 'kept'): Problem {
  const code = fileErrorCode(error)
  if (code === null) throw error
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return {
    code: what === 'read' ? 'preferences-unreadable' : 'preferences-not-kept',
    message:
      what === 'read'
        ? 'The preferences cannot be read; the defaults hold.'
        : 'The preferences cannot be written; what you set holds until the engine ends.',
    file: path,
    found: isFull ? `a full disk (${code})` : code,
    expected: 'a file that can be read and written',
    advice: isFull
      ? 'Make room on the disk, then set a preference again.'
      : 'Give yourself permission to read and write this file and its folder.',
  }
}
