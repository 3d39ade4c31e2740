import {formatCount, formatProb, formatRank} from '../number-format.ts'
import {decadeOf, log10Of, powerOfTen, wholeTicks} from '../scale.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {type LensInput, type LensSeries, lensRowsOf, lensSeriesOf} from './lens-rows.ts'
import {decadeText} from './tracked-layout.ts'

type Point = readonly [number, number]

/** One of the two charts: probability, or rank, from the input to the output. */
export interface LensPlot {
  readonly title: string
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
  readonly heightPx: number
  readonly yTicks: readonly {
    readonly yPx: number
    readonly text: string
    readonly isAxis: boolean
  }[]
  readonly xTicks: readonly {readonly xPx: number; readonly text: string}[]
  /** In the order of the key. */
  readonly lines: readonly (readonly Point[])[]
  readonly selectedXPx: number | null
  /** At the selected row, one a line. */
  readonly dots: readonly Point[]
}

/** An entry of the key: a followed token, with its numbers at the selected row. */
export interface LensKey {
  readonly tokenId: number | null
  readonly name: string
  readonly roleText: string
  readonly valueText: string
  readonly xPx: number
  readonly yPx: number
}

export interface LensChartLayout {
  readonly yPx: number
  readonly endPx: number
  readonly keyPrefix: {readonly text: string; readonly xPx: number; readonly yPx: number}
  readonly keys: readonly LensKey[]
  readonly plots: readonly LensPlot[]
}

export interface LensChartOptions {
  readonly widthPx: number
  readonly yPx: number
  readonly plotPx: number | undefined
  readonly noPrompt: boolean | undefined
  readonly selectedRow: number | null
}

const PLOT_PX = 96
const AXIS_LABEL_PX = 44
const PLOT_TITLE_PX = 20
const X_AXIS_PX = 20
const GAP_PX = 32
/** Narrower figures have the charts under one another. */
const LEAST_TWO_PX = 520
const KEY_LINE_PX = 20
const KEY_GAP_PX = 16
/** Where the name stands after its line. */
export const LENS_KEY_NAME_PX = 26
const MOST_NAME_PX = 110
const TITLE_END_PX = 78
const LOWEST_DECADE = -8
/** More tokens than there are colours and dashes cannot be told apart. */
const MOST_SERIES = 8
const ROLE_TEXTS = {output: 'the output’s', occurred: 'follows', tracked: ''} as const

/** Lays out how the followed tokens come to be: their probability and rank after each layer. */
export function layoutLensCharts(
  input: LensInput,
  options: LensChartOptions
): LensChartLayout | null {
  const series = lensSeriesOf(input, options.noPrompt).slice(0, MOST_SERIES)
  const rows = lensRowsOf(input)
  if (series.length === 0 || rows.length < 2) return null
  const shownRow = options.selectedRow ?? rows.length - 1
  const key = placeKey(series, rows[shownRow]!.name, shownRow, options)
  const isWide = options.widthPx >= LEAST_TWO_PX
  const outerPx = isWide ? (options.widthPx - GAP_PX) / 2 : options.widthPx
  const heightPx = options.plotPx ?? PLOT_PX
  const plotPlace = (index: number) => ({
    xPx: (isWide ? index * (outerPx + GAP_PX) : 0) + AXIS_LABEL_PX,
    yPx:
      key.endPx + PLOT_TITLE_PX + (isWide ? 0 : index * (PLOT_TITLE_PX + heightPx + X_AXIS_PX + 8)),
    widthPx: Math.max(20, outerPx - AXIS_LABEL_PX - 8),
    heightPx,
  })
  const names = rows.map(({layer}) => layer)
  const common = {names, selectedRow: options.selectedRow}
  const plots = [
    probPlot(series, {...plotPlace(0), ...common}),
    rankPlot(series, {...plotPlace(1), ...common}),
  ]
  const last = plots.at(-1)!
  return {
    yPx: options.yPx,
    endPx: last.yPx + last.heightPx + X_AXIS_PX + 4,
    keyPrefix: key.prefix,
    keys: key.keys,
    plots,
  }
}

interface PlotPlace {
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
  readonly heightPx: number
  readonly names: readonly (number | null)[]
  readonly selectedRow: number | null
}

function probPlot(series: readonly LensSeries[], place: PlotPlace): LensPlot {
  const smallest = Math.min(...series.flatMap(({probs}) => probs.filter((prob) => prob > 0)), 1)
  const lowest = Math.max(LOWEST_DECADE, Math.min(-2, decadeOf(smallest)))
  const hasLower = series.some(({probs}) => probs.some((prob) => prob < powerOfTen(lowest)))
  const yOf = (prob: number) => {
    const log = prob > 0 ? Math.max(lowest, log10Of(Math.min(1, prob))) : lowest
    return place.yPx + (log / lowest) * place.heightPx
  }
  const yTicks = []
  for (let decade = 0; decade >= lowest; decade--) {
    const isNamed = decade === 0 || decade === lowest || (decade % 2 === 0 && decade > lowest + 1)
    yTicks.push({
      yPx: place.yPx + (decade / lowest) * place.heightPx,
      text: isNamed ? (decade === lowest && hasLower ? '≤' : '') + decadeText(decade) : '',
      isAxis: decade === lowest,
    })
  }
  return plotOf(
    'p',
    place,
    yTicks,
    series.map(({probs}) => probs.map(yOf))
  )
}

function rankPlot(series: readonly LensSeries[], place: PlotPlace): LensPlot {
  const worst = Math.max(...series.flatMap(({ranks}) => ranks)) + 1
  let decades = 1
  while (powerOfTen(decades) < worst) decades += 1
  const yOf = (rank: number) => place.yPx + (log10Of(rank + 1) / decades) * place.heightPx
  const yTicks = Array.from({length: decades + 1}, (_, decade) => ({
    yPx: place.yPx + (decade / decades) * place.heightPx,
    text: formatCount(powerOfTen(decade)),
    isAxis: decade === decades,
  }))
  return plotOf(
    'rank',
    place,
    yTicks,
    series.map(({ranks}) => ranks.map(yOf))
  )
}

function plotOf(
  title: string,
  {names, selectedRow, ...place}: PlotPlace,
  yTicks: LensPlot['yTicks'],
  heights: readonly (readonly number[])[]
): LensPlot {
  const last = names.length - 1
  const xOf = (row: number) => place.xPx + (row / last) * place.widthPx
  const firstLayer = names[0] === null ? 1 : 0
  const tickCount = Math.max(1, Math.floor(place.widthPx / 48))
  const xTicks = wholeTicks(last - firstLayer, tickCount).map((layer) => ({
    xPx: xOf(layer + firstLayer),
    text: `L${layer}`,
  }))
  return {
    title,
    ...place,
    yTicks,
    xTicks: firstLayer === 1 ? [{xPx: xOf(0), text: 'input'}, ...spaced(xTicks, xOf(0))] : xTicks,
    lines: heights.map((line) => line.map((yPx, row) => [xOf(row), yPx] as const)),
    selectedXPx: selectedRow === null ? null : xOf(selectedRow),
    dots:
      selectedRow === null
        ? []
        : heights.map((line) => [xOf(selectedRow), line[selectedRow]!] as const),
  }
}

/** Ticks that stand clear of the word `input`. */
function spaced(
  ticks: readonly {readonly xPx: number; readonly text: string}[],
  inputXPx: number
): readonly {readonly xPx: number; readonly text: string}[] {
  return ticks.filter(({xPx}) => xPx - inputXPx >= 32)
}

/** Places the key beside the title, or in lines of its own where it does not fit. */
function placeKey(
  series: readonly LensSeries[],
  rowName: string,
  row: number,
  {widthPx, yPx: topPx}: LensChartOptions
) {
  const entries = series.map((entry) => {
    const name = fitText(entry.name, MOST_NAME_PX, 11, 'mono')
    const roleText = ROLE_TEXTS[entry.role]
    const texts = entry.probs.map(
      (prob, i) => `${formatProb(prob)}, rank ${formatRank(entry.ranks[i])}`
    )
    const valueText = texts[row]!
    // Room for the widest, so that another layer moves nothing.
    const valuePx = Math.max(...texts.map((text) => textWidthPx(text, 11)))
    const rolePx = roleText ? textWidthPx(roleText, 11) + 6 : 0
    const namePx = LENS_KEY_NAME_PX + textWidthPx(name, 11, 'mono') + 6
    return {entry, name, roleText, valueText, widthPx: namePx + rolePx + valuePx}
  })
  const prefixText = `${rowName}:`
  const prefixPx = textWidthPx('after L00:', 11) + 8
  const totalPx =
    entries.reduce((sum, entry) => sum + entry.widthPx + KEY_GAP_PX, prefixPx) - KEY_GAP_PX
  const isBeside = totalPx + TITLE_END_PX <= widthPx
  let xPx = isBeside ? TITLE_END_PX : 0
  let yPx = isBeside ? topPx : topPx + KEY_LINE_PX
  const prefix = {text: prefixText, xPx, yPx}
  const firstXPx = xPx + prefixPx
  xPx = firstXPx
  const keys = entries.map(({entry, name, roleText, valueText, widthPx: entryPx}): LensKey => {
    if (xPx + entryPx > widthPx && xPx > firstXPx) {
      xPx = firstXPx
      yPx += KEY_LINE_PX
    }
    const place = {xPx, yPx}
    xPx += entryPx + KEY_GAP_PX
    return {tokenId: entry.tokenId, name, roleText, valueText, ...place}
  })
  return {prefix, keys, endPx: yPx + KEY_LINE_PX + 4}
}
