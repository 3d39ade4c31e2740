import type {TokensResult} from '../../lenses/tokens.ts'
import {formatCount, formatProb} from '../number-format.ts'
import {decadeOf, log10Of, wholeTicks} from '../scale.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {plainGlyphs} from '../token-glyphs.ts'

/** The part of a result that the chart of tracked tokens shows. */
export type TrackedInput = Pick<TokensResult, 'tracked' | 'tokens' | 'next' | 'position'>

export interface TrackedOptions {
  readonly widthPx: number
  /** Left edge of the plot, so that it begins where the tokens do. */
  readonly plotXPx: number
  readonly heightPx?: number
  readonly noPrompt?: boolean
  /** The position whose numbers stand in the key. */
  readonly selected?: number | null
}

export interface TrackedSeries {
  readonly index: number
  /** Null where ids are left out. */
  readonly tokenId: number | null
  readonly name: string
  readonly valueText: string
  readonly points: readonly (readonly [number, number])[]
  readonly dot: readonly [number, number] | null
  /** Where its entry in the key is. */
  readonly keyXPx: number
  readonly keyYPx: number
}

export interface TrackedLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly note: string
  readonly keyPrefix: {readonly text: string; readonly xPx: number; readonly yPx: number} | null
  readonly plot: {
    readonly xPx: number
    readonly yPx: number
    readonly widthPx: number
    readonly heightPx: number
  }
  readonly yTicks: readonly {
    readonly yPx: number
    readonly text: string
    readonly isAxis: boolean
  }[]
  readonly xTicks: readonly {readonly xPx: number; readonly text: string}[]
  readonly selectedXPx: number | null
  readonly series: readonly TrackedSeries[]
}

const TITLE_PX = 20
const AXIS_PX = 24
const PLOT_PX = 84
const KEY_LINE_PX = 20
const KEY_GAP_PX = 14
const KEY_NAME_PX = 26
const NOTE = 'p as the next token'
const TITLE_END_PX = 60 + textWidthPx(NOTE, 11) + 16
/** Every value takes the room of the widest, so that another selection moves nothing. */
const WIDEST_VALUE_PX = textWidthPx('<0.001', 11)
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'
/** Lowest decade drawn: below it a probability is as good as none, and the axis says so. */
const LOWEST_DECADE = -8
const LOWEST_PROB = 1e-8

/** Lays out the probability of each tracked token after every position; null without any. */
export function layoutTracked(input: TrackedInput, options: TrackedOptions): TrackedLayout | null {
  const tracked = input.tracked ?? []
  const rows = tracked[0]?.positions ?? []
  if (rows.length === 0) return null
  const firstPosition = rows[0]!.position
  const lastPosition = rows.at(-1)!.position
  const selected = options.selected ?? input.position ?? lastPosition
  const entries = tracked.map((entry, index) => {
    const name = options.noPrompt
      ? `token ${index + 1}`
      : fitText(nameOf(entry, input), 110, 11, 'mono')
    const at = entry.positions.find((row) => row.position === selected)
    const valueText = at ? formatProb(at.prob) : ''
    const widthPx = KEY_NAME_PX + textWidthPx(name, 11, 'mono') + 6 + WIDEST_VALUE_PX
    return {entry, index, name, valueText, widthPx}
  })
  const key = placeKey(entries, options.widthPx, selected, lastPosition)
  let lowest = -3
  let hasLower = false
  for (const {positions} of tracked) {
    for (const row of positions) {
      if (row.prob > 0) lowest = Math.min(lowest, decadeOf(row.prob))
      hasLower ||= row.prob < LOWEST_PROB
    }
  }
  lowest = Math.max(lowest, LOWEST_DECADE)
  const plot = {
    xPx: options.plotXPx,
    yPx: key.heightPx + 6,
    widthPx: Math.max(20, options.widthPx - options.plotXPx - 8),
    heightPx: options.heightPx ?? PLOT_PX,
  }
  const span = Math.max(1, lastPosition - firstPosition)
  const xOf = (position: number) => plot.xPx + ((position - firstPosition) / span) * plot.widthPx
  const yOf = (prob: number) => {
    const log = prob > 0 ? Math.max(lowest, log10Of(Math.min(1, prob))) : lowest
    return plot.yPx + (log / lowest) * plot.heightPx
  }
  const yTicks = []
  for (let decade = 0; decade >= lowest; decade--) {
    // Every line is drawn; every second one is named, and always the two ends.
    const isNamed = decade === 0 || decade === lowest || (decade % 2 === 0 && decade > lowest + 1)
    yTicks.push({
      yPx: plot.yPx + (decade / lowest) * plot.heightPx,
      // Below the lowest decade everything lies on the axis, and the axis says so.
      text: isNamed ? (decade === lowest && hasLower ? '≤' : '') + decadeText(decade) : '',
      isAxis: decade === lowest,
    })
  }
  return {
    widthPx: options.widthPx,
    heightPx: plot.yPx + plot.heightPx + AXIS_PX,
    note: NOTE,
    keyPrefix: key.prefix,
    plot,
    yTicks,
    xTicks: placeTicks(firstPosition, lastPosition, xOf, plot.widthPx),
    selectedXPx: selected >= firstPosition && selected <= lastPosition ? xOf(selected) : null,
    series: entries.map(({entry, index, name, valueText}) => {
      const at = entry.positions.find((row) => row.position === selected)
      return {
        index,
        tokenId: options.noPrompt ? null : entry.tokenId,
        name,
        valueText,
        points: thinned(
          entry.positions.map((row) => [xOf(row.position), yOf(row.prob)] as const),
          plot.widthPx
        ),
        dot: at ? ([xOf(at.position), yOf(at.prob)] as const) : null,
        ...key.places[index]!,
      }
    }),
  }
}

const TICK_PX = 60
const TICK_GAP_PX = 10

/** Both ends of the axis, and round positions between them where their numbers do not meet those of the ends. */
function placeTicks(
  first: number,
  last: number,
  xOf: (position: number) => number,
  widthPx: number
): TrackedLayout['xTicks'] {
  const at = (position: number) => {
    const text = formatCount(position)
    return {xPx: xOf(position), text, halfPx: textWidthPx(text, 11) / 2}
  }
  const ends = first === last ? [at(first)] : [at(first), at(last)]
  const mostCount = Math.max(1, Math.min(8, Math.floor(widthPx / TICK_PX)))
  const [, step = 1] = wholeTicks(last - first, mostCount)
  const between = []
  for (let tick = Math.ceil((first + 1) / step) * step; tick < last; tick += step) {
    const one = at(tick)
    const isFree = ends.every(
      (end) => Math.abs(end.xPx - one.xPx) >= end.halfPx + one.halfPx + TICK_GAP_PX
    )
    if (isFree) between.push(one)
  }
  return [...ends, ...between].sort((a, b) => a.xPx - b.xPx).map(({xPx, text}) => ({xPx, text}))
}

/** A tracked token's name: its own bytes, or those of the same id elsewhere in the result. */
function nameOf(entry: NonNullable<TokensResult['tracked']>[number], input: TrackedInput): string {
  const isSame = (token: {id: number}) => token.id === entry.tokenId
  const bytesHex =
    entry.bytesHex ?? input.next.find(isSame)?.bytesHex ?? input.tokens.find(isSame)?.bytesHex
  const name = bytesHex ? plainGlyphs({bytesHex, isSpecial: true}) : ''
  return name || `#${entry.tokenId}`
}

/** Width of the words before the key. */
const prefixWidth = (position: number) => textWidthPx(`at ${formatCount(position)}:`, 11)

/** Places the key at the right of the title's row, or in rows of its own where it does not fit. */
function placeKey(
  entries: readonly {readonly widthPx: number}[],
  widthPx: number,
  selected: number,
  lastPosition: number
) {
  const text = `at ${formatCount(selected)}:`
  // Room for the last position, so that another selection moves nothing.
  const prefixPx = Math.max(...[selected, lastPosition].map(prefixWidth)) + 8
  const totalPx =
    entries.reduce((sum, entry) => sum + entry.widthPx + KEY_GAP_PX, prefixPx) - KEY_GAP_PX
  const isBeside = totalPx + TITLE_END_PX <= widthPx
  let xPx = isBeside ? widthPx - totalPx : 0
  let yPx = isBeside ? 0 : TITLE_PX
  const prefix = {text, xPx, yPx}
  xPx += prefixPx
  const places = entries.map((entry) => {
    if (xPx + entry.widthPx > widthPx && xPx > prefixPx) {
      xPx = prefixPx
      yPx += KEY_LINE_PX
    }
    const place = {keyXPx: xPx, keyYPx: yPx}
    xPx += entry.widthPx + KEY_GAP_PX
    return place
  })
  return {prefix, places, heightPx: yPx + KEY_LINE_PX}
}

/** A power of ten as an axis of probabilities names it. */
export function decadeText(decade: number): string {
  if (decade === 0) return '1'
  if (decade >= -2) return decade === -1 ? '0.1' : '0.01'
  return `10⁻${SUPERSCRIPTS[-decade]}`
}

/** Keeps the first, highest, lowest and last point of each pixel column where points crowd. */
function thinned(
  points: readonly (readonly [number, number])[],
  widthPx: number
): readonly (readonly [number, number])[] {
  if (points.length <= widthPx) return points
  const kept: (readonly [number, number])[] = []
  for (let i = 0; i < points.length; ) {
    const pixel = Math.floor(points[i]![0])
    let end = i
    let low = i
    let high = i
    while (end < points.length && Math.floor(points[end]![0]) === pixel) {
      if (points[end]![1] < points[low]![1]) low = end
      if (points[end]![1] > points[high]![1]) high = end
      end += 1
    }
    for (const index of [...new Set([i, low, high, end - 1])].sort((a, b) => a - b)) {
      kept.push(points[index]!)
    }
    i = end
  }
  return kept
}
