import type {AttentionResult} from '../../lenses/attention.ts'
import type {ImportancePicture} from '../../lenses/attention-view-pictures.ts'
import type {CommonFigureOptions} from '../request.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {bestPositions, FORM_WORDS, formOf} from './graph-words.ts'
import {formatImportance, importanceLegendWords, importanceMaximum} from './importance-words.ts'
import {flowLegend, formatRangeEnd, type MatrixLegendLayout} from './matrix-legend.ts'

/** A token of the text on the tint of its importance. */
export interface ImportanceChip {
  readonly position: number
  readonly text: string
  /** Step of the chip scale; −1 where it has no value, or one that rests on too few rows. */
  readonly step: number
  readonly isHollow: boolean
  /** Its value, where there is room under it. */
  readonly valueText: string | null
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
}

/** One of the heaviest tokens: its bar, and its value by each importance. */
export interface ImportanceRow {
  readonly position: number
  readonly name: string
  readonly share: number
  readonly values: readonly string[]
  readonly yPx: number
}

export interface ImportancePart {
  readonly view: 'importance'
  readonly chips: readonly ImportanceChip[]
  readonly selected: number | null
  readonly keyYPx: number
  readonly keyText: string
  readonly hollowText: string | null
  readonly rows: readonly ImportanceRow[]
  readonly heads: readonly {readonly text: string; readonly rightPx: number}[]
  readonly tableYPx: number
  readonly leftPx: number
  readonly namePx: number
  readonly barPx: number
  readonly legend: MatrixLegendLayout | null
  readonly legendYPx: number
}

export const CHIP_PX = 20
export const CHIP_PAD_PX = 4
const CHIP_STEPS = 5
const CHIP_GAP_PX = 2
const LINE_PX = 24
const NUMBERED_LINE_PX = 38
/** Longer texts are tinted without numbers: those of the heaviest stand in the table. */
const MOST_NUMBERED = 200
const MOST_TOKENS = 4000
const GAP_PX = 12
const KEY_PX = 18
const ROW_PX = 18
const MOST_ROWS = 10
const NAME_PX = 150
const NAME_SHARE = 0.35
const MOST_BAR_PX = 240
const LEAST_BAR_PX = 24
const VALUE_PX = 104

/** The text tinted by the first importance, then its heaviest tokens as bars beside what the others say of them. */
export function layoutImportancePart(
  {tokens}: AttentionResult,
  {importances, selected}: ImportancePicture,
  {noPrompt, legend: hasLegend}: CommonFigureOptions,
  {leftPx, topPx, innerPx}: {leftPx: number; topPx: number; innerPx: number}
): {part: ImportancePart; endPx: number} {
  const main = importances[0]!
  const maximum = importanceMaximum(main)
  const hollow = new Set(main.hollowPositions)
  const nameOf = (position: number) => {
    const token = tokens[position]!
    return noPrompt ? String(position) : plainGlyphs(token) || `#${token.id}`
  }
  const isNumbered = tokens.length <= MOST_NUMBERED
  const linePx = isNumbered ? NUMBERED_LINE_PX : LINE_PX
  let [xPx, yPx] = [leftPx, topPx]
  const chips = tokens.slice(0, MOST_TOKENS).map(({position}): ImportanceChip => {
    const value = main.values[position] ?? Number.NaN
    const text = fitText(nameOf(position), innerPx - 2 * CHIP_PAD_PX, 13, 'mono')
    const valueText = isNumbered ? formatImportance(value) : null
    const inkPx = Math.max(
      textWidthPx(text, 13, 'mono'),
      valueText === null ? 0 : textWidthPx(valueText, 11)
    )
    const widthPx = Math.min(innerPx, Math.ceil(inkPx) + 2 * CHIP_PAD_PX)
    if (xPx > leftPx && xPx + widthPx > leftPx + innerPx) {
      xPx = leftPx
      yPx += linePx
    }
    const isHollow = hollow.has(position)
    const step = Number.isFinite(value) && !isHollow ? stepOf(value / maximum) : -1
    const chip = {position, text, step, isHollow, valueText, xPx, yPx, widthPx}
    xPx += widthPx + CHIP_GAP_PX
    return chip
  })
  const keyYPx = yPx + linePx + GAP_PX / 2
  const tableYPx = keyYPx + KEY_PX + GAP_PX
  const namePx = Math.min(NAME_PX, innerPx * NAME_SHARE)
  const roomPx = Math.max(0, innerPx - namePx - LEAST_BAR_PX)
  const listed = importances.slice(0, Math.max(1, Math.floor(roomPx / VALUE_PX)))
  const barPx = Math.max(0, Math.min(MOST_BAR_PX, innerPx - namePx - listed.length * VALUE_PX))
  const rows = bestPositions(main, MOST_ROWS).map((position, i): ImportanceRow => {
    const place = noPrompt ? `token ${position}` : `${nameOf(position)} at ${position}`
    return {
      ...{position, name: fitText(place, namePx - 8, 13, 'mono')},
      share: Math.min(1, Math.max(0, main.values[position]! / maximum)),
      values: listed.map(({values}) => formatImportance(values[position] ?? Number.NaN)),
      yPx: tableYPx + (i + 1) * ROW_PX,
    }
  })
  const heads = listed.map((importance, i) => ({
    text: fitText(FORM_WORDS[formOf(importance)].title, VALUE_PX - 6, 11),
    rightPx: leftPx + namePx + barPx + (i + 1) * VALUE_PX,
  }))
  const legendYPx = tableYPx + (rows.length + 1) * ROW_PX + GAP_PX
  const legend =
    hasLegend === 'on'
      ? flowLegend(
          importanceLegendWords(importances).map((text) => ({
            kind: 'words',
            text: fitText(text, innerPx, 11),
          })),
          CHIP_STEPS,
          innerPx
        )
      : null
  return {
    part: {
      ...{view: 'importance', chips, selected, keyYPx, rows, heads, tableYPx},
      keyText: `0 to ${formatRangeEnd(maximum)}`,
      hollowText: hollow.size > 0 ? 'rests on too few rows' : null,
      ...{leftPx, namePx, barPx, legend, legendYPx},
    },
    endPx: legend ? legendYPx + legend.heightPx : legendYPx - GAP_PX,
  }
}

/** Step of the chip scale of a share of the range: the first to its fifth part, and so on. */
function stepOf(share: number): number {
  return Math.min(CHIP_STEPS - 1, Math.max(0, Math.ceil(share * CHIP_STEPS) - 1))
}
