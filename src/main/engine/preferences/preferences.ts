import {
  DEFAULT_PREFERENCES,
  type Preferences,
  type PreferencesChange,
} from '../../../shared/domain/preferences.ts'
import type {Problem} from '../../../shared/domain/problem.ts'
import {Changes} from '../jobs/changes.ts'

/** The preferences now, and what was wrong with their file, which is told once. */
export interface PreferencesState {
  readonly preferences: Preferences
  readonly problem: Problem | null
}

/** What a person has set for every workspace. */
export class PreferenceStore {
  current: Preferences = DEFAULT_PREFERENCES
  private readonly changes = new Changes()

  async change(change: PreferencesChange): Promise<Preferences> {
    this.current = {...this.current, ...change}
    this.changes.notify()
    return this.current
  }

  async *watch(signal?: AbortSignal): AsyncGenerator<PreferencesState, void, undefined> {
    for await (const _ of this.changes.watch(50, signal)) {
      yield {preferences: this.current, problem: null}
    }
  }
}
