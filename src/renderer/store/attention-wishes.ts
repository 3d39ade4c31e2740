import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import type {CapturedText, HeadRef} from '../../shared/lenses/attention-maps.ts'
import {unpackTile} from '../../shared/lenses/packed-tile.ts'
import {selectWindow} from './attention.ts'
import {
  covers,
  hidesAny,
  isWhole,
  lineKey,
  type MatrixTiles,
  type PictureSpec,
  type PlacedTile,
  pictureKey,
  requestFilters,
  tileAround,
  unhidden,
} from './attention-pictures.ts'
import type {MatrixWindow} from './attention-state.ts'
import type {Captures} from './captures.ts'
import {selectHovered, selectLock} from './selection.ts'
import type {PaneIndex, WorkbenchState} from './state.ts'

/** Longer texts have no dots for what is hidden: their cells are too small. */
const MOST_DOTTED_TOKENS = 96

/** A token's row, or its column. */
type Side = 'query' | 'key'
const BOTH_SIDES: readonly Side[] = ['query', 'key']

/** Something that is asked of the engine, one at a time. */
export interface Wish {
  readonly key: string
  readonly pictureKey: string
  /** It is what is to be drawn; otherwise what is said of the selection. */
  readonly isPicture: boolean
  fetch(client: EngineClient, signal?: AbortSignal): Promise<void>
}

export interface WishInput {
  readonly pane: PaneIndex
  readonly spec: PictureSpec
  /** Other matrices that stand beside it. */
  readonly others: readonly PictureSpec[]
  readonly text: CapturedText
  readonly data: TokensRun
}

/** What a pane misses most: what it draws, then what it says, then the rest of the matrix; null if nothing. */
export function nextWish(
  state: WorkbenchState,
  captures: Captures,
  {pane, spec, others, text, data}: WishInput
): Wish | null {
  const sidePx = state.attentionPlots[pane]
  const {tokenCount} = spec
  const window = selectWindow(state, spec.runId, tokenCount)
  const isAll = isWhole(window, tokenCount)
  const tileWish = (of: PictureSpec, part: keyof MatrixTiles, isPicture: boolean) =>
    tileWishOf(of, {part, window, sidePx, isPicture, spec}, captures, {text, data})
  const shownPart = isAll ? 'whole' : 'close'
  const linesWish = (own: PictureSpec, sides: readonly Side[], position: number): Wish | null => {
    const missing = sides.filter((of) => !captures.attentionLines.get(lineKey(own, of, position)))
    if (missing.length === 0) return null
    const filters = requestFilters(unhidden(own.filters), data)
    return {
      key: missing.map((of) => lineKey(own, of, position)).join(' '),
      pictureKey: pictureKey(spec),
      isPicture: false,
      async fetch(client) {
        // Together, so that what is said of a token is said, and drawn, once.
        await Promise.all(
          missing.map(async (of) => {
            const wanted = {...text, map: own.map, filters, of, position}
            const {weights} = await client.attention.line(wanted)
            captures.attentionLines.set(lineKey(own, of, position), weights)
          })
        )
      },
    }
  }

  const unfiltered = {...spec, filters: unhidden(spec.filters)}
  const hasDots = hidesAny(spec.filters) && tokenCount <= MOST_DOTTED_TOKENS
  const position = selectHovered(state, spec.runId) ?? selectLock(state, captures, spec.runId)
  const isThere = position !== null && position < tokenCount
  return (
    tileWish(spec, shownPart, true) ??
    firstOf(others, (other) => tileWish(other, shownPart, false)) ??
    (isThere ? linesWish(spec, BOTH_SIDES, position) : null) ??
    (isThere ? firstOf(others, (other) => linesWish(other, ['query'], position)) : null) ??
    (hasDots ? tileWish(unfiltered, 'whole', false) : null) ??
    (isAll ? null : tileWish(spec, 'whole', false))
  )
}

function firstOf<Value>(all: readonly PictureSpec[], of: (spec: PictureSpec) => Value | null) {
  for (const one of all) {
    const found = of(one)
    if (found !== null) return found
  }
  return null
}

interface WantedTile {
  readonly part: keyof MatrixTiles
  readonly window: MatrixWindow
  readonly sidePx: number
  readonly isPicture: boolean
  /** What the pane shows. */
  readonly spec: PictureSpec
}

function tileWishOf(
  of: PictureSpec,
  {part, window, sidePx, isPicture, spec}: WantedTile,
  captures: Captures,
  {text, data}: Pick<WishInput, 'text' | 'data'>
): Wish | null {
  // A pane that shows no matrix wants what is said of the selection alone.
  if (sidePx === 0) return null
  const {tokenCount} = of
  const key = pictureKey(of)
  const seen = part === 'whole' ? {query: 0, key: 0, span: tokenCount} : window
  const known = captures.attentionTiles.peek(key)?.[part]
  if (known && covers(known, seen, sidePx)) return null
  const request = tileAround(seen, tokenCount, sidePx)
  const {queries, keys, rowCount, columnCount} = request
  return {
    key: `${key}:${part}:${queries}:${keys}:${rowCount}`,
    pictureKey: isPicture ? key : pictureKey(spec),
    isPicture,
    async fetch(client, signal) {
      const wanted = {
        ...text,
        map: of.map,
        filters: requestFilters(of.filters, data),
        queries: [queries[0], queries[1]] as [number, number],
        keys: [keys[0], keys[1]] as [number, number],
        rowCount,
        columnCount,
      }
      const packed = await client.attention.picture(wanted, signal ? {signal} : {})
      const tile = unpackTile(packed)
      const placed: PlacedTile = {queries, keys, tile}
      const tiles = captures.attentionTiles.peek(key)
      captures.attentionTiles.set(key, {...tiles, [part]: placed})
    },
  }
}

/** From one head to another. */
export type HeadStep = HeadRef

/**
 * The matrix of a head that a key press is likely to ask for next, while nothing else is wanted: the one that a
 * step leads to, or any beside the shown one; null if none.
 */
export function idleWish(
  state: WorkbenchState,
  captures: Captures,
  {pane, spec, text, data}: WishInput,
  step?: HeadStep
): Wish | null {
  const {map} = spec
  const facts = captures.attentionFacts.peek(spec.runId)
  const sidePx = state.attentionPlots[pane]
  const window = selectWindow(state, spec.runId, spec.tokenCount)
  if (map.kind !== 'head' || !facts || !isWhole(window, spec.tokenCount)) return null
  const {layer, head} = map
  const steps = step ? [step] : NEAREST
  const near = steps.map((by) => ({layer: layer + by.layer, head: head + by.head}))
  const there = near.filter((one) =>
    facts.some(
      (fact) => fact.layer === one.layer && one.head >= 0 && one.head < fact.queryHeadCount
    )
  )
  const specs = there.map((one) => ({...spec, map: {kind: 'head' as const, ...one}}))
  const wanted = {part: 'whole' as const, window, sidePx, isPicture: false, spec}
  return firstOf(specs, (one) => tileWishOf(one, wanted, captures, {text, data}))
}
const NEAREST: readonly HeadStep[] = [
  {layer: 0, head: 1},
  {layer: 0, head: -1},
  {layer: 1, head: 0},
  {layer: -1, head: 0},
]
