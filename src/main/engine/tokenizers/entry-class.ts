import type {EntryClass} from '../../../shared/lenses/vocabulary.ts'

/** What a vocabulary entry is by its shape. */
export interface EntryShape {
  readonly class: EntryClass
  readonly script: string | null
  /** Code points; null for bytes that are no text. */
  readonly characters: number | null
}

/** Scripts that are told apart, by their Unicode names; others are `other`. */
export const SCRIPTS = [
  ...['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Georgian', 'Hebrew', 'Arabic', 'Syriac', 'Thaana'],
  ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada'],
  ...['Malayalam', 'Sinhala', 'Thai', 'Lao', 'Tibetan', 'Myanmar', 'Khmer', 'Mongolian'],
  ...['Ethiopic', 'Cherokee', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo', 'Tifinagh'],
  ...[
    'Nko',
    'Adlam',
    'Javanese',
    'Balinese',
    'Ol_Chiki',
    'Yi',
    'Coptic',
    'Gothic',
    'Runic',
    'Ogham',
  ],
] as const

const BY_SCRIPT = SCRIPTS.map((script) => ({
  script,
  letter: new RegExp(`^(?=[\\p{L}\\p{M}])\\p{Script=${script}}$`, 'u'),
}))
const MARK = /^\p{Script=Inherited}$/u
const UNNAMED = /[\p{Cn}\p{Cc}\p{Co}\p{Cs}]/u
const BRACKETED = /^(?:<[^<>\s]+>|\[[^[\]\s]+\])$/u
/** Tags of HTML, which are text. */
const TAGS = new Set('a b i p u br div em h1 h2 h3 li span strong td tr ul'.split(' '))

const scripts = new Map<string, string | null>()

/** The script of a letter; null for what is none, or of a script that is not told apart. */
export function scriptOf(character: string): string | null {
  const known = scripts.get(character)
  if (known !== undefined) return known
  const found = BY_SCRIPT.find(({letter}) => letter.test(character))?.script ?? null
  scripts.set(character, found)
  return found
}

const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

/** The text of some bytes; null where they are none. */
export function textOfEntry(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

/** The shape of an entry, first match first, as Qtok has it. Scripts are Unicode's property, not names. */
export function shapeOf(bytes: Uint8Array, isSpecial: boolean): EntryShape {
  const text = textOfEntry(bytes)
  const characters = text === null ? null : Array.from(text)
  const shape = (name: EntryClass, script: string | null = null): EntryShape => ({
    class: name,
    script,
    characters: characters?.length ?? null,
  })
  if (isSpecial) return shape('control_tokens')
  if (bytes.length === 1) return shape('pure_unicode')
  if (text === null || characters === null) return shape('unicode_flanks')
  if (characters.length === 1) {
    if (UNNAMED.test(text)) return shape('char_errors')
    const script = scriptOf(text)
    return script ? shape('char_alpha', script) : shape('char_other')
  }
  const isSpaced = text.startsWith(' ')
  if (!isSpaced && isControl(text)) return shape('control_tokens')
  const rest = isSpaced ? characters.slice(1) : characters
  const kind = isSpaced ? 'spaced' : 'inner'
  if (UNNAMED.test(rest.join(''))) return shape(`${kind}_errors`)
  const script = commonScript(rest)
  return script ? shape(`${kind}_alpha`, script) : shape(`${kind}_other`)
}

function isControl(text: string): boolean {
  if (!BRACKETED.test(text)) return false
  return !TAGS.has(text.slice(1, -1).replaceAll('/', '').toLowerCase())
}

/** The one script that all letters have; marks of no script of their own go with their letter. */
function commonScript(characters: readonly string[]): string | null {
  let common: string | null = null
  for (const character of characters) {
    const script = scriptOf(character)
    if (script === null) {
      if (common !== null && MARK.test(character)) continue
      return null
    }
    if (common !== null && script !== common) return null
    common = script
  }
  return common
}

/** First and last code points of the letters that a script's modern texts are written with. */
const CORE_LETTERS: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  Latin: [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  Cyrillic: [
    [0x410, 0x44f],
    [0x401, 0x401],
    [0x451, 0x451],
  ],
  Greek: [
    [0x391, 0x3a9],
    [0x3b1, 0x3c9],
  ],
  Armenian: [
    [0x531, 0x556],
    [0x561, 0x586],
  ],
  Georgian: [[0x10d0, 0x10f0]],
  Hebrew: [[0x5d0, 0x5ea]],
  Arabic: [
    [0x621, 0x63a],
    [0x641, 0x64a],
  ],
  Devanagari: [[0x905, 0x939]],
  Bengali: [[0x985, 0x9b9]],
  Tamil: [[0xb85, 0xbb9]],
  Telugu: [[0xc05, 0xc39]],
  Sinhala: [[0xd85, 0xdc6]],
  Thai: [[0xe01, 0xe2e]],
  Lao: [[0xe81, 0xeae]],
  Myanmar: [[0x1000, 0x102a]],
  Khmer: [[0x1780, 0x17b3]],
  Ethiopic: [[0x1200, 0x135a]],
  Hiragana: [[0x3041, 0x3096]],
  Katakana: [[0x30a1, 0x30fa]],
  Hangul: [[0xac00, 0xd7a3]],
  Han: [[0x4e00, 0x9fff]],
}

/** The core letters of each script, of those ranges what Unicode calls letters. */
export const SCRIPT_LETTERS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(CORE_LETTERS).map(([script, ranges]) => [
    script,
    ranges.flatMap(([first, last]) =>
      Array.from({length: last - first + 1}, (_, i) => String.fromCodePoint(first + i)).filter(
        (character) => /^\p{L}$/u.test(character)
      )
    ),
  ])
)
