import type {AttributeResult, AttributionTarget} from '../../lenses/attribute.ts'
import type {AttributionScores} from '../../lenses/attribution-picture.ts'
import {formatCount} from '../number-format.ts'
import {niceCeiling} from '../scale.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {neutralLevel, rowsOfResult, valuesOfRow} from './value-rows.ts'

export interface HeatCell {
  readonly target: number
  readonly position: number
  readonly xPx: number
  readonly yPx: number
  readonly value: number
  /** Above what a token without influence has in this row; what is coloured. */
  readonly gain: number
  /** Of eleven, the sixth is zero. */
  readonly step: number
}

export interface HeatLabel {
  readonly position: number
  readonly xPx: number
  readonly yPx: number
  readonly positionText: string
  readonly text: string
}

export interface HeatLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly xPx: number
  readonly yPx: number
  readonly cellWidthPx: number
  readonly cellHeightPx: number
  readonly cells: readonly HeatCell[]
  /** Targets, at the left of their rows. */
  readonly rowLabels: readonly (HeatLabel & {readonly isHollow: boolean})[]
  /** Context tokens, read upwards under their columns. */
  readonly columnLabels: readonly HeatLabel[]
  /** Values from −maximum to maximum; larger ones have the last colour. */
  readonly maximum: number
  readonly isSigned: boolean
  readonly legendYPx: number
  readonly firstPosition: number
  readonly rowCount: number
}

const MOST_ROW_LABEL_PX = 96
const POSITION_PX = 30
const FOOT_PX = 78
const LEGEND_PX = 24
const LEAST_LABEL_STEP_PX = 13
const MOST_CELL_PX = 30
const ROW_PX = 20
const LEAST_ROW_PX = 6
const STEPS = 11
/** Of the cells' largest values; a few do not make all others pale. */
const RANGE_SHARE = 0.98

type Result = Pick<AttributeResult, 'tokens' | 'rows' | 'target' | 'method'> & AttributeResult

/** Lays out every target's row over the context before it. */
export function layoutHeat(
  result: Result,
  scores: AttributionScores,
  options: {readonly widthPx: number; readonly heightPx?: number; readonly noPrompt?: boolean}
): HeatLayout {
  const {widthPx, noPrompt = false} = options
  const rows = rowsOfResult(result)
  const all = rows.map((row) => {
    const level = neutralLevel(row, scores)
    return valuesOfRow(row, scores).map(({position, value}) => ({
      ...{position, value, gain: value - level},
    }))
  })
  const positions = all.flatMap((values) => values.map(({position}) => position))
  const first = positions.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY)
  const end = positions.reduce((most, at) => Math.max(most, at + 1), 0)
  const count = Math.max(1, end - (Number.isFinite(first) ? first : 0))
  const {tokens} = result
  const nameOf = (position: number) => {
    const token = tokens[position]
    return noPrompt || !token ? '' : plainGlyphs(token)
  }
  const longest = rows.reduce(
    (most, {target}) => Math.max(most, textWidthPx(nameOf(target.positions[0]!), 13, 'mono')),
    0
  )
  const xPx = POSITION_PX + Math.min(MOST_ROW_LABEL_PX, longest) + 14
  const cellWidthPx = Math.max(1, Math.min(MOST_CELL_PX, (widthPx - xPx) / count))
  const roomPx = options.heightPx
    ? (options.heightPx - FOOT_PX - LEGEND_PX) / Math.max(1, rows.length)
    : ROW_PX
  const cellHeightPx = Math.max(LEAST_ROW_PX, Math.min(ROW_PX, roomPx))
  const yPx = 4
  const bottom = yPx + rows.length * cellHeightPx
  const maximum = rangeOf(all.flatMap((values) => values.map(({gain}) => gain)))
  const isSigned = all.some((values) => values.some(({gain}) => gain < 0))
  const cells = all.flatMap((values, target) =>
    values.map(({position, value, gain}) => ({
      ...{target, position, value, gain},
      xPx: xPx + (position - first) * cellWidthPx,
      yPx: yPx + target * cellHeightPx,
      step: heatStep(gain, maximum),
    }))
  )
  const rowStep = labelStep(cellHeightPx)
  const columnStep = labelStep(cellWidthPx)
  return {
    ...{widthPx, xPx, yPx, cellWidthPx, cellHeightPx, cells, maximum, isSigned},
    firstPosition: Number.isFinite(first) ? first : 0,
    rowCount: rows.length,
    heightPx: bottom + FOOT_PX + LEGEND_PX,
    legendYPx: bottom + FOOT_PX,
    rowLabels: rows.flatMap(({target, probes}, i) =>
      i % rowStep === 0
        ? {
            ...labelOf(target, nameOf),
            xPx: POSITION_PX,
            yPx: yPx + (i + 0.5) * cellHeightPx,
            isHollow: result.method === 'reagent' && !probes.some(({converged}) => converged),
          }
        : []
    ),
    columnLabels: Array.from({length: count}, (_, i) => i).flatMap((i) => {
      const position = (Number.isFinite(first) ? first : 0) + i
      if (position % columnStep !== 0 || positions.length === 0) return []
      const isNumbered = columnStep > 1 || noPrompt
      return {
        ...{position, positionText: isNumbered ? formatCount(position) : ''},
        xPx: xPx + (i + 0.5) * cellWidthPx,
        yPx: bottom + 6,
        text: fitText(nameOf(position), FOOT_PX - 16 - (isNumbered ? 24 : 0), 11, 'mono'),
      }
    }),
  }
}

function labelOf({positions}: AttributionTarget, nameOf: (position: number) => string) {
  const position = positions[0]!
  return {
    position,
    positionText: formatCount(position),
    text: fitText(nameOf(position), MOST_ROW_LABEL_PX, 13, 'mono'),
  }
}

/** Index of eleven steps around zero, which is the sixth. */
export function heatStep(value: number, maximum: number): number {
  const step = Math.floor((value / maximum + 1) * (STEPS / 2))
  return Math.max(0, Math.min(STEPS - 1, step))
}

/** A round number that nearly all values lie within. */
function rangeOf(values: readonly number[]): number {
  const sizes = values.map((value) => Math.abs(value)).sort((a, b) => a - b)
  const at = Math.min(sizes.length - 1, Math.floor(RANGE_SHARE * sizes.length))
  return niceCeiling(sizes[at] ?? 0)
}

function labelStep(cellPx: number): number {
  for (const step of [1, 2, 5, 10, 20, 50, 100, 200, 500]) {
    if (step * cellPx >= LEAST_LABEL_STEP_PX) return step
  }
  return 1000
}

/** The cell under a point; null where there is none. */
export function heatCellAt(layout: HeatLayout, xPx: number, yPx: number): HeatCell | null {
  const target = Math.floor((yPx - layout.yPx) / layout.cellHeightPx)
  const position = layout.firstPosition + Math.floor((xPx - layout.xPx) / layout.cellWidthPx)
  return layout.cells.find((cell) => cell.target === target && cell.position === position) ?? null
}
