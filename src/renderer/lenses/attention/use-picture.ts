import {ownRange} from '../../../shared/figures/attention/matrix-scale.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {AttentionTile} from '../../../shared/lenses/attention-maps.ts'
import type {ColorRange, ReadRow} from '../../../shared/lenses/attention-picture.ts'
import {heaviestOf} from '../../../shared/math/heaviest-of.ts'
import {selectAttentionRun, selectPicture, selectWindow} from '../../store/attention.ts'
import {
  exactWeight,
  lineKey,
  type MatrixTiles,
  type PictureSpec,
  type PlacedTile,
  pictureKey,
  unhidden,
} from '../../store/attention-pictures.ts'
import type {AttentionSlot, MatrixPlace, MatrixWindow} from '../../store/attention-state.ts'
import type {Captures} from '../../store/captures.ts'
import {selectHovered, selectLock} from '../../store/selection.ts'
import type {RunId, WorkbenchState} from '../../store/state.ts'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'

/** What a pane draws, and what it wants to draw once it is there. */
export interface ShownMatrix {
  readonly runId: RunId
  readonly data: TokensRun
  readonly spec: PictureSpec
  readonly window: MatrixWindow
  readonly tiles: MatrixTiles
  /** The tiles are of what is wanted, not of what was shown before. */
  readonly isCurrent: boolean
  readonly slot: AttentionSlot
}

/** The matrix that this pane shows; null while there is none. */
export function useMatrix(): ShownMatrix | null {
  const pane = usePaneIndex()
  const {captures} = useWorkbench()
  const found = useWorkbenchState((state) => {
    const shown = selectAttentionRun(state, captures, pane)
    const spec = selectPicture(state, captures, pane)
    return {
      runId: shown?.run.id ?? null,
      data: shown?.data ?? null,
      key: spec && pictureKey(spec),
      kept: spec && state.attentionWindows[spec.runId],
      slot: state.attentionSlots[pane],
    }
  })
  const {store} = useWorkbench()
  const {runId, data, key, slot} = found
  if (runId === null || !data || key === null) return null
  const spec = selectPicture(store.getState(), captures, pane)!
  const window = selectWindow(store.getState(), runId, spec.tokenCount)
  const current = captures.attentionTiles.peek(key)
  const isCurrent = current !== undefined
  // Of a text that has grown the picture of its beginning stays until the next is there.
  const [oldRunId, oldCount] = slot.shownKey?.split(':') ?? []
  const old = oldRunId === runId && Number(oldCount) <= spec.tokenCount ? slot.shownKey : null
  const tiles = current ?? (old === null ? undefined : captures.attentionTiles.peek(old))
  return {runId, data, spec, window, tiles: tiles ?? NO_TILES, isCurrent, slot}
}
const NO_TILES: MatrixTiles = {}

const ranges = new WeakMap<AttentionTile, number>()

export type RangeChoice = Pick<WorkbenchState, 'attentionRange' | 'attentionSteps'>

/** The range of colours that a picture is drawn with. */
export function rangeOf(
  tiles: MatrixTiles,
  {attentionRange: locked, attentionSteps: steps}: RangeChoice
): ColorRange {
  if (locked !== null) return {maximum: locked, isLocked: true, steps}
  const placed = tiles.whole ?? tiles.close
  if (!placed) return {maximum: 1, isLocked: false, steps}
  const maximum = ranges.get(placed.tile) ?? ownRange(placed)
  ranges.set(placed.tile, maximum)
  return {maximum, isLocked: false, steps}
}

/** The tile that has one cell a token in what is seen, else the one that has all of it. */
export function tileOfWindow({close, whole}: MatrixTiles, isAll: boolean): PlacedTile | null {
  return (isAll ? (whole ?? close) : (close ?? whole)) ?? null
}

/** The weight of a place: exact, or null while it is not known. */
export function weightAt(
  captures: Captures,
  spec: PictureSpec,
  {query, key}: MatrixPlace
): number | null {
  const plain = {...spec, filters: unhidden(spec.filters)}
  return (
    captures.attentionLines.peek(lineKey(spec, 'query', query))?.[key] ??
    captures.attentionLines.peek(lineKey(spec, 'key', key))?.[query] ??
    exactWeight(captures.attentionTiles.peek(pictureKey(plain)), query, key)
  )
}

/** Whether the filters hide a place, as far as a drawn tile tells. */
export function isHiddenAt(tiles: MatrixTiles, {query, key}: MatrixPlace, weight: number): boolean {
  return weight !== 0 && exactWeight(tiles, query, key) === 0
}

const MOST_ROW_KEYS = 8

/** What the selected token reads, exact; null until it is known. */
export function readRowOf(
  captures: Captures,
  spec: PictureSpec,
  position: number | null
): ReadRow | null {
  if (position === null) return null
  const line = captures.attentionLines.peek(lineKey(spec, 'query', position))
  if (!line) return null
  const {entries, rest} = heaviestOf(line, MOST_ROW_KEYS)
  return {
    query: position,
    keys: entries.map((entry) => ({key: entry.position, weight: entry.weight})),
    restWeight: rest,
  }
}

/** The token whose row and column are marked: pointed at, else locked. */
export function selectMarked(
  state: WorkbenchState,
  captures: Captures,
  runId: RunId
): number | null {
  return selectHovered(state, runId) ?? selectLock(state, captures, runId)
}

/** The weight under the pointer on this run, else the lit one of the selected token. */
export function selectCell(
  state: WorkbenchState,
  captures: Captures,
  runId: RunId
): MatrixPlace | null {
  const {hoveredCell, attentionCells} = state
  if (hoveredCell?.runId === runId) return hoveredCell
  if (state.hovered !== null) return null
  const lit = attentionCells[runId]
  return lit && lit.query === selectLock(state, captures, runId) ? lit : null
}
