import {lensRowsOf, lensSeriesOf} from '../../shared/figures/tokens/lens-rows.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'
import {type TsvCell, tsvText} from './tsv-text.ts'

const TOKEN_COLUMNS = [
  'position',
  'id',
  'text',
  'bytesHex',
  'byteStart',
  'byteEnd',
  'isSpecial',
  'isInserted',
  'logprob',
  'surprisalBits',
  'entropyBits',
  'rank',
  'maxLogprob',
  'topPMass',
  'endProb',
  'klToUniformBits',
  'klFromUniformBits',
] as const
const NEXT_COLUMNS = ['id', 'text', 'bytesHex', 'prob', 'logprob', 'rawProb'] as const

/** The tokens with their statistics, as spreadsheets take a table from the clipboard. */
export function tokensTsv({tokens, promptTokenCount}: TokensResult): string {
  const rows = tokens.map((token, i) => [
    ...TOKEN_COLUMNS.map((column) => token[column]),
    i >= promptTokenCount,
  ])
  return tsvText([...TOKEN_COLUMNS, 'isGenerated'], rows)
}

/** The next-token table that is shown, with the rest of the distribution as its last row. */
export function nextTsv({next, restProb, rawRestProb}: TokensResult): string {
  const rows: TsvCell[][] = next.map((row) => NEXT_COLUMNS.map((column) => row[column]))
  if (restProb !== null) rows.push(['', 'rest', '', restProb, null, rawRestProb])
  return tsvText(NEXT_COLUMNS, rows)
}

const LENS_COLUMNS = ['layer', 'record', ...NEXT_COLUMNS, 'rank'] as const

/** The table after each layer: its candidates, all others together, and the tokens that are followed. */
export function lensTsv(result: TokensResult): string {
  const series = lensSeriesOf(result)
  const rows = lensRowsOf(result).flatMap((row, index): TsvCell[][] => [
    ...row.next.map((candidate, rank): TsvCell[] => [
      ...[row.name, 'candidate'],
      ...NEXT_COLUMNS.map((column) => candidate[column]),
      rank,
    ]),
    [row.name, 'rest', null, null, null, row.restProb, null, null, null],
    ...series.map(({tokenId, name, role, probs, ranks}): TsvCell[] => [
      ...[row.name, role, tokenId, name, null, null, null],
      ...[probs[index], ranks[index]],
    ]),
  ])
  return tsvText(LENS_COLUMNS, rows)
}
