import type {CapturedLayerFacts} from '../../shared/lenses/attention.ts'
import type {
  AttentionFilters,
  AttentionMap,
  AttentionTile,
  HeadRef,
} from '../../shared/lenses/attention-maps.ts'
import type {UnitInput} from '../../shared/units/sequence-text.ts'
import {unitsOf} from '../../shared/units/units.ts'
import type {AttentionFilterChoice, AttentionShown, MatrixWindow} from './attention-state.ts'
import type {RunId} from './state.ts'

/** A window of a matrix with its weights. */
export interface PlacedTile {
  readonly queries: [number, number]
  readonly keys: [number, number]
  readonly tile: AttentionTile
}

/** What has come of one matrix: all of it at a resolution, and the part that was looked at closer. */
export interface MatrixTiles {
  readonly whole?: PlacedTile
  readonly close?: PlacedTile
}

/** What weights are shown of which text. */
export interface PictureSpec {
  readonly runId: RunId
  readonly tokenCount: number
  readonly map: AttentionMap
  readonly filters: AttentionFilterChoice
}

/** Weights without anything hidden; only what changes weights stays. */
export function unhidden(filters: AttentionFilterChoice): AttentionFilterChoice {
  return {
    mass: 1,
    threshold: 0,
    topK: null,
    isSinkDropped: filters.isSinkDropped,
    areSpecialsHidden: false,
    isWithinSentences: false,
  }
}

export function hidesAny(filters: AttentionFilterChoice): boolean {
  return filterKey(filters) !== filterKey(unhidden(filters))
}

const headKey = ({layer, head}: HeadRef) => `${layer}.${head}`

export function mapKey(map: AttentionMap): string {
  switch (map.kind) {
    case 'head':
      return headKey(map)
    case 'aggregate':
      return `${map.by}(${map.heads.map(headKey).join(' ')})`
    case 'attention-rollout':
      return `rollout(${map.throughLayer})`
    case 'difference':
      return `${headKey(map.a)}-${headKey(map.b)}`
  }
}

export function filterKey(filters: AttentionFilterChoice): string {
  const {mass, threshold, topK, isSinkDropped, areSpecialsHidden, isWithinSentences} = filters
  return [mass, threshold, topK, +isSinkDropped, +areSpecialsHidden, +isWithinSentences].join(',')
}

export function pictureKey({runId, tokenCount, map, filters}: PictureSpec): string {
  return `${runId}:${tokenCount}:${mapKey(map)}:${filterKey(filters)}`
}

/** Key of the exact weights of one token's row or column. */
export function lineKey(spec: PictureSpec, of: 'query' | 'key', position: number): string {
  return `${pictureKey({...spec, filters: unhidden(spec.filters)})}:${of}:${position}`
}

/** Heads of a layer, or of all that are known. */
export function headsOfFacts(
  facts: readonly CapturedLayerFacts[],
  layer: number | null
): HeadRef[] {
  return facts
    .filter((fact) => layer === null || fact.layer === layer)
    .flatMap((fact) =>
      Array.from({length: fact.queryHeadCount}, (_, head) => ({layer: fact.layer, head}))
    )
}

/** A head that exists, nearest to the one that is asked for. */
export function clampHead(facts: readonly CapturedLayerFacts[], {layer, head}: HeadRef): HeadRef {
  const fact = facts.reduce((best, one) =>
    Math.abs(one.layer - layer) < Math.abs(best.layer - layer) ? one : best
  )
  return {layer: fact.layer, head: Math.max(0, Math.min(fact.queryHeadCount - 1, head))}
}

/** The matrix that a pane shows; null before its layer is known. */
export function mapOfShown(
  shown: AttentionShown,
  facts: readonly CapturedLayerFacts[]
): AttentionMap | null {
  if (facts.length === 0) return null
  const head = clampHead(facts, shown)
  switch (shown.aggregate) {
    case 'head':
      return {kind: 'head', ...head}
    case 'attention-rollout':
      return {kind: 'attention-rollout', throughLayer: head.layer}
    case 'difference':
      return {kind: 'difference', a: head, b: clampHead(facts, shown.other)}
    default: {
      const heads = headsOfFacts(facts, shown.scope === 'layer' ? head.layer : null)
      return {kind: 'aggregate', by: shown.aggregate, heads}
    }
  }
}

/** The filters as the engine takes them. */
export function requestFilters(
  {mass, threshold, topK, ...filters}: AttentionFilterChoice,
  text: UnitInput
): AttentionFilters {
  const specials = filters.areSpecialsHidden
    ? text.tokens.filter(({isSpecial, isInserted}) => isSpecial || isInserted)
    : []
  return {
    dropSink: filters.isSinkDropped,
    threshold,
    ...(mass < 1 ? {mass} : {}),
    ...(topK === null ? {} : {topK}),
    ...(specials.length > 0
      ? {hiddenPositions: Int32Array.from(specials, ({position}) => position)}
      : {}),
    ...(filters.isWithinSentences ? {groups: sentencesOf(text)} : {}),
  }
}

/** Of each token the sentence that its first byte is in. */
function sentencesOf(text: UnitInput): Int32Array<ArrayBuffer> {
  const {pieceStarts, pieceUnits} = unitsOf(text, {kind: 'sentence'})
  return Int32Array.from(text.tokens, (_, i) => pieceUnits[pieceStarts[i]!]!)
}

/** The window that is seen, within the matrix. */
export function clampWindow(window: MatrixWindow, tokenCount: number): MatrixWindow {
  const span = Math.max(Math.min(LEAST_SPAN, tokenCount), Math.min(tokenCount, window.span))
  const within = (at: number) => Math.max(0, Math.min(tokenCount - span, at))
  return {query: within(window.query), key: within(window.key), span}
}
const LEAST_SPAN = 4

export const isWhole = ({span}: MatrixWindow, tokenCount: number) => span >= tokenCount - 1e-6

/** What is asked for so that a window can be moved a little without asking again. */
export function tileAround(
  window: MatrixWindow,
  tokenCount: number,
  sidePx: number
): Pick<PlacedTile, 'queries' | 'keys'> & {
  readonly rowCount: number
  readonly columnCount: number
} {
  const marginTokens = window.span / 4
  const rangeOf = (start: number): [number, number] => [
    Math.max(0, Math.floor(start - marginTokens)),
    Math.min(tokenCount, Math.ceil(start + window.span + marginTokens)),
  ]
  const queries = rangeOf(window.query)
  const keys = rangeOf(window.key)
  const cellsOf = ([start, end]: [number, number]) =>
    Math.max(1, Math.min(end - start, Math.ceil(((end - start) / window.span) * sidePx)))
  return {queries, keys, rowCount: cellsOf(queries), columnCount: cellsOf(keys)}
}

/** Whether a tile has all of a window at the resolution that is drawn. */
export function covers(placed: PlacedTile, window: MatrixWindow, sidePx: number): boolean {
  const isIn = ([start, end]: readonly [number, number], from: number) =>
    start <= from + 1e-6 && end >= from + window.span - 1e-6
  if (!isIn(placed.queries, window.query) || !isIn(placed.keys, window.key)) return false
  const tokens = placed.queries[1] - placed.queries[0]
  const {rowCount} = placed.tile
  // Each token has a cell, or each pixel nearly one.
  return rowCount === tokens || (rowCount / tokens) * window.span >= sidePx * 0.8
}

/** The exact weight under a place, where a tile has one cell a token there; null where it has not. */
export function exactWeight(
  tiles: MatrixTiles | undefined,
  query: number,
  key: number
): number | null {
  for (const placed of [tiles?.close, tiles?.whole]) {
    if (!placed) continue
    const {queries, keys, tile} = placed
    const isExact =
      tile.rowCount === queries[1] - queries[0] && tile.columnCount === keys[1] - keys[0]
    const isIn = query >= queries[0] && query < queries[1] && key >= keys[0] && key < keys[1]
    if (isExact && isIn) {
      return tile.values[(query - queries[0]) * tile.columnCount + (key - keys[0])]!
    }
  }
  return null
}

/** Bytes that tiles take once their cells are unpacked. */
export function tilesWeight({whole, close}: MatrixTiles): number {
  const bytesOf = (placed: PlacedTile | undefined) =>
    placed ? 4 * placed.tile.rowCount * placed.tile.columnCount : 0
  return bytesOf(whole) + bytesOf(close) + 256
}
