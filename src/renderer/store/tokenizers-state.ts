import type {Problem} from '../../shared/domain/problem.ts'
import type {AlignedRow} from '../../shared/figures/tokenize/columns.ts'
import {BASELINES, type Baseline} from '../../shared/lenses/packaged-tokenizers.ts'
import type {WordRule} from '../../shared/lenses/text-words.ts'
import type {ParallelText, TokenizeRequest, TokenizeSummary} from '../../shared/lenses/tokenize.ts'

export const TOKENIZERS_LENS = 'tokenize'

/** The text that tokenizers are compared on. */
export type ComparedSource =
  /** What is typed as the prompt, as it is typed. */
  | {readonly kind: 'prompt'}
  /** One of those that come with the program, by its id. */
  | {readonly kind: 'sample'; readonly id: string}
  /** A file that was opened or dropped here. */
  | {readonly kind: 'own'; readonly name: string; readonly text: string}
  /** A file on the engine's machine, of any size. */
  | {readonly kind: 'file'; readonly path: string}

/** Document: what is compared. */
export interface TokenizersState {
  /** Tokenizers and baselines by their names, top to bottom. */
  readonly comparedTokenizers: readonly string[]
  /** What lengths are relative to; null: the first. */
  readonly referenceTokenizer: string | null
  readonly comparedSource: ComparedSource
  readonly tokenizerChoices: TokenizerChoices
}

/** How the text is cut and counted. */
export interface TokenizerChoices {
  readonly wordRule: WordRule
  /** Text that looks like a special token is that token. */
  readonly areSpecialsParsed: boolean
  /** With what tokenizers put around a text. */
  readonly hasInserted: boolean
  /** Of a million tokens; null: no cost is told. */
  readonly price: number | null
  readonly contextLength: number | null
  readonly referenceLanguage: string
}

export const initialTokenizers: TokenizersState = {
  comparedTokenizers: ['gpt2', 'cl100k', 'o200k', 'llama2', 'llama3'],
  referenceTokenizer: null,
  comparedSource: {kind: 'prompt'},
  tokenizerChoices: {
    ...{wordRule: 'whitespace', areSpecialsParsed: false, hasInserted: true},
    ...{price: null, contextLength: null, referenceLanguage: 'en'},
  },
}

/** A text as tokenizers cut it; its arrays are in the captures. */
export interface ComparedText {
  readonly request: TokenizeRequest
  readonly summary: TokenizeSummary
  /** Rows in the order in which they are compared. */
  readonly rows: readonly AlignedRow[]
  /** UTF-8 of the text, or of its first part where it was read in parts. */
  readonly bytes: Uint8Array
  /** Tokenizers that have not cut it yet, which stand below the others; none of a finished comparison. */
  readonly pending: readonly string[]
}

export type TokenizersJob =
  | {readonly kind: 'idle'}
  | {
      readonly kind: 'running'
      readonly phase: 'loading' | 'tokenizing'
      readonly done: number
      readonly total: number
      readonly secondsLeft: number | null
    }
  | {readonly kind: 'cancelled'}
  | {readonly kind: 'failed'; readonly problem: Problem}

/** Session: what came of it. */
export interface TokenizersWorkState {
  readonly tokenizersJob: TokenizersJob
  /** A second implementation is asked. */
  readonly isProving: boolean
  /** Of the comparison that is shown; null before any. */
  readonly comparedKey: string | null
  /** Grows whenever what is shown does. */
  readonly comparedRevision: number
  /** Bytes under the pointer, and bytes that are held, each from the first up to the second. */
  readonly pointedBytes: readonly [number, number] | null
  readonly heldBytes: readonly [number, number] | null
  /** The tokenizer whose tokens are told about, by name; null: the first. */
  readonly heldRow: string | null
  /** Grows whenever entries or premiums that were asked for have come. */
  readonly detailsRevision: number
  /** Aligned sentences of a person's own; null: those that come along. */
  readonly ownParallel: {readonly name: string; readonly text: ParallelText} | null
  /** Why premiums over languages could not be had. */
  readonly parityProblem: Problem | null
  /** Why what was to be added could not be. */
  readonly addProblem: Problem | null
  readonly isAdding: boolean
}

export const initialTokenizersWork: TokenizersWorkState = {
  ...{tokenizersJob: {kind: 'idle'}, isProving: false, comparedKey: null, comparedRevision: 0},
  ...{pointedBytes: null, heldBytes: null, heldRow: null, detailsRevision: 0, parityProblem: null},
  ...{addProblem: null, isAdding: false, ownParallel: null},
}

export function isBaseline(name: string): name is Baseline {
  return (BASELINES as readonly string[]).includes(name)
}
