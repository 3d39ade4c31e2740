import type {TokenizerEntry, TokenizerEntryRequest} from '../../../shared/contract/contract.ts'
import type {Problem} from '../../../shared/domain/problem.ts'
import type {TokenizeEvent, TokenizeRequest} from '../../../shared/lenses/tokenize.ts'
import type {VocabularyEvent, VocabularyRequest} from '../../../shared/lenses/vocabulary.ts'

/** What runs in the thread of texts: requests and events by lens. */
export interface TextLenses {
  readonly entry: {readonly request: TokenizerEntryRequest; readonly event: TokenizerEntry}
  readonly vocabulary: {readonly request: VocabularyRequest; readonly event: VocabularyEvent}
  readonly tokenize: {readonly request: TokenizeRequest; readonly event: TokenizeEvent}
}

export type TextCall =
  | {
      readonly kind: 'run'
      readonly id: number
      readonly lens: keyof TextLenses
      readonly request: unknown
    }
  | {readonly kind: 'abort'; readonly id: number}
  | {readonly kind: 'close'}

export type TextAnswer =
  | {readonly kind: 'event'; readonly id: number; readonly event: unknown}
  | {readonly kind: 'done'; readonly id: number}
  | {
      readonly kind: 'failed'
      readonly id: number
      readonly problem: Problem | null
      readonly stack: string
    }
