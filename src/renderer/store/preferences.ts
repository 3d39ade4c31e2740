import type {Preferences} from '../../shared/domain/preferences.ts'
import {type StoreContext, shownProblem} from './context.ts'
import {writePreferencesCopy} from './persistence.ts'
import type {ThemeChoice} from './state.ts'

export interface PreferenceActions {
  /** Holds here at once and in every other window a moment later. */
  changePreferences(change: Partial<Preferences>): void
  nextTheme(): void
  /** Follows the file that the engine keeps; called after every connection. */
  watchPreferences(): void
  dismissPreferencesProblem(): void
}

const THEME_ORDER: readonly ThemeChoice[] = ['system', 'light', 'dark']

export function createPreferenceActions(context: StoreContext): PreferenceActions {
  const {store, set, client, deps} = context
  let watchCount = 0
  /** Changes that the engine has not confirmed: what it tells meanwhile is older than they are. */
  let unconfirmedCount = 0

  const show = (preferences: Preferences) => {
    set({preferences})
    writePreferencesCopy(deps.storage, preferences)
  }
  const changePreferences = (change: Partial<Preferences>) => {
    show({...store.getState().preferences, ...change})
    unconfirmedCount++
    client.preferences
      .change(change)
      .then(
        (kept) => {
          if (unconfirmedCount === 1) show(kept)
        },
        (error) => set({preferencesProblem: shownProblem(error)})
      )
      .finally(() => {
        unconfirmedCount--
      })
  }
  const watch = async () => {
    const mine = ++watchCount
    try {
      for await (const {preferences, problem} of await client.preferences.watch()) {
        if (mine !== watchCount) return
        if (unconfirmedCount === 0) show(preferences)
        if (problem) set({preferencesProblem: problem})
      }
    } catch {
      // Watched again after the next connection.
    }
  }
  return {
    changePreferences,
    nextTheme() {
      const index = THEME_ORDER.indexOf(store.getState().preferences.theme)
      changePreferences({theme: THEME_ORDER[(index + 1) % THEME_ORDER.length]!})
    },
    watchPreferences: () => void watch(),
    dismissPreferencesProblem: () => set({preferencesProblem: null}),
  }
}
