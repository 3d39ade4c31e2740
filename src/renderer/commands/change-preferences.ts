import {DEFAULT_PREFERENCES, type Preferences} from '../../shared/domain/preferences.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Command} from './command.ts'

const THEMES = {light: 'Light theme', dark: 'Dark theme', system: 'Theme as the system'} as const

const chooseTheme = (theme: keyof typeof THEMES): Command => ({
  id: `theme-${theme}`,
  title: THEMES[theme],
  group: 'view',
  keywords: 'colours colors mode appearance',
  when: ({preferences}) => preferences.theme !== theme,
  whyNot: () => 'is chosen',
  run: ({actions}) => actions.changePreferences({theme}),
})

export const lightTheme = chooseTheme('light')
export const darkTheme = chooseTheme('dark')
export const systemTheme = chooseTheme('system')

export const LEAST_TEXT_PX = 11
export const MOST_TEXT_PX = 26

const changeText = (id: string, title: string, byPx: number): Command => ({
  id,
  title,
  group: 'view',
  keywords: 'font zoom size',
  when: ({preferences: {textSizePx}}) =>
    textSizePx + byPx >= LEAST_TEXT_PX && textSizePx + byPx <= MOST_TEXT_PX,
  whyNot: ({preferences: {textSizePx}}) =>
    `it is ${textSizePx} px, the ${byPx > 0 ? 'most' : 'least'}`,
  run: ({store, actions}) => {
    const textSizePx = store.getState().preferences.textSizePx + byPx
    actions.changePreferences({textSizePx})
    actions.notify(`text of ${textSizePx} px`)
  },
})

export const largerText = changeText('larger-text', 'Larger text', 1)
export const smallerText = changeText('smaller-text', 'Smaller text', -1)

const KEYS = Object.keys(DEFAULT_PREFERENCES) as (keyof Preferences)[]

export const areDefault = (preferences: Preferences): boolean =>
  KEYS.every((key) => preferences[key] === DEFAULT_PREFERENCES[key])

/** Puts every preference back, and says how to take that back. */
export function resetPreferencesOf({store, actions}: Workbench): void {
  const before = store.getState().preferences
  actions.changePreferences(DEFAULT_PREFERENCES)
  actions.notify('all settings are as they were delivered', {
    title: 'Undo',
    run: () => {
      actions.changePreferences(before)
      actions.notify('settings are as they were before')
    },
  })
}

export const resetPreferences: Command = {
  id: 'reset-preferences',
  title: 'Reset all settings',
  group: 'edit',
  keywords: 'defaults preferences',
  when: ({preferences}) => !areDefault(preferences),
  whyNot: () => 'they are the defaults',
  run: resetPreferencesOf,
}
