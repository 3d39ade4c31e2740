import type {AttentionEdges} from '../../lenses/attention-maps.ts'
import {formatCount} from '../number-format.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {type GlyphSource, plainGlyphs} from '../token-glyphs.ts'
import {labelStep} from './matrix-layout.ts'

/** Where two columns of tokens stand, and which part of the text is between top and bottom. */
export interface LinesGeometry {
  /** Where lines begin, beside the queries. */
  readonly leftPx: number
  /** Where they end, beside the keys. */
  readonly rightPx: number
  readonly topPx: number
  readonly heightPx: number
  /** Tokens that are seen; ends need not be whole. */
  readonly start: number
  readonly end: number
  /** Room for names beside either column. */
  readonly namePx: number
}

/** Edges of one head, or of an aggregate, of which lines are drawn. */
export interface LineSource {
  /** Which of the matrices that are drawn, from 0. */
  readonly group: number
  readonly edges: Pick<AttentionEdges, 'query' | 'key' | 'weight'>
  /** Only edges of these queries are taken. */
  readonly queries?: readonly [start: number, end: number]
}

/** One line; where tokens are too small to tell apart it is the heaviest of those that fall together. */
export interface WeightLine {
  /** Which of the matrices that are drawn. */
  readonly group: number
  readonly query: number
  readonly key: number
  readonly weight: number
  readonly fromPx: number
  readonly toPx: number
}

export interface LinesInView {
  /** From the lightest to the heaviest. */
  readonly lines: readonly WeightLine[]
  /** Edges that are in sight, of which some may fall together and the lightest may be left out. */
  readonly edgeCount: number
  /** The lightest, beyond as many as can be drawn. */
  readonly leftOutCount: number
}

/** Tokens lower than this share their lines with their neighbours. */
const LEAST_LINE_PX = 3
/** More than any text has tokens. */
const MOST_PLACES = 2 ** 22
/** As many as a frame can draw. */
export const MOST_LINES = 4000

/** The middle of a token's place in either column. */
export function yOfToken({topPx, heightPx, start, end}: LinesGeometry, position: number): number {
  return topPx + ((position + 0.5 - start) / (end - start)) * heightPx
}

/** Where a line has its end: in sight, or just beyond. */
export function yOfEnd(geometry: LinesGeometry, position: number): number {
  const {topPx, heightPx} = geometry
  const yPx = yOfToken(geometry, position)
  return Math.max(topPx - BEYOND_PX, Math.min(topPx + heightPx + BEYOND_PX, yPx))
}

/** The token at a height; null beyond the text. */
export function tokenAt(geometry: LinesGeometry, yPx: number, tokenCount: number): number | null {
  const {topPx, heightPx, start, end} = geometry
  if (yPx < topPx || yPx >= topPx + heightPx) return null
  const position = Math.floor(start + ((yPx - topPx) / heightPx) * (end - start))
  return position < 0 || position >= tokenCount ? null : position
}

/** How many tokens share one place: 1 where they can be told apart. */
export function tokensAPlace({heightPx, start, end}: LinesGeometry): number {
  return Math.max(1, Math.ceil((LEAST_LINE_PX * (end - start)) / heightPx))
}

/** What is out of sight is this far beyond the edge: lines to it end in a corner. */
const BEYOND_PX = 10

/**
 * The lines that have an end in sight. Where tokens are smaller than a line, those of neighbours fall together,
 * as do those of one token to all that is above or below what is seen, and the heaviest stands for them; of
 * more than `most` the heaviest are drawn.
 */
export function linesInView(
  sources: readonly LineSource[],
  geometry: LinesGeometry,
  most = MOST_LINES
): LinesInView {
  const {start, end} = geometry
  const size = tokensAPlace(geometry)
  const groupCount = 1 + sources.reduce((most, {group}) => Math.max(most, group), 0)
  const heaviest = new Map<number, {source: LineSource; edge: number; weight: number}>()
  const isSeen = (position: number) => position > start - 1 && position < end
  // The first and the last place are those above and below.
  const placeOf = (position: number) =>
    position <= start - 1 ? 0 : position >= end ? MOST_PLACES - 1 : 1 + Math.floor(position / size)
  let edgeCount = 0
  for (const source of sources) {
    const {queries, group} = source
    const {query, key, weight} = source.edges
    for (let edge = 0; edge < query.length; edge++) {
      const [from, to] = [query[edge]!, key[edge]!]
      if (queries && (from < queries[0] || from >= queries[1])) continue
      if (!isSeen(from) && !isSeen(to)) continue
      edgeCount++
      const spot = placeOf(from) * MOST_PLACES + placeOf(to)
      const id = spot * groupCount + group
      const own = Math.abs(weight[edge]!)
      const found = heaviest.get(id)
      if (!found || own > found.weight) heaviest.set(id, {source, edge, weight: own})
    }
  }
  const sorted = [...heaviest.values()].sort((a, b) => a.weight - b.weight)
  const drawn = sorted.slice(Math.max(0, sorted.length - most))
  const lines = drawn.map(({source, edge}) => {
    const {query, key, weight} = source.edges
    return {
      group: source.group,
      query: query[edge]!,
      key: key[edge]!,
      weight: weight[edge]!,
      fromPx: yOfEnd(geometry, query[edge]!),
      toPx: yOfEnd(geometry, key[edge]!),
    }
  })
  return {lines, edgeCount, leftOutCount: sorted.length - drawn.length}
}

/**
 * How far down a line is at a place between its columns, from 0 at the query to 1 at the key. Lines are cubic
 * curves that leave and arrive level, their handles half way across.
 */
export function fallAt(acrossShare: number): number {
  // x(t) = 1.5·t·(1 − t) + t³ is monotone: halve until it is found.
  let low = 0
  let high = 1
  for (let i = 0; i < 30; i++) {
    const t = (low + high) / 2
    if (1.5 * t * (1 - t) + t * t * t < acrossShare) low = t
    else high = t
  }
  const t = (low + high) / 2
  return t * t * (3 - 2 * t)
}

/** The line nearest to a point, within some pixels; of equally near ones the heaviest. */
export function lineAt(
  lines: readonly WeightLine[],
  {leftPx, rightPx}: LinesGeometry,
  xPx: number,
  yPx: number,
  withinPx = 5
): WeightLine | null {
  if (xPx < leftPx || xPx > rightPx) return null
  const fall = fallAt((xPx - leftPx) / (rightPx - leftPx))
  let best: WeightLine | null = null
  let nearest = withinPx
  // The heaviest are last, and lie on top.
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i]!
    const away = Math.abs(line.fromPx + (line.toPx - line.fromPx) * fall - yPx)
    if (away < nearest - 0.75) {
      nearest = away
      best = line
    }
  }
  return best
}

/** A token's name at its place in a column. */
export interface ColumnLabel {
  readonly position: number
  readonly yPx: number
  /** Empty where every token has a name. */
  readonly positionText: string
  readonly text: string
  readonly sizePx: number
}

const MOST_NAME_PX = 96
export const POSITION_PX = 32
export const NAME_GAP_PX = 8
const TALL_PX = 16

/** Room for names beside a column. */
export function columnNamePx(tokens: readonly GlyphSource[], noPrompt = false): number {
  if (noPrompt) return 0
  const sampled = tokens.length > 400 ? tokens.slice(0, 400) : tokens
  const longest = sampled.reduce(
    (most, token) => Math.max(most, textWidthPx(plainGlyphs(token), 13, 'mono')),
    0
  )
  return Math.ceil(Math.min(MOST_NAME_PX, longest))
}

/** Beside the lines: position, name and a number behind the keys. */
export function linesGeometry(
  tokens: readonly GlyphSource[],
  place: {
    readonly xPx: number
    readonly topPx: number
    readonly widthPx: number
    readonly heightPx: number
  },
  window: {readonly start: number; readonly end: number},
  noPrompt = false
): LinesGeometry {
  const namePx = columnNamePx(tokens, noPrompt)
  const besidePx = POSITION_PX + namePx + 2 * NAME_GAP_PX
  return {
    leftPx: place.xPx + besidePx,
    rightPx: Math.max(place.xPx + besidePx + 40, place.xPx + place.widthPx - besidePx),
    ...{topPx: place.topPx, heightPx: place.heightPx, namePx},
    ...window,
  }
}

/** Names of a column, clear of each other; those of `named` stand in any case. */
export function columnLabels(
  tokens: readonly GlyphSource[],
  geometry: LinesGeometry,
  {noPrompt, named}: {readonly noPrompt: boolean; readonly named: readonly number[]}
): ColumnLabel[] {
  const {start, end, topPx, heightPx} = geometry
  const tokenPx = heightPx / (end - start)
  const step = labelStep(tokenPx)
  const sizePx = tokenPx >= TALL_PX ? 13 : 11
  const first = Math.max(0, Math.ceil(start / step) * step)
  const shown = named.filter((position) => position >= start - 0.5 && position < end)
  const isClear = (position: number) =>
    named.every((other) => Math.abs(other - position) * tokenPx >= 13)
  for (let position = first; position < end && position < tokens.length; position += step) {
    if (isClear(position)) shown.push(position)
  }
  return shown
    .filter((position) => position < tokens.length)
    .map((position) => ({
      position,
      yPx: yOfToken(geometry, position) + sizePx * 0.35,
      positionText: formatCount(position),
      text: noPrompt ? '' : fitText(plainGlyphs(tokens[position]!), MOST_NAME_PX, sizePx, 'mono'),
      sizePx,
    }))
    .filter(({yPx}) => yPx > topPx + 4 && yPx < topPx + heightPx + 4)
}
