import {
  formatFixed,
  formatProb,
  formatRank,
  NO_VALUE,
} from '../../../shared/figures/number-format.ts'
import type {TrackName} from '../../../shared/figures/tokens/tracks.ts'
import type {TokenStatistics} from '../../../shared/units/unit-scores.ts'

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
