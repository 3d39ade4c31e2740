import type {Definition} from '../help/definition.ts'

/** The statistics of a token that a track can show; null where the position has none. */
export type TrackStatistic =
  | 'surprisalBits'
  | 'entropyBits'
  | 'rank'
  | 'maxLogprob'
  | 'topPMass'
  | 'endProb'
  | 'klToUniformBits'
  | 'klFromUniformBits'

/** How the values of tokens become one of their unit. */
export type Aggregation = 'sum' | 'mean' | 'worst'

/** One number a token that can be drawn under the text. */
export interface TokenTrack {
  readonly label: string
  /** `bits` or `nats`; empty where it has none. */
  readonly unit: string
  /** What the unit is in words, where it has none: `a share from 0 to 1`. */
  readonly unitWords?: string
  readonly statistic: TrackStatistic
  readonly aggregation: Aggregation
  /** How its values are written. */
  readonly format: 'decimals' | 'rank' | 'prob'
  /** Drawn as a number, not as a bar. */
  readonly isNumber?: boolean
  /** Its values are 0 or below, and its bars grow with what they fall to. */
  readonly isNegative?: boolean
  /** The least that a scale ends at, so that a quiet text does not look like a loud one. */
  readonly leastMaximum: number
  /** The end of the scale where it is the same for every text. */
  readonly fixedMaximum?: number
  /** What it means, and where it is taken from. */
  readonly text: string
  readonly source: string
}

const SHANNON = 'Shannon 1948, A Mathematical Theory of Communication'
const SOFTMAX = 'softmax of the model’s logits'

/**
 * Every track there is, in the order of menus. A lens that has one number a token adds it here, and its statistic to
 * {@link TrackStatistic}: option, flag, menu, table, legend and definition are made from this list.
 */
export const TOKEN_TRACKS = {
  surprisal: {
    label: 'surprisal',
    unit: 'bits',
    statistic: 'surprisalBits',
    aggregation: 'sum',
    format: 'decimals',
    leastMaximum: 4,
    text: '−log2 of the probability of the token given everything before it, at temperature 1, whatever the sampling controls say. Summed over larger units.',
    source: SHANNON,
  },
  entropy: {
    label: 'entropy',
    unit: 'bits',
    statistic: 'entropyBits',
    aggregation: 'mean',
    format: 'decimals',
    leastMaximum: 4,
    text: '−Σ p·log2 p of the whole next-token distribution before the token was known, at temperature 1. Larger units show the mean.',
    source: SHANNON,
  },
  rank: {
    label: 'rank',
    unit: '',
    unitWords: 'a place from 1',
    statistic: 'rank',
    aggregation: 'worst',
    format: 'rank',
    isNumber: true,
    leastMaximum: 1,
    text: 'Its place among all tokens by probability; 1 is the likeliest. Files count from 0. Larger units show the worst.',
    source: 'ours',
  },
  'max-logprob': {
    label: 'max log-prob',
    unit: 'nats',
    statistic: 'maxLogprob',
    aggregation: 'mean',
    format: 'decimals',
    isNegative: true,
    leastMaximum: 2,
    text: 'Natural logarithm of the probability of the likeliest token at this position, at temperature 1. Larger units show the mean.',
    source: SOFTMAX,
  },
  'top-p-mass': {
    label: 'top-p mass',
    unit: '',
    unitWords: 'a share from 0 to 1',
    statistic: 'topPMass',
    aggregation: 'mean',
    format: 'prob',
    leastMaximum: 1,
    fixedMaximum: 1,
    text: 'Total probability of the tokens at least as probable as the one that occurred, itself included: the smallest top-p that would let it be sampled. Larger units show the mean.',
    source: 'after nucleus sampling, Holtzman et al. 2020',
  },
  'p-end': {
    label: 'p(end)',
    unit: '',
    unitWords: 'a share from 0 to 1',
    statistic: 'endProb',
    aggregation: 'mean',
    format: 'prob',
    leastMaximum: 0.01,
    text: 'Total probability of the tokens that end the text, before this token was known; — where the model names none or nothing precedes. Larger units show the mean.',
    source: 'the stop ids of the model’s generation_config.json',
  },
  'kl-to-uniform': {
    label: 'KL to uniform',
    unit: 'bits',
    statistic: 'klToUniformBits',
    aggregation: 'mean',
    format: 'decimals',
    leastMaximum: 4,
    text: 'KL(p‖U) = log2 V − entropy: how far the next-token distribution is from all V tokens alike, 0 where nothing is known and log2 V where all is. Larger units show the mean.',
    source: 'Kullback and Leibler 1951, with p first',
  },
  'kl-from-uniform': {
    label: 'KL from uniform',
    unit: 'bits',
    statistic: 'klFromUniformBits',
    aggregation: 'mean',
    format: 'decimals',
    leastMaximum: 4,
    text: 'KL(U‖p) = −log2 V − (1/V)·Σ log2 p: how surprised the model would be by tokens drawn alike; — where one is forbidden. Larger units show the mean.',
    source: 'Gao et al. 2024, arXiv 2401.11170, uniform first as in their code',
  },
} as const satisfies Readonly<Record<string, TokenTrack>>

export type TrackName = keyof typeof TOKEN_TRACKS
export const TRACK_NAMES = Object.keys(TOKEN_TRACKS) as [TrackName, ...TrackName[]]

export function trackOf(name: TrackName): TokenTrack {
  return TOKEN_TRACKS[name]
}

/** What every track means, under its own name. */
export const TRACK_DEFINITIONS = Object.fromEntries(
  TRACK_NAMES.map((name) => {
    const {label, unit, unitWords, text, source} = trackOf(name)
    return [
      name,
      {title: label, unit: unitWords ?? unit, text, source, topic: 'Statistics of a token'},
    ]
  })
) as Readonly<Record<TrackName, Definition>>
