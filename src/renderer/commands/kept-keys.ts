import type {Shortcut} from '../ui/shortcut.ts'

/**
 * Keys that Chromium does not give to a page, or that people rely on in any page: new and closed tabs and
 * windows, tabs by number, the address, reload, zoom, print and developer tools, and what writes and
 * edits text. No command may take one.
 */
const MOD = {mod: true} as const
const MOD_SHIFT = {mod: true, shift: true} as const
const ALT = {alt: true} as const

const letters = (text: string, more: Omit<Shortcut, 'key'>): Shortcut[] =>
  [...text].map((key) => ({key, ...more}))

export const KEPT_KEYS: readonly Shortcut[] = [
  ...letters('ntwqlrdpacvx123456789', MOD),
  ...letters('ntwqijrb', MOD_SHIFT),
  ...letters('+-=0', MOD),
  ...letters('df', ALT),
  {key: 'Tab'},
  {key: 'Tab', mod: true},
  {key: 'Tab', mod: true, shift: true},
  {key: 'PageUp', mod: true},
  {key: 'PageDown', mod: true},
  {key: 'F4', alt: true},
  {key: 'F5'},
  {key: 'F11'},
  {key: 'F12'},
]
