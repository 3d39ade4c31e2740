import {lensRowsOf, lensSeriesOf} from '../../shared/figures/tokens/lens-rows.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'

type Cell = string | number | boolean | null | undefined

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
] as const
const NEXT_COLUMNS = ['id', 'text', 'bytesHex', 'prob', 'logprob', 'rawProb'] as const

/** The tokens with their statistics, as spreadsheets take a table from the clipboard. */
export function tokensTsv({tokens, promptTokenCount}: TokensResult): string {
  const rows = tokens.map((token, i) => [
    ...TOKEN_COLUMNS.map((column) => token[column]),
    i >= promptTokenCount,
  ])
  return tsv([...TOKEN_COLUMNS, 'isGenerated'], rows)
}

/** The next-token table that is shown, with the rest of the distribution as its last row. */
export function nextTsv({next, restProb, rawRestProb}: TokensResult): string {
  const rows: Cell[][] = next.map((row) => NEXT_COLUMNS.map((column) => row[column]))
  if (restProb !== null) rows.push(['', 'rest', '', restProb, null, rawRestProb])
  return tsv(NEXT_COLUMNS, rows)
}

const LENS_COLUMNS = ['layer', 'record', ...NEXT_COLUMNS, 'rank'] as const

/** The table after each layer: its candidates, all others together, and the tokens that are followed. */
export function lensTsv(result: TokensResult): string {
  const series = lensSeriesOf(result)
  const rows = lensRowsOf(result).flatMap((row, index): Cell[][] => [
    ...row.next.map((candidate, rank): Cell[] => [
      ...[row.name, 'candidate'],
      ...NEXT_COLUMNS.map((column) => candidate[column]),
      rank,
    ]),
    [row.name, 'rest', null, null, null, row.restProb, null, null, null],
    ...series.map(({tokenId, name, role, probs, ranks}): Cell[] => [
      ...[row.name, role, tokenId, name, null, null, null],
      ...[probs[index], ranks[index]],
    ]),
  ])
  return tsv(LENS_COLUMNS, rows)
}

function tsv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [columns, ...rows].map((row) => row.map(cellText).join('\t'))
  return `${lines.join('\n')}\n`
}

/** Quoted as in a CSV where it holds a tab, a quote or a line end; what does not exist is empty. */
function cellText(value: Cell): string {
  if (value === null || value === undefined) return ''
  const text = String(value)
  return /["\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
