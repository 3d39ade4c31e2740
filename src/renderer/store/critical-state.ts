import type {Problem} from '../../shared/domain/problem.ts'
import type {AnswerChecker, CriticalResult} from '../../shared/lenses/critical.ts'
import type {CriticalItemSummary} from '../../shared/lenses/critical-dataset.ts'
import type {RunId} from './state.ts'
import type {WishJob} from './wish-runner.ts'

export const CRITICAL_LENS = 'critical'
/** Many responses to the same prompt, each with the token after which it went wrong. */
export const RESPONSES_VIEW = 'responses'
/** The prompt list as a data set: what comes of each of its items, and of all. */
export const DATASET_VIEW = 'dataset'
/** The numbers as a table. */
export const SCORES_VIEW = 'table'

/** How critical tokens are looked for. */
export interface CriticalChoice {
  readonly checker: AnswerChecker
  readonly rollouts: number
  readonly tolerance: number
  readonly temperature: number
  readonly topP: number
  readonly maxNewTokens: number
  readonly mode: 'adaptive' | 'exhaustive'
  /** Null: those of the built-in family. */
  readonly positive: string | null
  readonly negative: string | null
  readonly beta: number
  readonly hasCounterfactual: boolean
  readonly seed: number
}

/** Document. */
export interface CriticalState {
  readonly criticalChoice: CriticalChoice
  /** The right answer, by `promptKeyOf` a request. */
  readonly criticalAnswers: Readonly<Record<string, string>>
}

/** One of many responses to a prompt, and where it went wrong: tokens from its first, null where none is named. */
export interface SampledResponse {
  readonly seed: number
  readonly ids: readonly number[]
  readonly verdict: 'right' | 'wrong' | 'unchecked'
  /** How often it was sampled. */
  readonly count: number
  /** UTF-8 of its tokens as hexadecimal digits; empty for special ones. */
  readonly texts: readonly string[]
  readonly releasedAt: number | null
  readonly oursAt: number | null
  /** Position of its first token, which those two are counted from. */
  readonly responseStart: number
  /** Success of the prompt and of every prefix that was sampled, by the position of its last token. */
  readonly curve: readonly {readonly position: number; readonly value: number}[]
  /** What success changes by at the critical token, the released rule's or else ours; null where none is named. */
  readonly drop: number | null
  readonly isRecoverable: boolean | null
}

/** What came of one item of a data set. */
export interface DatasetOutcome {
  readonly summary: CriticalItemSummary
  /** The response as ids, and UTF-8 of its tokens as hexadecimal digits, empty for special ones; none where it failed. */
  readonly ids: readonly number[]
  readonly texts: readonly string[]
}

export type DatasetProvenance = Pick<CriticalResult, 'model' | 'tokenizer' | 'versions'>

/** How the run over a data set stands. */
export type DatasetJob =
  | {readonly kind: 'idle'}
  | {
      readonly kind: 'running'
      readonly done: number
      readonly total: number
      readonly secondsLeft: number | null
    }
  | {readonly kind: 'cancelled'; readonly done: number; readonly total: number}
  | {readonly kind: 'failed'; readonly problem: Problem}

/** Session. */
export interface CriticalWorkState {
  /** By key of critical-requests.ts; what came of them is in the captures. */
  readonly criticalJobs: Readonly<Record<string, WishJob>>
  /** By run: a response that is being sampled or read, and what went wrong with it. */
  readonly criticalSearches: Readonly<
    Record<RunId, {readonly kind: 'running'} | {readonly kind: 'failed'; readonly problem: Problem}>
  >
  /** By `promptKeyOf`, in the order in which they were sampled. */
  readonly criticalResponses: Readonly<Record<string, readonly SampledResponse[]>>
  /** More of them that are being sampled, or why that failed. */
  readonly criticalSampling: {
    readonly key: string
    readonly done: number
    readonly total: number
    readonly problem: Problem | null
  } | null
  readonly datasetJob: DatasetJob
  /** By key of what an item was asked for by. */
  readonly datasetOutcomes: Readonly<Record<string, DatasetOutcome>>
  /** Of the model that they are of, by its name. */
  readonly datasetProvenance: Readonly<Record<string, DatasetProvenance>>
}

export const initialCritical: CriticalState = {
  criticalChoice: {
    checker: {kind: 'number', marker: 'Answer:'},
    ...{rollouts: 64, tolerance: 3, temperature: 1, topP: 0.95, maxNewTokens: 128},
    ...{mode: 'adaptive', positive: null, negative: null, beta: 1},
    ...{hasCounterfactual: true, seed: 0},
  },
  criticalAnswers: {},
}

export const initialCriticalWork: CriticalWorkState = {
  criticalJobs: {},
  criticalSearches: {},
  criticalResponses: {},
  criticalSampling: null,
  datasetJob: {kind: 'idle'},
  datasetOutcomes: {},
  datasetProvenance: {},
}
