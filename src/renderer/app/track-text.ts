import {formatFixed, formatProb, formatRank, NO_VALUE} from '../../shared/figures/number-format.ts'
import type {TrackName} from '../../shared/figures/tokens/tracks.ts'
import type {TokenStatistics} from '../../shared/units/unit-scores.ts'

/** A statistic of a token or a unit as the inspector and the strip write it; “—” where there is none. */
export function trackValueText(track: TrackName, token: TokenStatistics): string {
  switch (track) {
    case 'surprisal':
      return withUnit(token.surprisalBits, 'bits')
    case 'entropy':
      return withUnit(token.entropyBits, 'bits')
    case 'rank':
      return formatRank(token.rank)
    case 'max-logprob':
      return withUnit(token.maxLogprob, 'nats')
    case 'top-p-mass':
      return formatProb(token.topPMass)
    case 'p-end':
      return formatProb(token.endProb)
  }
}

function withUnit(value: number | null, unit: string): string {
  return value === null ? NO_VALUE : `${formatFixed(value, 2)} ${unit}`
}

/** What each statistic is, in a sentence: beside its name wherever that stands. */
export const TRACK_DEFINITIONS: Readonly<Record<TrackName, string>> = {
  surprisal: '−log2 of the probability of this token given everything before it, at temperature 1.',
  entropy: 'Entropy of the whole next-token distribution before this token was known.',
  rank: 'Its place among all tokens by probability; 1 is the likeliest. Files count from 0.',
  'max-logprob': 'Natural logarithm of the probability of the likeliest token at this position.',
  'top-p-mass':
    'Total probability of the tokens at least as probable as this one, itself included.',
  'p-end':
    'Total probability of the tokens that end the text; — where the model names none or nothing precedes.',
}
