import type {StoreContext} from './context.ts'
import {writeSettings} from './persistence.ts'
import type {Settings, ThemeChoice} from './state.ts'

export interface SettingsActions {
  changeSettings(change: Partial<Settings>): void
  nextTheme(): void
  /** Chooses the tokens that are followed; null goes back to the suggested ones. */
  setTracked(model: string, ids: readonly number[] | null): void
}

const THEME_ORDER: readonly ThemeChoice[] = ['system', 'light', 'dark']

export function createSettingsActions({store, deps}: StoreContext): SettingsActions {
  const changeSettings = (change: Partial<Settings>) => {
    const settings = {...store.getState().settings, ...change}
    store.setState({settings})
    writeSettings(deps.storage, settings)
  }
  return {
    changeSettings,
    nextTheme() {
      const index = THEME_ORDER.indexOf(store.getState().settings.theme)
      changeSettings({theme: THEME_ORDER[(index + 1) % THEME_ORDER.length]!})
    },
    setTracked(model, ids) {
      const {[model]: _, ...others} = store.getState().settings.tracked
      changeSettings({tracked: ids === null ? others : {...others, [model]: [...ids]}})
    },
  }
}
