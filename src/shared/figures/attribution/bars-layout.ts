import type {AttributeResult, AttributionMethod, AttributionRow} from '../../lenses/attribute.ts'
import type {BarsPicture, BesideMethod} from '../../lenses/attribution-picture.ts'
import {rankCorrelation} from '../../math/rank-correlation.ts'
import {UNIT_NAMES} from '../../units/unit-words.ts'
import {formatCount, formatFixed, formatMany} from '../number-format.ts'
import {CHIP_STEP_COUNT} from '../palette.ts'
import {textWidthPx} from '../text-width.ts'
import {glyphsOfTokens} from '../token-glyphs.ts'
import {type ChipRun, layoutChip} from '../tokens/chip.ts'
import {axisPx, type ValueAxis, valueAxis} from './value-axis.ts'
import {
  foldRows,
  hasTotal,
  neutralLevel,
  totalOfRow,
  type ValueRow,
  valueRows,
} from './value-rows.ts'
import {
  isReagentConverged,
  METHOD_NAMES,
  quantityOf,
  SHORT_NAMES,
  shortQuantityOf,
} from './words.ts'

/** What stands in place of a bar. */
const NOTES: Partial<Record<ValueRow['role'], string>> = {
  fixed: 'special, never replaced',
  pending: 'not measured yet',
}

/** What a row has in a column. */
export interface BarMark {
  /** Relative to the column's left edge: where zero is, and where the value is. */
  readonly valuePx: number
  readonly levelPx: number
  readonly lowPx: number | null
  readonly highPx: number | null
  readonly value: number
  /** Below its level. */
  readonly isBelow: boolean
  readonly text: string
}

export interface BarRow {
  readonly first: number
  readonly last: number
  readonly yPx: number
  readonly positionText: string
  readonly chipPx: number
  readonly runs: readonly ChipRun[]
  /** 0 to 4 where it raises the target, −1 or −2 where it lowers it; null for no value. */
  readonly tint: number | null
  readonly isSpecial: boolean
  readonly isRationale: boolean
  /** In place of marks. */
  readonly note: string | null
  /** One a column. */
  readonly marks: readonly (BarMark | null)[]
}

export interface BarColumn {
  readonly method: AttributionMethod
  readonly title: string
  readonly subtitle: string
  readonly xPx: number
  readonly widthPx: number
  readonly zeroPx: number
  /** Right end of its numbers; null for a column without. */
  readonly numbersPx: number | null
  readonly ticks: readonly {
    readonly xPx: number
    readonly text: string
    readonly anchor: 'start' | 'middle' | 'end'
  }[]
  /** Not to be trusted yet. */
  readonly isHollow: boolean
  /** Where the random start alone puts the highest value. */
  readonly startPx: number | null
  /** What a token without influence has, where that is not 0. */
  readonly levelPx: number | null
  readonly look: 'bars' | 'dots'
}

export interface BarsLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly rowPx: number
  readonly topPx: number
  readonly chipXPx: number
  readonly columns: readonly BarColumn[]
  readonly rows: readonly BarRow[]
  readonly foot: readonly {readonly yPx: number; readonly text: string}[]
  readonly selected: number | null
}

export const BARS = {rowPx: 20, headPx: 44, subtitlePx: 16, chipPx: 18, footLinePx: 16} as const
const CHIP_X_PX = 34
/** Of units, whose positions are ranges. */
const UNIT_X_PX = 66
const COLUMN_GAP_PX = 20
/** Between what two neighbouring columns are headed with. */
const TEXT_GAP_PX = 6
const NUMBER_PX = 62
const LEAST_BESIDE_PX = 94
const MOST_BESIDE_PX = 120
const MOST_CHIP_PX = 120
const MOST_UNIT_PX = 260
/** Of a column that is compared, so that its short name has room above it. */
const LEAST_COMPARED_PX = 46
const NEGATIVE_STEPS = 2

type Result = Pick<
  AttributeResult,
  'text' | 'tokens' | 'promptTokenCount' | 'turns' | 'method' | 'settings'
>

export interface BarsOptions {
  readonly widthPx: number
  readonly noPrompt?: boolean
  /** Rows of a run that goes on have no total yet. */
  readonly drawsUncovered?: Parameters<typeof glyphsOfTokens>[1]
}

/** Below it the columns of so many methods, names before them, would run into each other. */
export function leastComparedPx(methodCount: number): number {
  return CHIP_X_PX + MOST_CHIP_PX + methodCount * (LEAST_COMPARED_PX + COLUMN_GAP_PX)
}

/** Lays out a target's context as bars, and other methods beside it. */
export function layoutBars(
  result: Result,
  row: AttributionRow,
  picture: Omit<BarsPicture, 'view' | 'row'>,
  {widthPx, noPrompt = false, drawsUncovered}: BarsOptions
): BarsLayout {
  const {unit, scores, rowLimit, beside} = picture
  const all = valueRows(result, row, {unit, scores})
  const {shown, foldedCount, within} = foldRows(all, rowLimit)
  const isByToken = unit.kind === 'token'
  const chips = chipsOf(shown, isByToken ? MOST_CHIP_PX : MOST_UNIT_PX, {noPrompt, drawsUncovered})
  const chipPx = Math.max(40, ...chips.map((chip) => chip.widthPx))
  const own: BesideMethod = {method: result.method, row}
  const chipXPx = isByToken ? CHIP_X_PX : UNIT_X_PX
  const places = columnPlaces(chipXPx + chipPx + 12, widthPx, beside.length)
  const allRows = [all, ...beside.map((one) => valueRows(result, one.row, {unit, scores}))]
  const isCompared = beside.length > 1
  const headPx = isCompared ? BARS.headPx + BARS.subtitlePx : BARS.headPx
  const columns = [own, ...beside].map(({method, row: of}, i) => {
    const rows = allRows[i]!
    const place = places[i]!
    const axis = valueAxis(
      rows.flatMap(({value, low, high, level}) => [value, low, high, value === null ? 0 : level]),
      Math.max(1, Math.min(5, place.widthPx / 44))
    )
    const startLevel = scores === 'released' && isByToken ? of.startLevel : null
    const subtitleOf = ({widthPx: columnPx}: Place): string => {
      const fits = (text: string) => textWidthPx(text, 11) <= columnPx + COLUMN_GAP_PX - TEXT_GAP_PX
      if (i === 0) {
        const full = quantityOf(method, scores)
        return !isCompared || fits(full) ? full : shortQuantityOf(method, scores)
      }
      if (!isCompared) return ''
      const rho = `ρ ${formatFixed(correlationOf(row, of), 2)}`
      return fits(`rank ${rho}`) ? `rank ${rho}` : rho
    }
    return {
      axis,
      ...placed(method, axis, place),
      title: isCompared ? SHORT_NAMES[method] : METHOD_NAMES[method],
      levelPx:
        isByToken && rows[0] && rows[0].level !== 0
          ? axisPx(axis, rows[0].level, place.widthPx)
          : null,
      subtitle: subtitleOf(place),
      isHollow: method === 'reagent' && !isReagentConverged(of),
      startPx: startLevel === null ? null : axisPx(axis, startLevel, place.widthPx),
      look: i === 0 || beside.length > 1 ? ('bars' as const) : ('dots' as const),
    }
  })
  const largest = all.reduce(
    (most, {value, level}) => Math.max(most, Math.abs((value ?? level) - level)),
    0
  )
  const topPx = headPx
  const byKey = allRows.map((rows) => new Map(rows.map((one) => [one.first, one])))
  const rows = shown.map(
    (one, i): BarRow => ({
      ...{first: one.first, last: one.last, yPx: topPx + i * BARS.rowPx},
      positionText:
        one.last > one.first
          ? `${formatCount(one.first)}–${formatCount(one.last)}`
          : formatCount(one.first),
      chipPx: chips[i]!.widthPx,
      runs: chips[i]!.runs,
      tint: one.value === null ? null : tintOf(one.value - one.level, largest),
      isSpecial: one.isSpecial,
      isRationale: one.isRationale,
      note: NOTES[one.role] ?? null,
      marks: columns.map((column, at) => markOf(byKey[at]!.get(one.first), column)),
    })
  )
  const endPx = topPx + shown.length * BARS.rowPx
  const foot = footTexts(row, picture, {foldedCount, within}).map((text, i) => ({
    yPx: endPx + 8 + i * BARS.footLinePx,
    text,
  }))
  return {
    ...{widthPx, rowPx: BARS.rowPx, topPx, chipXPx, rows, foot},
    columns: columns.map(({axis: _, ...column}) => column),
    heightPx: endPx + 8 + foot.length * BARS.footLinePx,
    selected: picture.selected,
  }
}

interface Place {
  readonly xPx: number
  readonly widthPx: number
  readonly numbersPx: number | null
}

/** The main column has what is left; of several that are compared all have the same. */
function columnPlaces(leftPx: number, widthPx: number, besideCount: number): Place[] {
  const roomPx = widthPx - leftPx
  if (besideCount <= 1) {
    const besidePx =
      besideCount === 0 ? 0 : Math.max(LEAST_BESIDE_PX, Math.min(MOST_BESIDE_PX, roomPx * 0.2))
    const mainPx = roomPx - NUMBER_PX - (besideCount === 0 ? 0 : besidePx + COLUMN_GAP_PX + 6)
    const numbersPx = leftPx + mainPx + NUMBER_PX
    const main = {xPx: leftPx, widthPx: Math.max(40, mainPx), numbersPx}
    return besideCount === 0
      ? [main]
      : [main, {xPx: numbersPx + COLUMN_GAP_PX, widthPx: besidePx, numbersPx: null}]
  }
  const count = besideCount + 1
  const columnPx = (roomPx - (count - 1) * COLUMN_GAP_PX) / count
  return Array.from({length: count}, (_, i) => ({
    xPx: leftPx + i * (columnPx + COLUMN_GAP_PX),
    widthPx: Math.max(20, columnPx),
    numbersPx: null,
  }))
}

function placed(method: AttributionMethod, axis: ValueAxis, place: Place) {
  const {xPx, widthPx, numbersPx} = place
  const zeroPx = axisPx(axis, 0, widthPx)
  const texts = axis.ticks.map((tick) => ({
    xPx: axisPx(axis, tick, widthPx),
    text: Math.abs(tick) < 1e-12 ? '0' : formatFixed(tick, axis.decimals),
  }))
  const isEdge = (i: number) => i === 0 || i === texts.length - 1
  const anchored = texts.map((tick, i): BarColumn['ticks'][number] => ({
    ...tick,
    // Narrow columns stand close: what is at their ends stays inside.
    anchor: numbersPx !== null || !isEdge(i) ? 'middle' : i === 0 ? 'start' : 'end',
  }))
  const areApart = anchored.every((tick, i) => i === 0 || isApart(anchored[i - 1]!, tick))
  const zero = anchored.find(({text}) => text === '0')
  // Where numbers would touch, zero stays, and the ends that are clear of it and of each other.
  const last = anchored.at(-1)
  const isClear = (tick: BarColumn['ticks'][number], i: number) =>
    areApart ||
    tick === zero ||
    (isEdge(i) && (!zero || isApart(zero, tick)) && (tick === last || !last || isApart(tick, last)))
  const ticks = anchored.map((tick, i) => ({...tick, text: isClear(tick, i) ? tick.text : ''}))
  return {method, xPx, widthPx, numbersPx, zeroPx, ticks}
}

const LEAST_TICK_GAP_PX = 6

/** Whether the numbers of two ticks stand clear of each other. */
function isApart(one: BarColumn['ticks'][number], other: BarColumn['ticks'][number]): boolean {
  const ends = ({xPx, text, anchor}: BarColumn['ticks'][number]) => {
    const px = textWidthPx(text, 11)
    const leftPx = anchor === 'start' ? xPx : anchor === 'end' ? xPx - px : xPx - px / 2
    return {leftPx, rightPx: leftPx + px}
  }
  const [a, b] = [ends(one), ends(other)]
  return a.rightPx + LEAST_TICK_GAP_PX <= b.leftPx || b.rightPx + LEAST_TICK_GAP_PX <= a.leftPx
}

function markOf(
  row: ValueRow | undefined,
  column: {axis: ValueAxis; widthPx: number}
): BarMark | null {
  if (!row || row.value === null || row.role === 'fixed') return null
  const at = (value: number | null) =>
    value === null ? null : axisPx(column.axis, value, column.widthPx)
  return {
    valuePx: at(row.value)!,
    lowPx: at(row.low),
    highPx: at(row.high),
    levelPx: at(row.level)!,
    value: row.value,
    isBelow: row.value < row.level,
    text: formatFixed(row.value, 3),
  }
}

/** Spearman's correlation with the main method, where both have the tokens. */
export function correlationOf(
  row: Pick<AttributionRow, 'values'>,
  other: Pick<AttributionRow, 'values'>
): number | null {
  const values = new Map(other.values.map(({position, value}) => [position, value]))
  const both = row.values.filter(({position}) => values.has(position))
  return rankCorrelation(
    both.map(({value}) => value),
    both.map(({position}) => values.get(position)!)
  )
}

/** Five steps up, two down; a value that is hardly any has the first. */
export function tintOf(value: number, largest: number): number {
  if (largest === 0) return 0
  const share = value / largest
  if (share < -0.02)
    return -Math.min(NEGATIVE_STEPS, Math.max(1, Math.ceil(-share * NEGATIVE_STEPS)))
  return Math.max(0, Math.min(CHIP_STEP_COUNT - 1, Math.ceil(share * CHIP_STEP_COUNT) - 1))
}

function chipsOf(
  rows: readonly ValueRow[],
  mostPx: number,
  {noPrompt, drawsUncovered}: Pick<BarsOptions, 'noPrompt' | 'drawsUncovered'>
) {
  const {cells} = glyphsOfTokens(rows, drawsUncovered)
  return rows.map((_, i) => {
    const own = noPrompt ? [] : cells[i]!
    return layoutChip(own.length > 0 ? own : [{kind: 'text', text: noPrompt ? '' : '∅'}], mostPx)
  })
}

function footTexts(
  row: AttributionRow,
  {unit, scores}: Pick<BarsPicture, 'unit' | 'scores'>,
  folded: {readonly foldedCount: number; readonly within: number}
): string[] {
  const {many} = UNIT_NAMES[unit.kind]
  const texts: string[] = []
  if (folded.foldedCount > 0) {
    texts.push(
      `${formatCount(folded.foldedCount)} more within ± ${formatFixed(folded.within, 4)}, folded`
    )
  }
  if (unit.kind !== 'token' && neutralLevel(row, scores) !== 0) {
    texts.push('bars begin at what as many tokens without influence have (the median token)')
  }
  if (hasTotal(row, scores)) {
    const total = formatFixed(totalOfRow(row, scores), 3)
    texts.push(
      unit.kind === 'token'
        ? `sum over ${formatMany(row.values.length, 'token')} ${total}`
        : `sums over ${many}, ${total} in all, as over tokens; low to high is of single tokens alone`
    )
  } else if (unit.kind !== 'token') {
    texts.push(`sums over ${many}; low to high is of single tokens alone`)
  }
  return texts
}
