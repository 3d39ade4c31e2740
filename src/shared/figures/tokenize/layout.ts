import {bytesOfHex, type Token, type TokenTable, tokenTableOf} from '../../domain/token.ts'
import type {TokenizeResult} from '../../lenses/tokenize.ts'
import type {CommonFigureOptions} from '../request.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import type {DrawsUncovered} from '../token-glyphs.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import {layoutWords, type WordLine} from '../word-lines.ts'
import {type AlignedLine, layoutLine} from './aligned-line.ts'
import {rowName, TOKENIZE_GUARD, tokenizeCaption} from './caption.ts'
import {layoutColumns, type TextColumns} from './columns.ts'
import {type CountColumn, countColumns} from './counts.ts'
import {chipsWidthPx, type InsertedChip, insertedChips} from './inserted.tsx'
import {LINE_HEIGHTS, lineHeightPx} from './line-figure.tsx'
import {breakLines} from './lines.ts'

/** The aligned text with its legend and what is counted of it, in CSS pixels. */
export interface TokenizeFigureLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly marginPx: number
  readonly words: readonly WordLine[]
  readonly captionParts: readonly CaptionPart[]
  readonly columns: TextColumns
  readonly labels: readonly string[]
  readonly labelPx: number
  readonly before: readonly (readonly InsertedChip[])[]
  readonly after: readonly (readonly InsertedChip[])[]
  readonly lines: readonly {readonly yPx: number; readonly line: AlignedLine}[]
  /** Bytes of the text that are not drawn, for it is too long. */
  readonly undrawnBytes: number
  readonly legendYPx: number | null
  readonly tableYPx: number
  readonly counts: readonly CountColumn[]
  readonly noPrompt: boolean
  readonly missing: readonly number[]
}

const MARGIN_PX = 16
const LABEL_GAP_PX = 12
const MOST_LABEL_PX = 132
const LEGEND_PX = 24
export const COUNT_ROW_PX = 20
/** Lines of a figure; what is beyond is counted, and said to be left out. */
const MOST_LINES = 60

/** Lays out the figure of a comparison. */
export function layoutTokenize(
  result: TokenizeResult,
  options: CommonFigureOptions,
  drawsUncovered: DrawsUncovered = true
): TokenizeFigureLayout {
  const {widthPx, noPrompt} = options
  const innerPx = widthPx - 2 * MARGIN_PX
  const bytes = new TextEncoder().encode(result.text ?? '')
  const tables = result.results.map(({tokens}) => tableOf(tokens))
  const rows = result.results.map(({tokenizer}, i) => ({tokenizer, tokens: tables[i]!}))
  const limit = result.request.maxTokens
  const columns = layoutColumns(bytes, rows, drawsUncovered, limit)
  const captionParts = tokenizeCaption(result, columns)
  const words = layoutWords(
    {
      title: options.title,
      caption: options.caption,
      parts: captionParts,
      guard: TOKENIZE_GUARD,
    },
    innerPx,
    MARGIN_PX
  )
  const labels = result.results.map((row) => fitText(rowName(row), MOST_LABEL_PX, 13, 'sans', 500))
  const chipsOf = (part: 'before' | 'after') =>
    noPrompt
      ? rows.map(() => [])
      : tables.map((table, i) => insertedChips(table, columns.rows[i]![part]))
  const before = chipsOf('before')
  const after = chipsOf('after')
  const widest = (all: readonly (readonly InsertedChip[])[]) =>
    Math.ceil(all.reduce((most, chips) => Math.max(most, chipsWidthPx(chips)), 0))
  const namePx = Math.ceil(
    labels.reduce((most, text) => Math.max(most, textWidthPx(text, 13, 'sans', 500)), 52)
  )
  const labelPx = namePx + LABEL_GAP_PX + widest(before)
  const spans = breakLines(columns, Math.max(120, innerPx - labelPx - widest(after)))
  const drawn = spans.slice(0, MOST_LINES)
  const hasLegend = options.legend === 'on' && labels.length > 1 && drawn.length > 0
  const legendYPx = hasLegend ? words.endPx : null
  const topPx = words.endPx + (hasLegend ? LEGEND_PX : 0)
  const linePx = lineHeightPx(labels.length, LINE_HEIGHTS)
  const tableYPx = topPx + drawn.length * linePx + 8
  return {
    ...{widthPx, words: words.lines, captionParts, columns, labels, labelPx, before, after},
    ...{
      noPrompt,
      legendYPx,
      tableYPx,
      marginPx: MARGIN_PX,
      missing: noPrompt ? [] : columns.missing,
    },
    lines: drawn.map((span, i) => ({yPx: topPx + i * linePx, line: layoutLine(columns, span)})),
    undrawnBytes: result.bytes - (drawn.at(-1)?.byteEnd ?? 0),
    counts: countColumns(result),
    heightPx: Math.ceil(tableYPx + (labels.length + 1) * COUNT_ROW_PX + 8 + MARGIN_PX),
  }
}

function tableOf(tokens: readonly Token[]): TokenTable {
  return tokenTableOf(tokens.map((token) => ({...token, bytes: bytesOfHex(token.bytesHex)})))
}
