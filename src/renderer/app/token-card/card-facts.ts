import {bytesOfHex} from '../../../shared/domain/token.ts'
import {codeName} from '../../../shared/figures/token-glyphs.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {decodeBytes} from '../../../shared/units/decoded-text.ts'

/** A code point of a token's text: `U+006C`, what it looks like, and of what kind it is. */
export interface CodePoint {
  readonly code: string
  readonly text: string
  readonly kind: string
}

// In this order: the first that fits.
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/\p{Lu}/u, 'upper-case letter'],
  [/\p{Ll}/u, 'lower-case letter'],
  [/\p{L}/u, 'letter'],
  [/\p{M}/u, 'combining mark'],
  [/\p{Nd}/u, 'decimal digit'],
  [/\p{N}/u, 'number'],
  [/\p{Z}/u, 'space'],
  [/\p{P}/u, 'punctuation'],
  [/\p{S}/u, 'symbol'],
  [/\p{Cc}/u, 'control character'],
  [/\p{Cf}/u, 'invisible format character'],
]

const SCRIPTS = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Armenian',
  'Hebrew',
  'Arabic',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Thai',
  'Myanmar',
  'Georgian',
  'Hangul',
  'Hiragana',
  'Katakana',
  'Han',
].map((name) => [name, new RegExp(`\\p{Script=${name}}`, 'u')] as const)

/** Names of the most usual characters that have no picture of their own. */
const NAMES: Readonly<Record<string, string>> = {
  '\t': 'tab',
  '\n': 'line feed',
  '\r': 'carriage return',
  ' ': 'space',
  '\u00a0': 'no-break space',
  '\u200b': 'zero width space',
  '\u200c': 'zero width non-joiner',
  '\u200d': 'zero width joiner',
  '\ufe0f': 'variation selector 16',
  '\ufeff': 'byte order mark',
}

/** The code points that some bytes are; bytes that are only part of a character are left out. */
export function codePointsOf(bytesHex: string): CodePoint[] {
  const bytes = bytesOfHex(bytesHex)
  const {text, byteOf} = decodeBytes(bytes)
  const points: CodePoint[] = []
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at)!)
    // One U+FFFD stands for a single byte; a real one has three.
    const isReal = character !== '\ufffd' || byteOf[at + 1]! - byteOf[at]! > 1
    if (isReal)
      points.push({
        code: codeName(character.codePointAt(0)!),
        text: character,
        kind: kindOf(character),
      })
    at += character.length
  }
  return points
}

function kindOf(character: string): string {
  const name = NAMES[character]
  if (name) return name
  const kind = KINDS.find(([pattern]) => pattern.test(character))?.[1] ?? 'unassigned'
  const script = SCRIPTS.find(([, pattern]) => pattern.test(character))?.[0]
  return script ? `${script} ${kind}` : kind
}

/** The statistics of a token over all places where it occurs and has them. */
export interface OccurrenceStatistics {
  readonly count: number
  readonly meanBits: number
  readonly leastBits: number
  readonly mostBits: number
  readonly leastPosition: number
  readonly mostPosition: number
}

/** Null where none of them has a surprisal, as for the first token alone. */
export function statisticsOf(places: readonly ScoredToken[]): OccurrenceStatistics | null {
  const scored = places.flatMap(({position, surprisalBits: bits}) =>
    bits === null || Number.isNaN(bits) ? [] : [{position, bits}]
  )
  if (scored.length === 0) return null
  const least = scored.reduce((a, b) => (b.bits < a.bits ? b : a))
  const most = scored.reduce((a, b) => (b.bits > a.bits ? b : a))
  return {
    count: scored.length,
    meanBits: scored.reduce((sum, {bits}) => sum + bits, 0) / scored.length,
    leastBits: least.bits,
    mostBits: most.bits,
    leastPosition: least.position,
    mostPosition: most.position,
  }
}
