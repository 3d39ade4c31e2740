import {
  fetchCells,
  fetchLines,
  fetchOverview,
  fetchPruning,
  fetchTwoHeads,
  type PictureSource,
} from '../../../shared/engine-client/attention-pictures.ts'
import {ownRange} from '../../../shared/figures/attention/matrix-scale.ts'
import {namedRow} from '../../../shared/figures/attention/pruning-words.ts'
import type {FigureRequestOf} from '../../../shared/figures/request.ts'
import {attentionOfTokens} from '../../../shared/lenses/assemble-attention.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {CapturedLayerFacts} from '../../../shared/lenses/attention.ts'
import type {AttentionMap, HeadRef} from '../../../shared/lenses/attention-maps.ts'
import type {AttentionPicture} from '../../../shared/lenses/attention-picture.ts'
import type {AttentionViewPicture} from '../../../shared/lenses/attention-view-pictures.ts'
import {
  capturedTextOf,
  selectAttentionRun,
  selectPicture,
  selectShown,
  selectWindow,
} from '../../store/attention.ts'
import {selectGraphWindow, selectShownGraph} from '../../store/attention-graph.ts'
import {nameOfProbed, selectProbe} from '../../store/attention-heads.ts'
import {importanceKey, selectImportances} from '../../store/attention-importance.ts'
import {selectLineSpecs} from '../../store/attention-lines.ts'
import {
  clampHead,
  hidesAny,
  type PictureSpec,
  pictureKey,
  requestFilters,
} from '../../store/attention-pictures.ts'
import {PRUNE_VIEW, selectPrune} from '../../store/attention-prune.ts'
import {trialRequest} from '../../store/attention-trials.ts'
import {LINES_VIEW, OVERVIEW_VIEW, TWO_HEADS_VIEW} from '../../store/attention-views.ts'
import type {Captures} from '../../store/captures.ts'
import {labelWords, selectLabels} from '../../store/head-labels.ts'
import {selectPane} from '../../store/panes.ts'
import {pinnedPairs, pinnedPositions, selectLock, selectPins} from '../../store/selection.ts'
import type {PaneIndex, WorkbenchState} from '../../store/state.ts'
import type {Workbench} from '../../store/workbench.ts'
import {rangeOf, readRowOf, weightAt} from './use-picture.ts'

/** What a figure of attention needs beside its format and looks. */
export type ExportedAttention =
  | Pick<FigureRequestOf<'attention'>, 'figure' | 'result' | 'picture'>
  | Pick<FigureRequestOf<'attention-view'>, 'figure' | 'result' | 'picture'>

interface Shown {
  readonly state: WorkbenchState
  readonly captures: Captures
  readonly pane: PaneIndex
  readonly data: TokensRun
  readonly facts: readonly CapturedLayerFacts[]
  readonly spec: PictureSpec
  readonly source: PictureSource
}

/** What the active pane shows, at the resolution of a file. Throws a Problem where it cannot be had. */
export async function fetchExportPicture({
  store,
  captures,
  client,
}: Pick<Workbench, 'store' | 'captures' | 'client'>): Promise<ExportedAttention> {
  const state = store.getState()
  const pane = state.activePane
  const shown = selectAttentionRun(state, captures, pane)
  const spec = selectPicture(state, captures, pane)
  const facts = shown && captures.attentionFacts.peek(shown.run.id)
  const result = shown && facts && attentionOfTokens(shown.data, facts)
  if (!shown || !spec || !result) throw new Error('Nothing of this text’s attention is there yet.')
  const text = capturedTextOf(shown.run, shown.data)
  const {data} = shown
  const all: Shown = {state, captures, pane, data, facts, spec, source: {client, text}}
  const view = await fetchView(all)
  return view
    ? {figure: 'attention-view', result, picture: view}
    : {figure: 'attention', result, picture: await fetchMatrix(all)}
}

/** A view that is no single matrix; null where the pane shows one. */
async function fetchView(shown: Shown): Promise<AttentionViewPicture | null> {
  const {state, captures, pane, data, facts, spec, source} = shown
  const {runId, tokenCount} = spec
  const filters = requestFilters(spec.filters, data)
  const range = {maximum: state.attentionRange, steps: state.attentionSteps}
  const query = selectLock(state, captures, runId)
  const pairs = pairsOf(state, runId)
  switch (selectPane(state, pane).view) {
    case LINES_VIEW: {
      const {query: start, span} = selectWindow(state, runId, tokenCount)
      const maps = selectLineSpecs(state, captures, pane).map(({map}) => map)
      const window = {start: Math.max(0, start), span: Math.min(tokenCount, span)}
      return fetchLines(source, {maps, filters, window, range, query, pairs})
    }
    case OVERVIEW_VIEW: {
      const selected = clampHead(facts, selectShown(state, captures, pane))
      return fetchOverview(source, {
        ...{layers: facts, filters, range},
        selected: {layer: selected.layer, head: selected.head},
        ...{pins: pinnedPositions(selectPins(state, runId)), pairs},
        names: (selectProbe(state, captures) ?? []).flatMap((head) => {
          const named = nameOfProbed(head)
          return named ? [{layer: head.layer, head: head.head, ...named}] : []
        }),
        labels: selectLabels(state, captures, pane).map((label) => ({
          ...{layer: label.layer, head: label.head},
          label: labelWords(label),
        })),
      })
    }
    case TWO_HEADS_VIEW: {
      if (spec.map.kind !== 'head') return null
      const {queries, keys} = windowOf(shown)
      const a: HeadRef = {layer: spec.map.layer, head: spec.map.head}
      const b = clampHead(facts, state.attentionShown[pane].other)
      return fetchTwoHeads(source, {
        ...{a, b, filters, queries, keys, query, pairs, ownRange},
        ...{maximum: state.attentionRange, steps: state.attentionSteps},
      })
    }
    case PRUNE_VIEW: {
      const prune = selectPrune(state, captures)
      if (!prune) return null
      const {keepCount, variant} = prune
      const request = trialRequest(data, {kind: 'delete', token: 0}, tokenCount - 1)
      const pins = pinnedPositions(selectPins(state, runId))
      return fetchPruning(source, {keepCount, variant, request, selected: query, pins}, namedRow)
    }
    default:
      return null
  }
}

/** Whole tokens that are seen. */
function windowOf({state, spec}: Shown) {
  const window = selectWindow(state, spec.runId, spec.tokenCount)
  const rangeFrom = (start: number): [number, number] => [
    Math.max(0, Math.floor(start)),
    Math.min(spec.tokenCount, Math.ceil(start + window.span)),
  ]
  return {queries: rangeFrom(window.query), keys: rangeFrom(window.key)}
}

const pairsOf = (state: WorkbenchState, runId: string) =>
  pinnedPairs(selectPins(state, runId)).map(({from, to}) => ({from, to}))

async function fetchMatrix(shown: Shown): Promise<AttentionPicture> {
  const {state, captures, data, spec, source} = shown
  const {runId, map} = spec
  const filters = requestFilters(spec.filters, data)
  const isFiltered = hidesAny(spec.filters)
  const cells = await fetchCells(source, {map, filters, isFiltered, ...windowOf(shown)})
  const position = selectLock(state, captures, runId)
  const lit = state.attentionCells[runId]
  const weight = lit && lit.query === position ? weightAt(captures, spec, lit) : null
  const tiles = captures.attentionTiles.peek(pictureKey(spec))
  return {
    view: 'matrix',
    ...cells,
    range: tiles
      ? rangeOf(tiles, state)
      : {maximum: ownRange(cells), isLocked: false, steps: state.attentionSteps},
    row: readRowOf(captures, spec, position),
    cell: lit && weight !== null ? {...lit, weight} : null,
    pairs: pairsOf(state, runId),
    probeName: probeNameOf(state, captures, map),
  }
}

/** What the probe calls the one head that is shown. */
function probeNameOf(
  state: WorkbenchState,
  captures: Captures,
  map: AttentionMap
): AttentionPicture['probeName'] {
  if (map.kind !== 'head') return null
  const probed = selectProbe(state, captures)?.find(
    ({layer, head}) => layer === map.layer && head === map.head
  )
  return probed ? nameOfProbed(probed) : null
}

/** The graph that the active pane shows; null while none is there, and in other views. */
export function selectGraphPicture(
  state: WorkbenchState,
  captures: Captures
): Pick<FigureRequestOf<'attention-graph'>, 'figure' | 'result' | 'picture'> | null {
  const pane = state.activePane
  const drawn = selectShownGraph(state, captures, pane)
  const shown = selectAttentionRun(state, captures, pane)
  const facts = shown && captures.attentionFacts.peek(shown.run.id)
  const result = shown && facts && attentionOfTokens(shown.data, facts)
  if (!drawn || !shown || !result) return null
  return {
    ...{figure: 'attention-graph', result},
    picture: {
      ...{view: 'graph', graph: drawn.graph, into: drawn.into},
      filters: requestFilters(state.attentionFilters, shown.data),
      window: selectGraphWindow(state, shown.run.id, shown.data.tokens.length),
      edgesPerLayer: state.graphEdgesPerLayer,
      importances: selectImportances(state, captures, pane).flatMap(
        (spec) => captures.attentionImportances.peek(importanceKey(spec)) ?? []
      ),
    },
  }
}
