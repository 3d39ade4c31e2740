import {formatCount} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import type {VocabularyEntry} from '../store/captures.ts'

/** What a text or an id typed to be tracked may mean. */
export interface FoundTokens {
  readonly choices: readonly VocabularyEntry[]
  /** Tokens that were found and are not listed. */
  readonly hiddenCount: number
  /** What Enter adds: only what is exactly one token. */
  readonly exact: VocabularyEntry | null
  readonly note: string
}

export const NOTHING_FOUND: FoundTokens = {choices: [], hiddenCount: 0, exact: null, note: ''}

const MOST_CHOICES = 12

/** `7` and `#7` are a number, which is an id before it is a text; null for everything else. */
export function wholeNumberOf(text: string): number | null {
  const digits = /^#?(\d+)$/u.exec(text.trim())?.[1]
  return digits === undefined ? null : Number(digits)
}

export interface FindInput {
  readonly text: string
  /** Ids are below it; null where that is not known. */
  readonly tokenCount: number | null
  /** The entry whose id is typed; null where there is none. */
  readonly byId: VocabularyEntry | null
  /** Tokens of the text as typed, and of the same after a space (none where it begins with one). */
  readonly plain: readonly VocabularyEntry[]
  readonly spaced: readonly VocabularyEntry[]
}

/** Nothing is added in place of what was typed: several tokens are choices, each named. */
export function foundTokens(input: FindInput): FoundTokens {
  const {text, tokenCount, byId, plain, spaced} = input
  const single = plain.length === 1 ? plain[0]! : spaced.length === 1 ? spaced[0]! : null
  const number = wholeNumberOf(text)
  const exact = number === null ? single : byId
  const all = new Map<number, VocabularyEntry>()
  for (const entry of [byId, single, ...plain, ...spaced]) {
    if (entry && !all.has(entry.id)) all.set(entry.id, entry)
  }
  const choices = [...all.values()].slice(0, MOST_CHOICES)
  return {
    choices: choices.map((entry) => (entry.id === exact?.id ? exact : entry)),
    hiddenCount: all.size - choices.length,
    exact,
    note: noteOf(),
  }

  function noteOf(): string {
    if (number !== null && !byId) {
      const range = tokenCount === null ? '' : `; ids are 0 to ${formatCount(tokenCount - 1)}`
      return `no id ${number}${range}. ${all.size > 0 ? 'The text has these tokens.' : ''}`.trim()
    }
    if (exact) {
      const name = plainGlyphs({...exact, isSpecial: true}) || `#${exact.id}`
      if (number !== null) return `Enter tracks id ${formatCount(exact.id)}, ${name}.`
      return exact === plain[0] && plain.length === 1
        ? `Enter tracks ${name}.`
        : `Enter tracks ${name}: after a space it is one token.`
    }
    if (plain.length > 1) return `${formatCount(plain.length)} tokens: choose one of them.`
    return ''
  }
}
