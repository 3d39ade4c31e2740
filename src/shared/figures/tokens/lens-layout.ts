import {formatCount, formatProb, formatRank} from '../number-format.ts'
import {CHIP_STEP_COUNT, stepOf} from '../palette.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {type DrawsUncovered, type GlyphCell, glyphsOfTokens, plainGlyphs} from '../token-glyphs.ts'
import {CHIP, type ChipContent, type ChipRun, layoutChip} from './chip.ts'
import {type LensChartLayout, layoutLensCharts} from './lens-charts.ts'
import {type LensInput, type LensRow, lensRowsOf, lensSeriesOf} from './lens-rows.ts'
import {distributionText, formatPresentProb} from './next-layout.ts'

export interface LensOptions {
  readonly widthPx: number
  readonly noPrompt?: boolean
  readonly drawsUncovered?: DrawsUncovered
  /** Height of the plots under the table. */
  readonly plotPx?: number
  /** The row whose place is marked; none where null. */
  readonly selectedRow?: number | null
}

/** A candidate after a layer: its chip, tinted by its probability, and the number beside it. */
export interface LensCell {
  /** Null where ids are left out. */
  readonly tokenId: number | null
  readonly xPx: number
  readonly widthPx: number
  readonly runs: readonly ChipRun[]
  readonly chipWidthPx: number
  /** 0 to 4. */
  readonly step: number
  /** Of the likeliest, and of the others where they have the room; else their tint says it. */
  readonly probText: string | null
  readonly prob: number
}

export interface LensRowLayout {
  readonly index: number
  readonly layer: number | null
  readonly name: string
  readonly yPx: number
  readonly cells: readonly LensCell[]
  /** All other tokens together. */
  readonly restText: string
  /** The output's likeliest token here. */
  readonly barPx: number
  /** A layer that is not the output is not yet to be trusted: its bar is hollow. */
  readonly isOutput: boolean
  readonly probText: string
  readonly rankText: string
}

export interface LensLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly note: string
  readonly headerYPx: number
  /** Heads of columns: words begin at `xPx`, those of numbers end there. */
  readonly heads: readonly {readonly text: string; readonly xPx: number; readonly isEnd: boolean}[]
  /** Where the numbers of each column end. */
  readonly ends: {readonly rest: number; readonly prob: number; readonly rank: number}
  readonly barXPx: number
  readonly rows: readonly LensRowLayout[]
  readonly selectedRow: number | null
  readonly charts: LensChartLayout | null
  readonly missing: readonly number[]
}

const TITLE_PX = 20
/** Where the note beside the title begins. */
export const LENS_NOTE_PX = 70
const HEADER_PX = 24
export const LENS_ROW_PX = 20
const NAME_PX = 68
const NUMBER_PX = 44
const REST_PX = 60
const RANK_PX = 50
const GAP_PX = 12
const MOST_BAR_PX = 96
const LEAST_BAR_PX = 32
const BAR_SHARE = 0.12
const FIRST_CELL_PX = 128
const CELL_NUMBER_PX = 40
const LEAST_CELL_PX = 84
/** Cells of this width have their number beside the chip, as the likeliest always has. */
const NUMBERED_CELL_PX = 116
const MOST_CELL_PX = 128
const LEAST_NUMBERED = 3
const CELL_GAP_PX = 8
const CHARTS_TOP_PX = 20

/** Lays out the table after each layer, from the input to the output; null where there is none. */
export function layoutLens(input: LensInput, options: LensOptions): LensLayout | null {
  const rows = lensRowsOf(input)
  const [target] = lensSeriesOf(input, options.noPrompt)
  if (rows.length === 0 || !target || input.position === null) return null
  const {widthPx} = options
  const barPx = Math.round(Math.max(LEAST_BAR_PX, Math.min(MOST_BAR_PX, widthPx * BAR_SHARE)))
  const targetPx = barPx + NUMBER_PX + RANK_PX
  const roomPx = Math.max(FIRST_CELL_PX, widthPx - NAME_PX - REST_PX - GAP_PX - targetPx)
  const mostCount = Math.max(...rows.map(({next}) => next.length))
  const otherCount = Math.min(mostCount - 1, otherCountIn(roomPx - FIRST_CELL_PX))
  const otherPx = Math.min(MOST_CELL_PX, Math.floor((roomPx - FIRST_CELL_PX) / (otherCount || 1)))
  const cellCount = 1 + otherCount
  const isNumbered = (cell: number) => cell === 0 || otherPx >= NUMBERED_CELL_PX
  const restEndPx = NAME_PX + FIRST_CELL_PX + otherCount * otherPx + REST_PX - GAP_PX
  const barXPx = restEndPx + 2 * GAP_PX
  const ends = {rest: restEndPx, prob: barXPx + barPx + NUMBER_PX, rank: barXPx + targetPx}
  const glyphs = glyphsOfTokens(
    rows.flatMap(({next}) =>
      next.slice(0, cellCount).map(({bytesHex}) => ({bytesHex, isSpecial: true}))
    ),
    options.drawsUncovered
  )
  const topPx = TITLE_PX + HEADER_PX
  let glyphIndex = 0
  const cellsOf = (row: LensRow): LensCell[] =>
    row.next.slice(0, cellCount).map((candidate, i) => {
      const cells = glyphs.cells[glyphIndex++]!
      const cellPx = i === 0 ? FIRST_CELL_PX : otherPx
      const chip = chipOf(
        cells.length > 0 ? cells : [{kind: 'code' as const, text: `#${candidate.id}`}],
        plainGlyphs({...candidate, isSpecial: true}),
        cellPx - CELL_GAP_PX - (isNumbered(i) ? CELL_NUMBER_PX : 0)
      )
      return {
        tokenId: options.noPrompt ? null : candidate.id,
        xPx: NAME_PX + (i === 0 ? 0 : FIRST_CELL_PX + (i - 1) * otherPx),
        widthPx: cellPx - CELL_GAP_PX,
        runs: options.noPrompt ? [] : chip.runs,
        chipWidthPx: options.noPrompt ? 20 : chip.widthPx,
        step: stepOf(candidate.prob, 1, CHIP_STEP_COUNT),
        probText: isNumbered(i) ? formatPresentProb(candidate.prob) : null,
        prob: candidate.prob,
      }
    })
  const laidOut = rows.map((row, index): LensRowLayout => {
    const folded = row.next.slice(cellCount)
    const rest = folded.reduce((sum, {prob}) => sum + prob, row.restProb)
    return {
      index,
      layer: row.layer,
      name: row.name,
      yPx: topPx + index * LENS_ROW_PX,
      cells: cellsOf(row),
      restText: formatProb(rest),
      barPx: Math.max(1, target.probs[index]! * barPx),
      isOutput: index === rows.length - 1,
      probText: formatPresentProb(target.probs[index]),
      rankText: formatRank(target.ranks[index]),
    }
  })
  const tableEndPx = topPx + rows.length * LENS_ROW_PX
  const charts = layoutLensCharts(input, {
    widthPx,
    yPx: tableEndPx + CHARTS_TOP_PX,
    plotPx: options.plotPx,
    noPrompt: options.noPrompt,
    selectedRow: options.selectedRow ?? null,
  })
  const isRaw = input.distribution === 'raw'
  const targetName = fitText(target.name, barPx + NUMBER_PX - 40, 11)
  return {
    widthPx,
    heightPx: charts ? charts.endPx : tableEndPx,
    note: noteOf(input, options),
    headerYPx: TITLE_PX,
    heads: [
      {text: 'layer', xPx: 0, isEnd: false},
      {text: `${formatCount(cellCount)} likeliest`, xPx: NAME_PX, isEnd: false},
      {text: 'others', xPx: ends.rest, isEnd: true},
      {text: `p(${targetName})${isRaw ? '' : ', raw'}`, xPx: ends.prob, isEnd: true},
      {text: 'rank', xPx: ends.rank, isEnd: true},
    ],
    ends,
    barXPx,
    rows: laidOut,
    selectedRow: options.selectedRow ?? null,
    charts,
    missing: options.noPrompt ? [] : glyphs.missing,
  }
}

/** Candidates beside the likeliest: where several have room for their numbers, no more than those. */
function otherCountIn(roomPx: number): number {
  const numberedCount = Math.floor(roomPx / NUMBERED_CELL_PX)
  return Math.max(
    0,
    numberedCount >= LEAST_NUMBERED ? numberedCount : Math.floor(roomPx / LEAST_CELL_PX)
  )
}

/** A chip that fits: one that does not has its beginning, so that a column still reads as words. */
function chipOf(cells: readonly GlyphCell[], plain: string, roomPx: number): ChipContent {
  const whole = layoutChip(cells, Number.POSITIVE_INFINITY)
  if (whole.widthPx <= roomPx) return whole
  const text = fitText(plain, roomPx - 2 * CHIP.paddingPx, CHIP.textPx, 'mono')
  return layoutChip([{kind: 'text', text}], roomPx)
}

/** Which position, and which distribution the chips are tinted by. */
function noteOf(input: LensInput, {widthPx, noPrompt}: LensOptions): string {
  const position = input.position!
  const token = input.tokens.find((candidate) => candidate.position === position)
  const at = `at ${formatCount(position)}, ${distributionText(input)}`
  if (noPrompt || !token) return fitText(`after the token ${at}`, widthPx - LENS_NOTE_PX, 11)
  const roomPx = widthPx - LENS_NOTE_PX - textWidthPx(`after  ${at}`, 11)
  return fitText(
    `after ${fitText(plainGlyphs(token), Math.max(20, roomPx), 11)} ${at}`,
    widthPx - LENS_NOTE_PX,
    11
  )
}
