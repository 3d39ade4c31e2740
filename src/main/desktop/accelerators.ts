const MODIFIERS = new Set([
  'command',
  'cmd',
  'control',
  'ctrl',
  'commandorcontrol',
  'cmdorctrl',
  'alt',
  'option',
  'altgr',
  'shift',
  'super',
  'meta',
])
const KEYS = new Set(
  'plus space tab backspace delete insert return enter up down left right home end pageup pagedown escape esc'.split(
    ' '
  )
)
const CHARACTER = /^[\x21-\x7e]$/
const FUNCTION_KEY = /^f(?:[1-9]|1\d|2[0-4])$/

/** Electron throws at an accelerator that it does not know, and the whole menu with it. */
export function isAccelerator(text: string): boolean {
  const {modifiers, key} = partsOf(text)
  const isKey = KEYS.has(key) || FUNCTION_KEY.test(key) || CHARACTER.test(key)
  return isKey && modifiers.every((part) => MODIFIERS.has(part))
}

/** It has a modifier other than Shift, so it is not typed in the course of writing. */
export function hasModifier(text: string): boolean {
  return partsOf(text).modifiers.some((part) => part !== 'shift')
}

/** The same for every way of writing the same keys. */
export function accelerator(text: string, platform: NodeJS.Platform = process.platform): string {
  const {modifiers, key} = partsOf(text)
  const control = platform === 'darwin' ? 'cmd' : 'ctrl'
  const named = modifiers.map((part) => {
    if (part === 'commandorcontrol' || part === 'cmdorctrl') return control
    if (part === 'command' || part === 'super' || part === 'meta') return 'cmd'
    if (part === 'control') return 'ctrl'
    return part === 'option' ? 'alt' : part
  })
  const keyName = {enter: 'return', escape: 'esc', plus: '+'}[key] ?? key
  return [...new Set(named)].sort().concat(keyName).join('+')
}

function partsOf(text: string): {modifiers: string[]; key: string} {
  // The plus sign may itself be the key.
  const parts = text.toLowerCase().replace(/\+\+$/, '+plus').split('+')
  return {modifiers: parts.slice(0, -1), key: parts.at(-1) ?? ''}
}
