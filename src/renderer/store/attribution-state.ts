import type {Problem} from '../../shared/domain/problem.ts'
import type {
  AttributionMethod,
  AttributionPresetName,
  AttributionTrialResult,
  SamplerName,
} from '../../shared/lenses/attribute.ts'
import type {RunId} from './state.ts'
import type {WishJob} from './wish-runner.ts'

export const ATTRIBUTION_LENS = 'attribute'
/** A row for every generated token. */
export const HEAT_MAP_VIEW = 'heat-map'
/** Every method beside the others. */
export const COMPARE_VIEW = 'compare'
/** Tokens changed by hand. */
export const REPLACE_VIEW = 'replace'
/** The numbers as a table. */
export const VALUES_VIEW = 'table'

/**
 * What is to be explained of a run. `after`: the position after which the target stands; null is the end of the
 * prompt.
 */
export type TargetChoice =
  | {readonly kind: 'next'; readonly after: number | null}
  | {readonly kind: 'token'; readonly position: number}
  | {readonly kind: 'forced'; readonly after: number | null; readonly tokenId: number}
  /** Up to `end`, which is not among them. */
  | {readonly kind: 'span'; readonly start: number; readonly end: number}
  | {
      readonly kind: 'contrast'
      readonly after: number | null
      /** Why the first rather than the second. */
      readonly tokenIds: readonly [number, number]
    }
  | {readonly kind: 'all-generated'}

/** How a context is scored; null takes the preset's number. */
export interface AttributionChoice {
  readonly method: AttributionMethod
  readonly preset: AttributionPresetName
  /** Null: a masked model where one shares the tokenizer. */
  readonly sampler: SamplerName | null
  readonly ratio: number | null
  readonly keep: number | null
  readonly overlap: number | null
  readonly stopK: number | null
  readonly maxSteps: number | null
  readonly probes: number | null
  readonly testEvery: number
  /** With a sparse test the exact mode runs too, which costs more than the sparse one saves. */
  readonly comparesExact: boolean
  readonly seed: number
  /** Faithfulness and curves after the attribution. */
  readonly hasChecks: boolean
  readonly draws: number
}

/** How what came of it is looked at; nothing of it needs a new run. */
export interface AttributionLooks {
  /** Of ReAGent: ours, or the released softmax. */
  readonly scores: 'per-step' | 'released'
  /** Rows that are small stay as well. */
  readonly isUnfolded: boolean
  readonly form: 'paper' | 'released'
  readonly areSpecialsPerturbed: boolean
}

/** A token that stands in place of another. */
export interface TokenChange {
  readonly position: number
  readonly id: number
}

/** Document. */
export interface AttributionState {
  readonly attributionChoice: AttributionChoice
  readonly attributionLooks: AttributionLooks
  /** By run; the likeliest token after the prompt where there is none. */
  readonly attributionTargets: Readonly<Record<RunId, TargetChoice>>
  /** By run: tokens that were changed by hand, by position. */
  readonly attributionChanges: Readonly<Record<RunId, readonly TokenChange[]>>
}

export interface AttributionJob extends WishJob {
  readonly runId: RunId
  readonly method: AttributionMethod
}

/** Tokens changed by hand, and what became of the target. */
export interface AttributionTrialEntry {
  readonly id: number
  readonly runId: RunId
  /** The attribution whose target it was. */
  readonly key: string
  readonly changes: readonly TokenChange[]
  readonly outcome:
    | {readonly kind: 'running'}
    | {readonly kind: 'completed'; readonly result: AttributionTrialResult}
    | {readonly kind: 'failed'; readonly problem: Problem}
}

/** Session. */
export interface AttributionWorkState {
  /** By `attributionKey`; what came of them is in the captures. */
  readonly attributionJobs: Readonly<Record<string, AttributionJob>>
  /** Newest first. */
  readonly attributionTrials: readonly AttributionTrialEntry[]
}

export const FIRST_TARGET: TargetChoice = {kind: 'next', after: null}

export const initialAttribution: AttributionState = {
  attributionChoice: {
    method: 'reagent',
    preset: 'ours',
    sampler: null,
    ratio: null,
    keep: null,
    overlap: null,
    stopK: null,
    maxSteps: null,
    probes: null,
    testEvery: 1,
    comparesExact: false,
    seed: 0,
    hasChecks: true,
    draws: 16,
  },
  attributionLooks: {
    scores: 'per-step',
    isUnfolded: false,
    form: 'paper',
    areSpecialsPerturbed: false,
  },
  attributionTargets: {},
  attributionChanges: {},
}

export const initialAttributionWork: AttributionWorkState = {
  attributionJobs: {},
  attributionTrials: [],
}
