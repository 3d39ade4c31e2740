import {useMemo, useRef} from 'react'
import type {LineSource} from '../../../shared/figures/attention/lines-layout.ts'
import {linesRange} from '../../../shared/figures/attention/lines-style.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {MapSummary} from '../../../shared/lenses/attention-maps.ts'
import type {ColorRange} from '../../../shared/lenses/attention-picture.ts'
import {selectAttentionRun, selectWindow} from '../../store/attention.ts'
import {type PlacedEdges, seenQueries, selectLineSpecs} from '../../store/attention-lines.ts'
import {type PictureSpec, pictureKey} from '../../store/attention-pictures.ts'
import type {MatrixWindow} from '../../store/attention-state.ts'
import type {Captures} from '../../store/captures.ts'
import type {RunId} from '../../store/state.ts'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import type {RangeChoice} from './use-picture.ts'

/** What a pane draws lines of. */
export interface ShownLines {
  readonly runId: RunId
  readonly data: TokensRun
  readonly specs: readonly PictureSpec[]
  readonly window: MatrixWindow
  /** One or more a matrix: edges of all queries, and of those that are looked at closer. */
  readonly sources: readonly LineSource[]
  readonly range: ColorRange
  /** Of what is there of each matrix. */
  readonly summaries: readonly MapSummary[]
  readonly omittedCount: number
  readonly omittedShare: number
  /** Edges of every matrix are there for what is seen. */
  readonly isCurrent: boolean
}

/** The lines of this pane; null before anything of its text is captured. */
export function useLines(): ShownLines | null {
  const pane = usePaneIndex()
  const {store, captures} = useWorkbench()
  const {key, runId, data, locked, steps, revision, window} = useWorkbenchState((state) => {
    const shown = selectAttentionRun(state, captures, pane)
    return {
      key: selectLineSpecs(state, captures, pane).map(pictureKey).join('|'),
      runId: shown?.run.id ?? null,
      data: shown?.data ?? null,
      locked: state.attentionRange,
      steps: state.attentionSteps,
      revision: state.linesRevision,
      window: shown && state.attentionWindows[shown.run.id],
    }
  })
  const last = useRef<ShownLines | null>(null)
  const shown = useMemo(() => {
    void revision
    if (runId === null || !data || key === '') return null
    const state = store.getState()
    const specs = selectLineSpecs(state, captures, pane)
    const {tokenCount} = specs[0]!
    const seen = selectWindow(state, runId, tokenCount)
    void window
    return {
      runId,
      data,
      specs,
      window: seen,
      ...linesOf(captures, specs, seen, {attentionRange: locked, attentionSteps: steps}),
    }
  }, [store, captures, pane, key, runId, data, locked, steps, revision, window])
  // What was drawn stays until there is something of what is wanted.
  const old = last.current
  if (
    shown &&
    shown.sources.length === 0 &&
    old?.runId === shown.runId &&
    old.data === shown.data
  ) {
    return {...old, window: shown.window, isCurrent: false}
  }
  last.current = shown
  return shown
}

type Found = Pick<
  ShownLines,
  'sources' | 'range' | 'summaries' | 'omittedCount' | 'omittedShare' | 'isCurrent'
>

/** The edges that are there of some matrices, as they are drawn in a window. */
export function linesOf(
  captures: Captures,
  specs: readonly PictureSpec[],
  window: MatrixWindow,
  {attentionRange: locked, attentionSteps: steps}: RangeChoice
): Found {
  const sources: LineSource[] = []
  const summaries: MapSummary[] = []
  let [omittedCount, omittedWeight, rowCount] = [0, 0, 0]
  let isCurrent = true
  for (const [group, spec] of specs.entries()) {
    const placed = captures.attentionEdges.peek(pictureKey(spec)) ?? []
    const chosen = chosenEdges(placed, seenQueries(window, spec.tokenCount))
    const [close] = chosen
    isCurrent &&= close !== undefined && close.isClose
    if (close) {
      summaries.push(close.edges.summary)
      omittedCount += close.edges.omittedCount
      omittedWeight += close.edges.omittedWeight
      rowCount += close.edges.summary.rowCount
    }
    for (const {edges, queries} of chosen) {
      for (const part of queries) sources.push({group, edges, queries: part})
    }
  }
  const range: ColorRange =
    locked === null
      ? {maximum: linesRange(sources), isLocked: false, steps}
      : {maximum: locked, isLocked: true, steps}
  const omittedShare = rowCount === 0 ? 0 : Math.min(1, omittedWeight / rowCount)
  return {sources, range, summaries, omittedCount, omittedShare, isCurrent}
}

interface Chosen {
  readonly edges: PlacedEdges['edges']
  /** Queries that are taken from them. */
  readonly queries: readonly (readonly [number, number])[]
  readonly isClose: boolean
}

/**
 * The closest edges of what is seen; single rows that were asked for by themselves; and the widest for all
 * other queries. No query is taken twice.
 */
function chosenEdges(
  placed: readonly PlacedEdges[],
  [start, end]: readonly [number, number]
): Chosen[] {
  const lengthOf = ({queries}: PlacedEdges) => queries[1] - queries[0]
  const covering = placed
    .filter(({queries}) => queries[0] <= start && queries[1] >= end)
    .sort((a, b) => lengthOf(a) - lengthOf(b))
  const close = covering[0]
  const widest = [...placed].sort((a, b) => lengthOf(b) - lengthOf(a))[0]
  const rows = placed.filter((one) => lengthOf(one) === 1 && one !== close && one !== widest)
  let taken: [number, number][] = []
  const chosen: Chosen[] = []
  const take = (one: PlacedEdges | undefined, isClose: boolean) => {
    if (!one) return
    const queries = without(one.queries, taken)
    if (queries.length > 0 || isClose) chosen.push({edges: one.edges, queries, isClose})
    taken = [...taken, [one.queries[0], one.queries[1]]]
  }
  for (const row of rows) taken.push([row.queries[0], row.queries[1]])
  take(close, true)
  if (widest !== close) take(widest, false)
  for (const row of rows) chosen.push({edges: row.edges, queries: [row.queries], isClose: false})
  return chosen
}

/** What is left of a range without others. */
function without(
  range: readonly [number, number],
  taken: readonly (readonly [number, number])[]
): [number, number][] {
  let left: [number, number][] = [[range[0], range[1]]]
  for (const [from, to] of taken) {
    left = left.flatMap(([start, end]): [number, number][] => {
      if (to <= start || from >= end) return [[start, end]]
      const parts: [number, number][] = []
      if (from > start) parts.push([start, from])
      if (to < end) parts.push([to, end])
      return parts
    })
  }
  return left
}
