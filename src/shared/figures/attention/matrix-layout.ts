import type {MatrixPicture} from '../../lenses/attention-picture.ts'
import {formatCount, formatFixed} from '../number-format.ts'
import {powerOfTen} from '../scale.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {type GlyphSource, plainGlyphs} from '../token-glyphs.ts'
import {isTriangle, type MatrixCells} from './matrix-scale.ts'

/** Where a window of a matrix stands; its ends need not be whole tokens. */
export interface MatrixGeometry {
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
  readonly heightPx: number
  readonly queries: readonly [number, number]
  readonly keys: readonly [number, number]
  /** A query reads only what stands before it: the rest is empty. */
  readonly isCausal: boolean
}

/** A token's name beside its row, or under its column. */
export interface MatrixLabel {
  readonly position: number
  readonly xPx: number
  readonly yPx: number
  /** Empty where every row has a name; else which one this is. */
  readonly positionText: string
  readonly text: string
  readonly sizePx: number
}

/** A cell's own number, or a dot where a weight is hidden. */
export interface MatrixMarkText {
  readonly xPx: number
  readonly yPx: number
  readonly text: string
  readonly value: number
}

export interface MatrixNames {
  readonly rowLabels: readonly MatrixLabel[]
  /** Of columns whose diagonal is out of sight; they are read upwards. */
  readonly columnLabels: readonly MatrixLabel[]
}

/** What is written into cells. */
export interface MatrixMarks {
  readonly values: readonly MatrixMarkText[]
  readonly dots: readonly {readonly xPx: number; readonly yPx: number}[]
}

export interface MatrixLayout extends MatrixNames, MatrixMarks {
  readonly geometry: MatrixGeometry
}

export interface MatrixRoom {
  readonly widthPx: number
  readonly heightPx: number
  /** Beside the square: the longest name. */
  readonly labelPx: number
  /** Under the square: names that are read upwards; 0 where the diagonal carries all names. */
  readonly footPx: number
}

const LABEL_GAP_PX = 6
/** Beside a name: which token it is. */
const POSITION_PX = 30
const MOST_LABEL_PX = 104
const LEAST_LABEL_STEP_PX = 13
/** Rows of this height have names in the size of the interface. */
const TALL_ROW_PX = 16
const LEAST_VALUE_WIDTH_PX = 25
const LEAST_VALUE_HEIGHT_PX = 15
const MOST_CELL_PX = 44
const FOOT_PX = 56
/** A hidden weight below this leaves no mark. */
export const DOT_WEIGHT = 0.02
/** Cells that can be told apart; smaller ones get no numbers and dots. */
const LEAST_DOT_PX = 6
/** From the middle of a mark to the edge of its window. */
const MARK_PX = 3
const VALUE_PX = 11

/** How much of a matrix of so many tokens fits: its square, and what stands around it. */
export function matrixRoom(
  tokens: readonly GlyphSource[],
  widthPx: number,
  mostHeightPx: number,
  {noPrompt = false, isPart = false}: {noPrompt?: boolean; isPart?: boolean} = {}
): MatrixRoom & {readonly sidePx: number} {
  const count = Math.max(1, tokens.length)
  // Only as many as can have a name decide how long names are.
  const sampled = tokens.length > 400 ? tokens.slice(0, 400) : tokens
  const longest = noPrompt
    ? 30
    : sampled.reduce(
        (most, token) => Math.max(most, textWidthPx(plainGlyphs(token), 13, 'mono')),
        0
      )
  const labelPx = Math.ceil(
    Math.min(MOST_LABEL_PX, longest) + LABEL_GAP_PX + (count > 40 ? POSITION_PX : 0)
  )
  const widest = Math.min(widthPx - labelPx, count * MOST_CELL_PX)
  // Of a part the diagonal, which carries the names, may be out of sight.
  const footPx = isPart ? FOOT_PX : 0
  const sidePx = Math.max(40, Math.min(widest, mostHeightPx - footPx))
  return {widthPx, heightPx: sidePx + footPx, labelPx, footPx, sidePx}
}
/** The left edge of a key's column. */
export function xOfKey(geometry: MatrixGeometry, key: number): number {
  const [first, end] = geometry.keys
  return geometry.xPx + ((key - first) / (end - first)) * geometry.widthPx
}

/** The upper edge of a query's row. */
export function yOfQuery(geometry: MatrixGeometry, query: number): number {
  const [first, end] = geometry.queries
  return geometry.yPx + ((query - first) / (end - first)) * geometry.heightPx
}

/** The query and key under a point; null where there is none. */
export function cellAt(
  geometry: MatrixGeometry,
  xPx: number,
  yPx: number,
  tokenCount: number
): {readonly query: number; readonly key: number} | null {
  const {queries, keys, widthPx, heightPx} = geometry
  const inX = xPx - geometry.xPx
  const inY = yPx - geometry.yPx
  if (inX < 0 || inY < 0 || inX >= widthPx || inY >= heightPx) return null
  const query = Math.floor(queries[0] + (inY / heightPx) * (queries[1] - queries[0]))
  const key = Math.floor(keys[0] + (inX / widthPx) * (keys[1] - keys[0]))
  if (query < 0 || key < 0 || query >= tokenCount || key >= tokenCount) return null
  return geometry.isCausal && key > query ? null : {query, key}
}

/** Where a query's cells end in this window, as a key. */
export function rowEnd({isCausal, keys}: MatrixGeometry, query: number): number {
  return isCausal ? Math.max(keys[0], Math.min(query + 1, keys[1])) : keys[1]
}

export interface MatrixLayoutOptions {
  readonly noPrompt: boolean
  /** Queries whose names stand in any case. */
  readonly named: readonly number[]
  readonly footPx: number
}

/** Names and numbers of a window that stands at a place. */
export function layoutMatrix(
  tokens: readonly GlyphSource[],
  picture: Pick<MatrixPicture, 'map' | 'unfiltered'> & MatrixCells,
  geometry: MatrixGeometry,
  options: MatrixLayoutOptions
): MatrixLayout {
  return {geometry, ...layoutNames(tokens, geometry, options), ...layoutMarks(picture, geometry)}
}

/** Names alone: they stay where they are while the weights are of another head. */
export function layoutNames(
  tokens: readonly GlyphSource[],
  geometry: MatrixGeometry,
  options: MatrixLayoutOptions
): MatrixNames {
  return {
    rowLabels: rowLabels(tokens, geometry, options),
    columnLabels: options.footPx > 0 ? columnLabels(tokens, geometry, options) : [],
  }
}

/** Whole steps so that names stand clear of each other. */
export function labelStep(rowPx: number): number {
  let step = 1
  for (let i = 0; step * rowPx < LEAST_LABEL_STEP_PX; i++) {
    step = [2, 5, 10][i % 3]! * powerOfTen((i - (i % 3)) / 3)
  }
  return step
}

const nameOf = (token: GlyphSource | undefined, {noPrompt}: MatrixLayoutOptions) =>
  token === undefined || noPrompt ? '' : plainGlyphs(token)

function rowLabels(
  tokens: readonly GlyphSource[],
  geometry: MatrixGeometry,
  options: MatrixLayoutOptions
): MatrixLabel[] {
  const [first, end] = geometry.queries
  const rowPx = geometry.heightPx / (end - first)
  const step = labelStep(rowPx)
  const sizePx = rowPx >= TALL_ROW_PX ? 13 : 11
  const named = options.named.filter((query) => query >= Math.floor(first) && query < end)
  const isClear = (query: number) =>
    named.every((other) => Math.abs(other - query) * rowPx >= LEAST_LABEL_STEP_PX)
  const shown = [...named]
  for (let query = Math.ceil(first / step) * step; query < end; query += step) {
    if (isClear(query)) shown.push(query)
  }
  return shown
    .filter((query) => query < tokens.length)
    .map((query) => {
      const middle = yOfQuery(geometry, query) + rowPx / 2
      const name = nameOf(tokens[query], options)
      const isNumbered = step > 1 || options.noPrompt
      return {
        position: query,
        xPx: xOfKey(geometry, rowEnd(geometry, query)) + LABEL_GAP_PX,
        yPx: middle + sizePx * 0.35,
        positionText: isNumbered ? formatCount(query) : '',
        text: fitText(name, MOST_LABEL_PX, sizePx, 'mono'),
        sizePx,
      }
    })
    .filter(({yPx}) => yPx - geometry.yPx > 4 && yPx < geometry.yPx + geometry.heightPx + 4)
}

/** Names of columns that the diagonal does not carry: those before the first row, or all. */
function columnLabels(
  tokens: readonly GlyphSource[],
  geometry: MatrixGeometry,
  options: MatrixLayoutOptions
): MatrixLabel[] {
  const [first, end] = geometry.keys
  const columnPx = geometry.widthPx / (end - first)
  const step = labelStep(columnPx)
  const lastKey = geometry.isCausal ? Math.min(end, geometry.queries[0]) : end
  const labels: MatrixLabel[] = []
  for (
    let key = Math.ceil(first / step) * step;
    key < lastKey && key < tokens.length;
    key += step
  ) {
    const positionText = step > 1 || options.noPrompt ? formatCount(key) : ''
    const roomPx = options.footPx - LABEL_GAP_PX - (positionText ? POSITION_PX - 4 : 0)
    labels.push({
      position: key,
      xPx: xOfKey(geometry, key) + columnPx / 2,
      yPx: geometry.yPx + geometry.heightPx + LABEL_GAP_PX,
      positionText,
      text: fitText(nameOf(tokens[key], options), roomPx, 11, 'mono'),
      sizePx: 11,
    })
  }
  return labels.filter(({xPx}) => xPx >= geometry.xPx && xPx < geometry.xPx + geometry.widthPx)
}

/** Numbers where cells are large enough, and a dot where a filter hides a weight. */
export function layoutMarks(
  {queries, keys, tile, unfiltered}: Pick<MatrixPicture, 'unfiltered'> & MatrixCells,
  geometry: MatrixGeometry
): MatrixMarks {
  const {rowCount, columnCount} = tile
  const isExact = rowCount === queries[1] - queries[0] && columnCount === keys[1] - keys[0]
  const rowPx = geometry.heightPx / (geometry.queries[1] - geometry.queries[0])
  const columnPx = geometry.widthPx / (geometry.keys[1] - geometry.keys[0])
  const values: MatrixMarkText[] = []
  const dots: {xPx: number; yPx: number}[] = []
  if (!isExact || columnPx < LEAST_DOT_PX) return {values, dots}
  const hasValues = columnPx >= LEAST_VALUE_WIDTH_PX && rowPx >= LEAST_VALUE_HEIGHT_PX
  // Nothing is half out of the window.
  const isWithin = (at: number, start: number, length: number) =>
    at > start + MARK_PX && at < start + length - MARK_PX
  const isValueIn = (xPx: number) =>
    xPx > geometry.xPx + VALUE_PX && xPx < geometry.xPx + geometry.widthPx - VALUE_PX
  for (let row = 0; row < rowCount; row++) {
    const yPx = yOfQuery(geometry, queries[0] + row) + rowPx / 2
    if (!isWithin(yPx, geometry.yPx, geometry.heightPx)) continue
    for (let column = 0; column < columnCount; column++) {
      const xPx = xOfKey(geometry, keys[0] + column) + columnPx / 2
      if (!isWithin(xPx, geometry.xPx, geometry.widthPx)) continue
      const value = tile.values[row * columnCount + column]!
      const hidden = value === 0 ? (unfiltered?.[row * columnCount + column] ?? 0) : 0
      if (Math.abs(hidden) >= DOT_WEIGHT) dots.push({xPx, yPx})
      else if (hasValues && isValueIn(xPx) && !(Math.abs(value) < 0.005)) {
        values.push({xPx, yPx: yPx + 4, text: denseNumber(value), value})
      }
    }
  }
  return {values, dots}
}

/** Two decimals without the leading zero, as dense figures may. */
function denseNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : '∞'
  return formatFixed(value, 2).replace('0.', '.')
}

/** The geometry of a window in a square of so many pixels. */
export function squareGeometry(
  cells: MatrixCells,
  place: {readonly xPx: number; readonly yPx: number; readonly sidePx: number}
): MatrixGeometry {
  const {xPx, yPx, sidePx} = place
  const queryCount = cells.queries[1] - cells.queries[0]
  const keyCount = cells.keys[1] - cells.keys[0]
  // Tokens are as wide as high.
  const tokenPx = sidePx / Math.max(queryCount, keyCount)
  return {
    xPx,
    yPx,
    widthPx: keyCount * tokenPx,
    heightPx: queryCount * tokenPx,
    queries: cells.queries,
    keys: cells.keys,
    isCausal: isTriangle(cells),
  }
}
