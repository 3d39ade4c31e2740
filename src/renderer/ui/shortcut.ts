const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/u.test(navigator.platform)

/** A key as it is pressed. `mod` is ⌘ on a Mac and Ctrl elsewhere. */
export interface Shortcut {
  /** As `KeyboardEvent.key` has it, letters in lower case. */
  readonly key: string
  readonly mod?: boolean
  readonly shift?: boolean
  readonly alt?: boolean
}

const NAMES: Readonly<Record<string, string>> = {
  Enter: '⏎',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
}

/** The key as it stands on a button: `⌘⏎`, `Ctrl ⏎`, `G`; empty where there is none. */
export function shortcutText(shortcut: Shortcut | undefined): string {
  if (!shortcut) return ''
  const {key, mod, shift, alt} = shortcut
  const name = NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key)
  const modText = mod ? (isMac ? '⌘' : 'Ctrl ') : ''
  const altText = alt ? (isMac ? '⌥' : 'Alt ') : ''
  return `${modText}${altText}${shift ? (isMac ? '⇧' : 'Shift ') : ''}${name}`
}

export function matchesShortcut(event: KeyboardEvent, shortcut: Shortcut): boolean {
  const hasMod = isMac ? event.metaKey : event.ctrlKey
  const hasOther = isMac ? event.ctrlKey : event.metaKey
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  return (
    key === shortcut.key &&
    hasMod === (shortcut.mod ?? false) &&
    !hasOther &&
    event.altKey === (shortcut.alt ?? false) &&
    event.shiftKey === (shortcut.shift ?? false)
  )
}
