const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/u.test(navigator.platform)

/** A key as it is pressed. `mod` is ⌘ on a Mac and Ctrl elsewhere. */
export interface Shortcut {
  /** As `KeyboardEvent.key` has it, letters in lower case. */
  readonly key: string
  readonly mod?: boolean
  readonly shift?: boolean
  readonly alt?: boolean
  /** The key is there on one kind of machine alone; on both without it. */
  readonly on?: 'mac' | 'others'
}

const NAMES: Readonly<Record<string, string>> = {
  Enter: '⏎',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  PageUp: 'Page ↑',
  PageDown: 'Page ↓',
  ' ': 'Space',
}

/** The machine has such a key. */
export function isOnThisMachine({on}: Shortcut, onMac = isMac): boolean {
  return on === undefined || (on === 'mac') === onMac
}

/** The key as it stands on a button: `⌘⏎`, `Ctrl ⏎`, `G`; empty where there is none. */
export function shortcutText(shortcut: Shortcut | undefined): string {
  if (!shortcut || !isOnThisMachine(shortcut)) return ''
  const {key, mod, shift, alt} = shortcut
  const name = NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key)
  const modText = mod ? (isMac ? '⌘' : 'Ctrl ') : ''
  const altText = alt ? (isMac ? '⌥' : 'Alt ') : ''
  return `${modText}${altText}${shift ? (isMac ? '⇧' : 'Shift ') : ''}${name}`
}

/** As Electron writes it: `CmdOrCtrl+Shift+Z`. */
export function acceleratorOf({key, mod, shift, alt}: Shortcut): string {
  const names: Readonly<Record<string, string>> = {
    ArrowLeft: 'Left',
    ArrowRight: 'Right',
    ArrowUp: 'Up',
    ArrowDown: 'Down',
    Escape: 'Esc',
    ' ': 'Space',
    '+': 'Plus',
  }
  const name = names[key] ?? (key.length === 1 ? key.toUpperCase() : key)
  return [mod && 'CmdOrCtrl', alt && 'Alt', shift && 'Shift', name].filter(Boolean).join('+')
}

type PressedKey = Pick<
  KeyboardEvent,
  'key' | 'code' | 'metaKey' | 'ctrlKey' | 'altKey' | 'shiftKey'
>

/** The key that was pressed; on a keyboard of another script the Latin letter that stands on it. */
function keyOf({key, code}: PressedKey): string {
  const isOtherScript = key.length === 1 && key > '\u024f' && /^Key[A-Z]$/u.test(code)
  if (isOtherScript) return code.slice(3).toLowerCase()
  return key.length === 1 ? key.toLowerCase() : key
}

export function matchesShortcut(
  event: PressedKey,
  shortcut: Shortcut,
  onMac: boolean = isMac
): boolean {
  const hasMod = onMac ? event.metaKey : event.ctrlKey
  const hasOther = onMac ? event.ctrlKey : event.metaKey
  const key = keyOf(event)
  // Keyboards differ in whether `?` or `[` needs Shift.
  const isSign = key.length === 1 && !/[\p{L}\p{N}]/u.test(key)
  return (
    isOnThisMachine(shortcut, onMac) &&
    key === shortcut.key &&
    hasMod === (shortcut.mod ?? false) &&
    !hasOther &&
    event.altKey === (shortcut.alt ?? false) &&
    ((isSign && shortcut.shift === undefined) || event.shiftKey === (shortcut.shift ?? false))
  )
}
