import {ownRange} from '../../../shared/figures/attention/matrix-scale.ts'
import {attentionOfTokens} from '../../../shared/lenses/assemble-attention.ts'
import type {AttentionResult} from '../../../shared/lenses/attention.ts'
import type {AttentionMap} from '../../../shared/lenses/attention-maps.ts'
import type {AttentionPicture} from '../../../shared/lenses/attention-picture.ts'
import {
  capturedTextOf,
  selectAttentionRun,
  selectPicture,
  selectWindow,
} from '../../store/attention.ts'
import {nameOfProbed, selectProbe} from '../../store/attention-heads.ts'
import {hidesAny, pictureKey, requestFilters, unhidden} from '../../store/attention-pictures.ts'
import type {Captures} from '../../store/captures.ts'
import {pinnedPairs, selectLock, selectPins} from '../../store/selection.ts'
import type {WorkbenchState} from '../../store/state.ts'
import type {Workbench} from '../../store/workbench.ts'
import {rangeOf, readRowOf, weightAt} from './use-picture.ts'

/** Cells a side that a file has at most: more than any printed figure can show. */
const MOST_CELLS = 1024
/** Larger windows get no dots for what is hidden. */
const MOST_DOTTED = 96

/** What the active pane shows, at the resolution of a file. Throws a Problem where it cannot be had. */
export async function fetchExportPicture({
  store,
  captures,
  client,
}: Pick<Workbench, 'store' | 'captures' | 'client'>): Promise<{
  result: AttentionResult
  picture: AttentionPicture
}> {
  const state = store.getState()
  const pane = state.activePane
  const shown = selectAttentionRun(state, captures, pane)
  const spec = selectPicture(state, captures, pane)
  const facts = shown && captures.attentionFacts.peek(shown.run.id)
  const result = shown && facts && attentionOfTokens(shown.data, facts)
  if (!shown || !spec || !result) throw new Error('Nothing of this text’s attention is there yet.')
  const {run, data} = shown
  const window = selectWindow(state, run.id, spec.tokenCount)
  const rangeFrom = (start: number): [number, number] => [
    Math.max(0, Math.floor(start)),
    Math.min(spec.tokenCount, Math.ceil(start + window.span)),
  ]
  const queries = rangeFrom(window.query)
  const keys = rangeFrom(window.key)
  const filters = requestFilters(spec.filters, data)
  const request = {
    ...capturedTextOf(run, data),
    map: spec.map,
    queries,
    keys,
    rowCount: Math.min(MOST_CELLS, queries[1] - queries[0]),
    columnCount: Math.min(MOST_CELLS, keys[1] - keys[0]),
  }
  const hasDots = hidesAny(spec.filters) && queries[1] - queries[0] <= MOST_DOTTED
  const [tile, plain] = await Promise.all([
    client.attention.tile({...request, filters}),
    hasDots
      ? client.attention.tile({
          ...request,
          filters: requestFilters(unhidden(spec.filters), data),
        })
      : null,
  ])
  const position = selectLock(state, captures, run.id)
  const lit = state.attentionCells[run.id]
  const weight = lit && lit.query === position ? weightAt(captures, spec, lit) : null
  const tiles = captures.attentionTiles.peek(pictureKey(spec))
  const range = rangeOf(tiles ?? {}, state)
  return {
    result,
    picture: {
      view: 'matrix',
      map: spec.map,
      filters,
      queries,
      keys,
      tile,
      ...(plain ? {unfiltered: plain.values as Float32Array<ArrayBuffer>} : {}),
      range: tiles
        ? range
        : {maximum: ownRange({queries, tile}), isLocked: false, steps: state.attentionSteps},
      row: readRowOf(captures, spec, position),
      cell: lit && weight !== null ? {...lit, weight} : null,
      pairs: pinnedPairs(selectPins(state, run.id)).map(({from, to}) => ({from, to})),
      probeName: probeNameOf(state, captures, spec.map),
    },
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
