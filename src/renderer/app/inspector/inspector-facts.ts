import {formatCount, formatProb, NO_VALUE} from '../../../shared/figures/number-format.ts'
import {TRACK_KINDS} from '../../../shared/figures/tokens/tracks.ts'
import type {DefinitionKey} from '../../../shared/help/definitions.ts'
import {TRACK_NAMES} from '../../../shared/lenses/token-tracks.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {exp} from '../../../shared/math/exp.ts'
import {trackValueText} from './track-text.ts'

/** A line of the inspector: what it is, how it reads, what copying gives, and what it means. */
export interface Fact {
  readonly name: string
  readonly text: string
  /** Unrounded, for the clipboard; null where there is nothing to copy. */
  readonly exact: string | null
  readonly definition: DefinitionKey
  readonly isMono?: boolean
}

const SPAN_TEXTS = {
  lossless: 'exact',
  'dummy-prefix': 'space put before it',
  normalized: 'text was changed',
} as const

/** What is known of one token, in the order in which it is read. */
export function factsOfToken(token: ScoredToken, vocabularySize: number | null): Fact[] {
  const bytes = token.bytesHex.match(/../gu)?.join(' ') ?? ''
  const facts: Fact[] = [
    {
      name: 'id',
      text: formatCount(token.id),
      exact: String(token.id),
      definition: 'token-id',
    },
    {
      name: 'bytes',
      text: bytes || NO_VALUE,
      exact: token.bytesHex || null,
      definition: 'token-bytes',
      isMono: true,
    },
    {
      name: 'text bytes',
      text: token.isInserted
        ? 'inserted'
        : `${formatCount(token.byteStart)} to ${formatCount(token.byteEnd)}`,
      exact: `${token.byteStart}:${token.byteEnd}`,
      definition: token.isInserted ? 'inserted' : 'text-bytes',
    },
  ]
  if (token.spanClass !== 'lossless') {
    facts.push({
      name: 'span',
      text: SPAN_TEXTS[token.spanClass],
      exact: token.spanClass,
      definition: token.spanClass === 'dummy-prefix' ? 'span-dummy-prefix' : 'span-normalized',
    })
  }
  const prob = token.logprob === null ? null : exp(token.logprob)
  facts.push(
    {
      name: 'probability',
      text: formatProb(prob),
      exact: exactText(prob),
      definition: 'probability',
    },
    ...TRACK_NAMES.map((track): (typeof facts)[number] => {
      const {label, statistic, format} = TRACK_KINDS[track]
      const value = token[statistic]
      const isPlaced = format === 'rank' && value !== null && vocabularySize !== null
      return {
        name: label,
        text: `${trackValueText(track, token)}${isPlaced ? ` of ${formatCount(vocabularySize)}` : ''}`,
        // On the screen ranks begin at 1.
        exact: format === 'rank' && value !== null ? String(value + 1) : exactText(value),
        definition: track,
      }
    })
  )
  return facts
}

function exactText(value: number | null): string | null {
  return value === null ? null : String(value)
}

/** `once in this text, at 42`, `3 times: 4, 17, 42`. */
export function occurrencesOf(tokens: readonly ScoredToken[], id: number): number[] {
  return tokens.filter((token) => token.id === id).map((token) => token.position)
}
