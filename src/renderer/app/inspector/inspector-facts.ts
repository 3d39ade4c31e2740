import {
  formatCount,
  formatFixed,
  formatProb,
  formatRank,
  NO_VALUE,
} from '../../../shared/figures/number-format.ts'
import type {DefinitionKey} from '../../../shared/help/definitions.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {exp} from '../../../shared/math/exp.ts'

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
    {
      name: 'surprisal',
      text: withUnit(token.surprisalBits, 'bits'),
      exact: exactText(token.surprisalBits),
      definition: 'surprisal',
    },
    {
      name: 'entropy',
      text: withUnit(token.entropyBits, 'bits'),
      exact: exactText(token.entropyBits),
      definition: 'entropy',
    },
    {
      name: 'rank',
      text:
        token.rank === null
          ? NO_VALUE
          : `${formatRank(token.rank)}${vocabularySize === null ? '' : ` of ${formatCount(vocabularySize)}`}`,
      exact: token.rank === null ? null : String(token.rank + 1),
      definition: 'rank',
    },
    {
      name: 'max log-prob',
      text: withUnit(token.maxLogprob, 'nats'),
      exact: exactText(token.maxLogprob),
      definition: 'max-logprob',
    },
    {
      name: 'top-p mass',
      text: formatProb(token.topPMass),
      exact: exactText(token.topPMass),
      definition: 'top-p-mass',
    },
    {
      name: 'p(end)',
      text: formatProb(token.endProb),
      exact: exactText(token.endProb),
      definition: 'p-end',
    }
  )
  return facts
}

function withUnit(value: number | null, unit: string): string {
  return value === null ? NO_VALUE : `${formatFixed(value, 2)} ${unit}`
}

function exactText(value: number | null): string | null {
  return value === null ? null : String(value)
}

/** `once in this text, at 42`, `3 times: 4, 17, 42`. */
export function occurrencesOf(tokens: readonly ScoredToken[], id: number): number[] {
  return tokens.filter((token) => token.id === id).map((token) => token.position)
}
