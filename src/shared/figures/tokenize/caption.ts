import type {TokenizeRow, TokenizeSummary} from '../../lenses/tokenize.ts'
import {formatCount, formatFixed, formatMany} from '../number-format.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import type {TextColumns} from './columns.ts'

/** What must stand beside a text as several tokenizers cut it. */
export const TOKENIZE_GUARD =
  'Every row is the same bytes. A byte that some row cuts off inside a character is a wide column with its hex. Inserted tokens are outlined and never counted.'

/** Rows are known by their ids; a path by the name of its folder. */
export function rowName({tokenizer, facts}: Pick<TokenizeRow, 'tokenizer' | 'facts'>): string {
  return facts.kind === 'packaged' || facts.kind === 'baseline' ? tokenizer : facts.name
}

/** Places at which every row cuts, and at which any does, the ends of the text left out. */
export function cutsInCommon({cutCounts, rows, byteLength}: TextColumns): {
  readonly all: number
  readonly any: number
} {
  let all = 0
  let any = 0
  for (let at = 1; at < byteLength; at++) {
    const count = cutCounts[at]!
    if (count > 0) any++
    if (count > 0 && count === rows.length) all++
  }
  return {all, any}
}

/** One line that says what there is to see: who needs fewest and most, and how often all agree. */
export function tokenizeCaption(
  {results}: Pick<TokenizeSummary, 'results'>,
  columns: TextColumns
): CaptionPart[] {
  const parts: CaptionPart[] = []
  const words = (text: string) => parts.push({kind: 'words', text})
  const name = (row: TokenizeRow) => parts.push({kind: 'token', text: rowName(row)})
  const sorted = [...results].sort((a, b) => a.tokenCount - b.tokenCount)
  const fewest = sorted[0]
  const most = sorted.at(-1)
  if (!fewest || !most || columns.byteLength === 0) return [{kind: 'words', text: 'No text yet.'}]
  if (results.length === 1) {
    name(fewest)
    words(
      ` cuts ${formatMany(fewest.bytes, 'byte')} into ${formatMany(fewest.tokenCount, 'token')}.`
    )
    return parts
  }
  if (fewest.tokenCount === most.tokenCount) {
    words(`All ${formatCount(results.length)} need ${formatMany(fewest.tokenCount, 'token')}. `)
  } else {
    name(fewest)
    words(` needs ${formatMany(fewest.tokenCount, 'token')}, `)
    name(most)
    const ratio = fewest.tokenCount > 0 ? most.tokenCount / fewest.tokenCount : null
    words(` ${formatCount(most.tokenCount)}: ${formatFixed(ratio, 2)} times as many. `)
  }
  const {all, any} = cutsInCommon(columns)
  words(
    any === 0
      ? 'Nobody cuts the text.'
      : `All ${formatCount(results.length)} cut at ${formatCount(all)} of ${formatMany(any, 'place')}.`
  )
  return parts
}
