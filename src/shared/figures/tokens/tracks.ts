import type {ScoredToken} from '../../lenses/tokens.ts'
import {formatCount, formatFixed, formatSetting} from '../number-format.ts'
import {CHIP_STEP_COUNT, stepOf} from '../palette.ts'
import type {FigureOptions} from '../request.ts'
import {niceCeiling} from '../scale.ts'

export type TrackName = FigureOptions['tracks'][number]

/** What a track shows of each token. `magnitude` is what its bar or tint grows with, from 0. */
interface TrackKind {
  readonly label: string
  readonly unit: string
  /** What it is, in a sentence. */
  readonly definition: string
  readonly isNumber: boolean
  /** Null where the position has no value. */
  magnitude(token: ScoredToken): number | null
  /** The least that a scale ends at, so that a quiet text does not look like a loud one. */
  readonly leastMaximum: number
  /** The end of the scale where it is the same for every text. */
  readonly fixedMaximum?: number
}

export const TRACK_KINDS: Readonly<Record<TrackName, TrackKind>> = {
  surprisal: {
    label: 'surprisal',
    unit: 'bits',
    definition:
      '−log2 of the probability of the token given everything before it, at temperature 1.',
    isNumber: false,
    magnitude: (token) => token.surprisalBits,
    leastMaximum: 4,
  },
  entropy: {
    label: 'entropy',
    unit: 'bits',
    definition: 'Entropy of the whole next-token distribution before the token was known.',
    isNumber: false,
    magnitude: (token) => token.entropyBits,
    leastMaximum: 4,
  },
  rank: {
    label: 'rank',
    unit: '',
    definition:
      'Its place among all tokens by probability; 1 is the likeliest. Files count from 0.',
    isNumber: true,
    magnitude: (token) => token.rank,
    leastMaximum: 1,
  },
  'max-logprob': {
    label: 'max log-prob',
    unit: 'nats',
    definition: 'Natural logarithm of the probability of the likeliest token at this position.',
    isNumber: false,
    magnitude: (token) => (token.maxLogprob === null ? null : -token.maxLogprob),
    leastMaximum: 2,
  },
  'top-p-mass': {
    label: 'top-p mass',
    unit: '',
    definition:
      'Total probability of the tokens at least as probable as this one, itself included.',
    isNumber: false,
    magnitude: (token) => token.topPMass,
    leastMaximum: 1,
    fixedMaximum: 1,
  },
  'p-end': {
    label: 'p(end)',
    unit: '',
    definition: 'Total probability of the tokens that end the text; — where the model names none.',
    isNumber: false,
    magnitude: (token) => token.endProb,
    leastMaximum: 0.01,
  },
}

/** Highest ranks (from 0) of the steps that a chip tinted by rank takes. */
const RANK_STEPS = [0, 2, 9, 99]

/** A track with the scale that this text gives it. */
export interface TrackScale {
  readonly name: TrackName
  readonly label: string
  readonly isNumber: boolean
  /** The first track also tints the chips. */
  readonly isTint: boolean
  /** Value of a full bar, in the track's unit. */
  readonly maximum: number
  /** The ends of the scale with their unit: `0 to 6 bits`. */
  readonly rangeText: string
}

export function trackScales(
  names: readonly TrackName[],
  tokens: readonly ScoredToken[]
): TrackScale[] {
  return [...new Set(names)].map((name, index) => {
    const kind = TRACK_KINDS[name]
    let highest = kind.leastMaximum
    for (const token of tokens) {
      const value = kind.magnitude(token)
      if (value !== null && value > highest) highest = value
    }
    const maximum = kind.fixedMaximum ?? niceCeiling(highest)
    return {
      name,
      label: kind.label,
      isNumber: kind.isNumber,
      isTint: index === 0,
      maximum,
      rangeText: rangeText(name, maximum),
    }
  })
}

function rangeText(name: TrackName, maximum: number): string {
  const {unit} = TRACK_KINDS[name]
  if (name === 'rank') return '1 is the likeliest'
  const end =
    maximum >= 1
      ? Number.isInteger(maximum)
        ? formatCount(maximum)
        : formatFixed(maximum, 1)
      : formatSetting(maximum)
  const signed = name === 'max-logprob' ? `−${end}` : end
  return `0 to ${signed}${unit ? ` ${unit}` : ''}`
}

/** Tint of a chip by a track, from 0 to 4; -1 where the position has no value. */
export function tintStep(scale: TrackScale, token: ScoredToken): number {
  const value = TRACK_KINDS[scale.name].magnitude(token)
  if (value === null || Number.isNaN(value)) return -1
  if (scale.name === 'rank') {
    const step = RANK_STEPS.findIndex((highest) => value <= highest)
    return step < 0 ? CHIP_STEP_COUNT - 1 : step
  }
  return stepOf(value, scale.maximum, CHIP_STEP_COUNT)
}

/** What the tint's steps mean, where they are not equal parts of the scale. */
export function tintText(scale: TrackScale): string {
  if (scale.name === 'rank') return 'rank 1, 2 to 3, 4 to 10, 11 to 100, above'
  return `${scale.label}, ${scale.rangeText}`
}
