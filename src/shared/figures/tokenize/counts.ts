import type {TokenizeResult, TokenizeRow} from '../../lenses/tokenize.ts'
import {formatCount, formatFixed, NO_VALUE} from '../number-format.ts'
import {rowName} from './caption.ts'

/** A column of what is counted of a text, one cell a tokenizer. */
export interface CountColumn {
  readonly title: string
  /** Its entry among the definitions. */
  readonly hint: string
  readonly cells: readonly string[]
}

const percent = (share: number | null | undefined, decimals: number) =>
  share === null || share === undefined ? NO_VALUE : `${formatFixed(100 * share, decimals)} %`

/** What is counted of a text, as page and figure print it. */
export function countColumns({
  results,
  request,
}: {
  readonly results: readonly TokenizeRow[]
  readonly request: Pick<TokenizeResult['request'], 'reference' | 'contextLength' | 'price'>
}): CountColumn[] {
  const column = (title: string, hint: string, text: (row: TokenizeRow) => string) => ({
    ...{title, hint},
    cells: results.map(text),
  })
  const reference = results.find(({tokenizer}) => tokenizer === request.reference)
  return [
    column('entries', 'vocabulary-size', ({facts}) =>
      facts.vocabularySize === null ? NO_VALUE : formatCount(facts.vocabularySize)
    ),
    column('tokens', 'token-count', ({tokenCount}) => formatCount(tokenCount)),
    column('bytes per token', 'bytes-per-token', (row) => formatFixed(row.bytesPerToken, 2)),
    column('fertility', 'fertility', (row) => formatFixed(row.fertility, 2)),
    column('continued words', 'continued-words', (row) => percent(row.continuedWordShare, 0)),
    ...(reference
      ? [
          column(`to ${rowName(reference)}`, 'relative-length', (row) =>
            formatFixed(row.relativeLength, 2)
          ),
        ]
      : []),
    ...(request.contextLength === undefined
      ? []
      : [column('of the window', 'context-share', (row) => percent(row.contextShare, 2))]),
    ...(request.price === undefined
      ? []
      : [column('cost', 'token-cost', (row) => formatFixed(row.cost, 6))]),
  ]
}
