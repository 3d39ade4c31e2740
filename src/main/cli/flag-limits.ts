import {UsageError} from './usage-error.ts'

/** The numbers that a flag takes. */
export interface NumberLimits {
  readonly whole: boolean
  readonly min: number
  /** The least number is itself too small. */
  readonly isMinExcluded?: boolean
  /** No limit of its own where it is absent. */
  readonly max?: number
}

/** By the flags' names in camelCase. Kept apart from the schemas so that help need not load those. */
export const LIMITS = {
  topK: {whole: true, min: 1, max: 1000},
  topP: {whole: false, min: 0, isMinExcluded: true, max: 1},
  temperature: {whole: false, min: 0, isMinExcluded: true, max: 100},
  generate: {whole: true, min: 0, max: 100_000},
  seed: {whole: true, min: 0},
  position: {whole: true, min: 0},
  targetPosition: {whole: true, min: 1},
  targetToken: {whole: true, min: 0},
  ratio: {whole: false, min: 0, isMinExcluded: true, max: 0.99},
  keep: {whole: false, min: 0, isMinExcluded: true},
  overlap: {whole: true, min: 0},
  stopK: {whole: true, min: 1, max: 1000},
  maxSteps: {whole: true, min: 1, max: 100_000},
  probes: {whole: true, min: 1, max: 256},
  testEvery: {whole: true, min: 1, max: 100_000},
  draws: {whole: true, min: 1, max: 10_000},
  nodes: {whole: true, min: 1, max: 100_000},
  depth: {whole: true, min: 1, max: 10_000},
  width: {whole: true, min: 1, max: 4096},
  maxChildren: {whole: true, min: 1, max: 1000},
  beams: {whole: true, min: 1, max: 256},
  paths: {whole: true, min: 1, max: 64},
  samples: {whole: true, min: 1, max: 4096},
  draftLength: {whole: true, min: 1, max: 256},
  branchLength: {whole: true, min: 1, max: 256},
  lengthPenalty: {whole: false, min: -10, max: 10},
  jointThreshold: {whole: false, min: 0, max: 1},
  draftThreshold: {whole: false, min: 0, isMinExcluded: true, max: 1},
  minP: {whole: false, min: 0, max: 1},
  draftTemperature: {whole: false, min: 0, max: 100},
  draftTopP: {whole: false, min: 0, isMinExcluded: true, max: 1},
  steps: {whole: true, min: 1, max: 100_000},
  maxNewTokens: {whole: true, min: 1, max: 100_000},
  rollouts: {whole: true, min: 1, max: 4096},
  tolerance: {whole: true, min: 0, max: 63},
  beta: {whole: false, min: 0, max: 100},
  mass: {whole: false, min: 0, isMinExcluded: true, max: 1},
  threshold: {whole: false, min: 0, max: 1e9},
  query: {whole: true, min: 0},
  threads: {whole: true, min: 1, max: 1024},
  scale: {whole: false, min: 0.1, max: 8},
  widthPx: {whole: false, min: 120, max: 10_000},
} as const satisfies Record<string, NumberLimits>

/** `a whole number from 1 to 1000`, `a number above 0, up to 1`. */
export function limitsInWords({whole, min, isMinExcluded, max}: NumberLimits): string {
  const kind = whole ? 'a whole number' : 'a number'
  if (isMinExcluded) return `${kind} above ${min}${max === undefined ? '' : `, up to ${max}`}`
  return `${kind} from ${min}${max === undefined ? '' : ` to ${max}`}`
}

/** `1 to 1000`, `above 0, up to 1`: the limits as help lists them. */
export function limitsInBrief({min, isMinExcluded, max}: NumberLimits): string {
  if (isMinExcluded) return `above ${min}${max === undefined ? '' : `, up to ${max}`}`
  return max === undefined ? `${min} or more` : `${min} to ${max}`
}

/** A number within its limits, as people write it; nothing else around it. */
export function parseLimited(text: string, flag: string, limits: NumberLimits): number {
  const value = Number(text)
  const isWritten = text.trim() !== '' && Number.isFinite(value)
  const isWhole = !limits.whole || (/^\d+$/.test(text.trim()) && Number.isSafeInteger(value))
  const isAbove = limits.isMinExcluded ? value > limits.min : value >= limits.min
  if (isWritten && isWhole && isAbove && value <= (limits.max ?? Number.POSITIVE_INFINITY)) {
    return value
  }
  throw new UsageError(`${flag} takes ${limitsInWords(limits)}, not “${text}”`)
}
