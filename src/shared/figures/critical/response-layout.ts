import type {CriticalResult, CriticalScore, CriticalScoreMethod} from '../../lenses/critical.ts'
import type {CriticalPicture} from '../../lenses/critical-picture.ts'
import {formatCount, formatFixed} from '../number-format.ts'
import {stepOf} from '../palette.ts'
import {textWidthPx} from '../text-width.ts'
import {type DrawsUncovered, type GlyphCell, glyphsOfTokens} from '../token-glyphs.ts'
import {CHIP, type ChipRun, layoutChip} from '../tokens/chip.ts'
import {type MarkWords, markWordsOf, placeWords} from './response-marks.ts'

/** A prefix's success where it was sampled, in pixels from the curve's top. */
export interface SuccessPoint {
  readonly position: number
  readonly xPx: number
  readonly yPx: number
  /** Of its 95 % interval. */
  readonly lowPx: number
  readonly highPx: number
}

/** A bar of one token: from the track's zero, up or down. */
export interface ScoreBar {
  readonly yPx: number
  readonly heightPx: number
  readonly isNegative: boolean
  /** Its number, where it is the highest of its row or a large one, and has room. */
  readonly text: string | null
}

/** One response token with what stands under it. */
export interface ResponseColumn {
  readonly position: number
  readonly xPx: number
  readonly widthPx: number
  readonly runs: readonly ChipRun[]
  readonly isSpecial: boolean
  /** Tint of the chip, 0 to 4; -1 where the track that tints has no value. */
  readonly step: number
  /** In the order of the layout's bar tracks; null where there is no value. */
  readonly bars: readonly (ScoreBar | null)[]
  readonly isReleased: boolean
  readonly isOurs: boolean
  /** Bar tracks whose highest value is this token's, by their index. */
  readonly topOf: readonly number[]
}

/** A part of the success curve; dashed where prefixes between its ends were not sampled. */
export interface CurvePart {
  readonly fromPx: readonly [number, number]
  readonly toPx: readonly [number, number]
  readonly isDashed: boolean
}

export interface ResponseLine {
  readonly index: number
  readonly yPx: number
  readonly columns: readonly ResponseColumn[]
  readonly points: readonly SuccessPoint[]
  readonly curve: readonly CurvePart[]
  readonly rangeText: string
  readonly marks: readonly PlacedMark[]
}

/** Words of a rule beside the sign of its token. */
export interface PlacedMark {
  readonly text: string
  readonly xPx: number
  readonly baselinePx: number
  readonly anchor: 'start' | 'end'
}

/** A row of bars under every line, relative to the line's top. */
export interface BarTrack {
  readonly method: Exclude<CriticalScoreMethod, 'rollout'>
  readonly label: string
  readonly topPx: number
  readonly heightPx: number
  /** Where its zero stands. */
  readonly zeroPx: number
  readonly maximum: number
}

/** A response as lines of chips with the success curve and the bars of other estimators under them. */
export interface ResponseLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly labelWidthPx: number
  /** Where the curve stands in a line; null where no completions were asked for. */
  readonly curve: {readonly topPx: number; readonly heightPx: number} | null
  readonly bars: readonly BarTrack[]
  readonly lines: readonly ResponseLine[]
  /** Height of a line without the gap to the next. */
  readonly linePx: number
  readonly chipTopPx: number
  /** Between two columns. */
  readonly gapPx: number
  readonly selected: number | null
  readonly missing: readonly number[]
}

export interface ResponseOptions {
  readonly widthPx: number
  readonly noPrompt?: boolean
  readonly drawsUncovered?: DrawsUncovered
}

const MARK_ROW_PX = 16
const CURVE_PX = 72
/** Where the whole response stands in one line. */
const TALL_CURVE_PX = 96
const BAR_PX = 22
const SIGNED_BAR_PX = 36
/** Above bars, for their numbers. */
const NUMBER_PX = 12
/** Of its track's scale, from which on a bar has its number. */
const LARGE_SHARE = 0.3
/** Columns of a response that is shorter than a line stand apart by this much more at most. */
const MOST_STRETCH_PX = 96
/** The least scale of d in nats, so that what is next to nothing is drawn so. */
const LEAST_DIFFERENCE = 0.1
const GAP_PX = 8
const LINE_GAP_PX = 24
const LEAST_COLUMN_PX = 22
const HIDDEN_CHIP_PX = 22
/** Before the first token: the prompt alone. */
const START_PX = 16
const LABEL_PX = 11
const CHIP_STEPS = 5

const BAR_LABELS = {contrastive: '1 − s', difference: 'd', base: '1 − p'} as const

/** Names of the four numbers, as they stand in tables and legends. */
export const METHOD_LABELS: Readonly<Record<CriticalScoreMethod, string>> = {
  rollout: 'success',
  ...BAR_LABELS,
}

/** Lays out what a result has so far; linear in the number of response tokens. */
export function layoutResponse(
  result: CriticalResult,
  picture: CriticalPicture,
  options: ResponseOptions
): ResponseLayout {
  const {tokens, responseStart} = result
  const response = tokens.slice(responseStart)
  const byMethod = scoresByMethod(result.scores)
  const has = (method: CriticalScoreMethod) =>
    picture.tracks.includes(method) && (byMethod.get(method)?.size ?? 0) > 0
  const hasCurve = picture.tracks.includes('rollout') && (has('rollout') || !!result.promptSuccess)
  const marks = markWordsOf(result)
  const chipTopPx = MARK_ROW_PX * Math.max(1, marks.length)
  let topPx = chipTopPx + CHIP.heightPx + GAP_PX
  const methods = picture.tracks.flatMap((method) =>
    method !== 'rollout' && has(method) ? [method] : []
  )
  const noPrompt = options.noPrompt === true
  const glyphs = noPrompt
    ? {cells: response.map((): GlyphCell[] => []), missing: []}
    : glyphsOfTokens(response, options.drawsUncovered)
  const labelWidthPx = Math.ceil(
    [
      'success',
      `${formatCount(tokens.length)} to ${formatCount(tokens.length)}`,
      ...methods.map((method) => barTrack(method, valuesOf(byMethod.get(method)!), 0).label),
    ].reduce((widest, text) => Math.max(widest, textWidthPx(text, LABEL_PX)), 0) + 18
  )
  const availablePx = Math.max(80, options.widthPx - labelWidthPx - START_PX)
  const chips = response.map((token, i) => {
    const cells = glyphs.cells[i]!
    const chip =
      cells.length === 0 && !noPrompt
        ? layoutChip([{kind: 'code', text: `#${token.id}`}], availablePx)
        : layoutChip(cells, availablePx)
    return {chip, columnPx: Math.max(LEAST_COLUMN_PX, noPrompt ? HIDDEN_CHIP_PX : chip.widthPx)}
  })
  const usedPx = chips.reduce((sum, {columnPx}) => sum + columnPx + CHIP.gapPx, 0)
  const leftPx = options.widthPx - labelWidthPx - START_PX - usedPx
  // A response of one line takes the width and height that it is given.
  const isOneLine = leftPx >= 0 && response.length > 0
  const gapPx = isOneLine
    ? CHIP.gapPx + Math.min(MOST_STRETCH_PX, leftPx / response.length)
    : CHIP.gapPx
  const curve = hasCurve ? {topPx, heightPx: isOneLine ? TALL_CURVE_PX : CURVE_PX} : null
  if (curve) topPx += curve.heightPx + GAP_PX
  const bars: BarTrack[] = []
  for (const method of methods) {
    const track = barTrack(method, valuesOf(byMethod.get(method)!), topPx + NUMBER_PX)
    bars.push(track)
    topPx = track.topPx + track.heightPx + GAP_PX
  }
  const linePx = topPx - GAP_PX
  const tops = bars.map(({method}) => topOf(byMethod.get(method)!))
  const marked = (rule: 'released' | 'ours') =>
    result.critical.find((one) => one.rule === rule)?.position ?? null
  const [released, ours] = [marked('released'), marked('ours')]
  const tinting = byMethod.get('contrastive') ?? byMethod.get('rollout')
  const isSuccess = !byMethod.has('contrastive')

  const lines: ResponseColumn[][] = [[]]
  let xPx = labelWidthPx + START_PX
  for (const [i, token] of response.entries()) {
    const position = responseStart + i
    const {chip, columnPx: widthPx} = chips[i]!
    if (lines.at(-1)!.length > 0 && xPx + widthPx > options.widthPx + 0.5) {
      lines.push([])
      xPx = labelWidthPx + START_PX
    }
    const insetPx = noPrompt ? 0 : (widthPx - chip.widthPx) / 2
    const tint = tinting?.get(position)?.value
    lines.at(-1)!.push({
      ...{position, xPx, widthPx, isSpecial: token.isSpecial},
      runs: noPrompt ? [] : chip.runs.map((run) => ({...run, xPx: run.xPx + insetPx})),
      step: tint === undefined ? -1 : stepOf(isSuccess ? 1 - tint : tint, 1, CHIP_STEPS),
      bars: bars.map((track, at) =>
        barOf(track, byMethod.get(track.method)!.get(position)?.value, {
          ...{roomPx: widthPx + gapPx, isTop: tops[at] === position},
        })
      ),
      ...{isReleased: position === released, isOurs: position === ours},
      topOf: tops.flatMap((top, track) => (top === position ? [track] : [])),
    })
    xPx += widthPx + gapPx
  }
  const placed = lines.filter((columns) => columns.length > 0)
  return {
    ...{widthPx: options.widthPx, labelWidthPx, curve, bars, linePx, chipTopPx, gapPx},
    heightPx: placed.length * (linePx + LINE_GAP_PX) - (placed.length > 0 ? LINE_GAP_PX : 0),
    lines: placed.map((columns, index) => ({
      ...{index, yPx: index * (linePx + LINE_GAP_PX), columns},
      rangeText: rangeOf(columns),
      marks: placedMarks(marks, columns, {startPx: labelWidthPx, endPx: options.widthPx}),
      ...(curve
        ? curveOf(result, columns, {
            ...{startPx: labelWidthPx + START_PX / 2, isContinued: index > 0},
            heightPx: curve.heightPx,
          })
        : {points: [], curve: []}),
    })),
    selected: picture.selected,
    missing: glyphs.missing,
  }
}

type ByPosition = ReadonlyMap<number, CriticalScore>

/** Scores by method and position. */
export function scoresByMethod(
  scores: readonly CriticalScore[]
): ReadonlyMap<CriticalScoreMethod, ByPosition> {
  const found = new Map<CriticalScoreMethod, Map<number, CriticalScore>>()
  for (const score of scores) {
    const own = found.get(score.method) ?? new Map<number, CriticalScore>()
    found.set(score.method, own)
    own.set(score.position, score)
  }
  return found
}

function barTrack(method: BarTrack['method'], scores: readonly number[], topPx: number): BarTrack {
  const values = scores.filter(Number.isFinite)
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  // Shares have the same scale in every result.
  const maximum = method === 'difference' ? Math.max(LEAST_DIFFERENCE, largest) : 1
  const isSigned = values.some((value) => value < 0)
  const heightPx = isSigned ? SIGNED_BAR_PX : BAR_PX
  return {
    ...{method, topPx, heightPx, maximum},
    zeroPx: topPx + (isSigned ? heightPx / 2 : heightPx),
    label:
      method === 'difference'
        ? `d, ±${formatFixed(maximum, 1)} nats`
        : `${BAR_LABELS[method]}, 0 to 1`,
  }
}

const valuesOf = (scores: ByPosition) => [...scores.values()].map(({value}) => value)

function placedMarks(
  marks: readonly MarkWords[],
  columns: readonly ResponseColumn[],
  room: {readonly startPx: number; readonly endPx: number}
): PlacedMark[] {
  return marks.flatMap(({position, text, row}) => {
    const column = columns.find((one) => one.position === position)
    const place = column && placeWords(text, column.xPx + column.widthPx / 2, room)
    return place ? [{...place, text, baselinePx: row * MARK_ROW_PX + 11}] : []
  })
}

function barOf(
  track: BarTrack,
  value: number | undefined,
  {roomPx: columnPx, isTop}: {readonly roomPx: number; readonly isTop: boolean}
): ScoreBar | null {
  if (value === undefined) return null
  const roomPx = track.zeroPx - track.topPx
  const share = Number.isFinite(value) ? Math.abs(value) / track.maximum : 1
  const heightPx = Math.max(1, Math.min(1, share) * roomPx)
  const isNegative = value < 0
  const text = formatFixed(value, 2)
  const isTold = (isTop || share >= LARGE_SHARE) && textWidthPx(text, LABEL_PX) <= columnPx
  return {
    ...{heightPx, isNegative, yPx: isNegative ? track.zeroPx : track.zeroPx - heightPx},
    text: isTold && Number.isFinite(value) ? text : null,
  }
}

function topOf(scores: ByPosition): number | null {
  let best: CriticalScore | null = null
  for (const score of scores.values()) if (!best || score.value > best.value) best = score
  return best?.position ?? null
}

function rangeOf(columns: readonly ResponseColumn[]): string {
  const [first, last] = [columns[0]!.position, columns.at(-1)!.position]
  return first === last ? formatCount(first) : `${formatCount(first)} to ${formatCount(last)}`
}

/** The sampled prefixes of a line, and the line through them; what goes over a line's end goes on in the next. */
function curveOf(
  result: CriticalResult,
  columns: readonly ResponseColumn[],
  {
    startPx,
    isContinued,
    heightPx,
  }: {readonly startPx: number; readonly isContinued: boolean; readonly heightPx: number}
): Pick<ResponseLine, 'points' | 'curve'> {
  const y = (share: number) => (1 - share) * heightPx
  const sampled = sampledPrefixes(result)
  const first = columns[0]!.position
  const last = columns.at(-1)!.position
  const at = new Map(columns.map(({position, xPx, widthPx}) => [position, xPx + widthPx / 2]))
  if (!isContinued) at.set(result.responseStart - 1, startPx)
  const points = sampled.flatMap(({position, value, low, high}): SuccessPoint[] => {
    const xPx = at.get(position)
    return xPx === undefined ? [] : [{position, xPx, yPx: y(value), lowPx: y(low), highPx: y(high)}]
  })
  const ends: {readonly position: number; readonly px: readonly [number, number]}[] = points.map(
    ({position, xPx, yPx}) => ({position, px: [xPx, yPx]})
  )
  const addBreak = (boundary: number, xPx: number, place: 'start' | 'end') => {
    const before = sampled.findLast(({position}) => position < boundary)
    const after = sampled.find(({position}) => position > boundary)
    if (!before || !after) return
    const share = (boundary - before.position) / (after.position - before.position)
    const px = [xPx, y(before.value + (after.value - before.value) * share)] as const
    // Whether prefixes were left out is told by the positions of the samples themselves.
    if (place === 'start') ends.unshift({position: before.position, px})
    else ends.push({position: after.position, px})
  }
  if (isContinued) addBreak(first - 0.5, startPx, 'start')
  addBreak(last + 0.5, columns.at(-1)!.xPx + columns.at(-1)!.widthPx, 'end')
  const curve = ends.slice(1).map((to, i): CurvePart => {
    const from = ends[i]!
    return {fromPx: from.px, toPx: to.px, isDashed: to.position - from.position > 1}
  })
  return {points, curve}
}

/** Every prefix whose success is known, the prompt first, with its interval. */
function sampledPrefixes({scores, promptSuccess, responseStart}: CriticalResult) {
  const own = scores.flatMap(({method, position, value, low = value, high = value}) =>
    method === 'rollout' ? [{position, value, low, high}] : []
  )
  if (!promptSuccess || promptSuccess.sampleCount === 0) return own
  const {successCount, sampleCount, low, high} = promptSuccess
  return [{position: responseStart - 1, value: successCount / sampleCount, low, high}, ...own]
}
