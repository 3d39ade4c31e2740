import {viewTable} from '../../../shared/figures/attention/view-data.ts'
import {figureOf} from '../../../shared/figures/registry.tsx'
import {commonFigureOptionsSchema} from '../../../shared/figures/request.ts'
import {attentionOfTokens} from '../../../shared/lenses/assemble-attention.ts'
import {shellOfPath} from '../../sharing/shell-text.ts'
import {tsvText} from '../../sharing/tsv-text.ts'
import {
  capturedTextOf,
  selectAttentionRun,
  selectCompared,
  selectPicture,
} from '../../store/attention.ts'
import {selectHeads, selectProbe} from '../../store/attention-heads.ts'
import {importanceKey, selectImportances} from '../../store/attention-importance.ts'
import {selectLineSpecs} from '../../store/attention-lines.ts'
import {
  hidesAny,
  type PictureSpec,
  requestFilters,
  unhidden,
} from '../../store/attention-pictures.ts'
import {PRUNE_VIEW, pruneKey, selectPrune} from '../../store/attention-prune.ts'
import {LINES_VIEW} from '../../store/attention-views.ts'
import type {Captures} from '../../store/captures.ts'
import {selectLabels} from '../../store/head-labels.ts'
import {selectPane} from '../../store/panes.ts'
import {selectLock} from '../../store/selection.ts'
import type {WorkbenchState} from '../../store/state.ts'
import type {Workbench} from '../../store/workbench.ts'
import {commandOf} from './attention-command.ts'
import {archiveFlags, attentionPython} from './copied-python.ts'
import {headsTsv, importanceTsv, rowTsv} from './copied-tables.ts'
import {fetchExportPicture, selectGraphPicture} from './export-picture.ts'
import {filterFlags} from './map-flags.ts'
import {GRAPH_VIEW} from './views.ts'

type Source = Pick<Workbench, 'store' | 'captures' | 'client'>

/** The matrices that the active pane shows, the chosen one first; none in a view of tokens. */
export function selectShownMaps(state: WorkbenchState, captures: Captures): readonly PictureSpec[] {
  const pane = state.activePane
  const {view} = selectPane(state, pane)
  const spec = selectPicture(state, captures, pane)
  if (!spec || view === GRAPH_VIEW || view === PRUNE_VIEW) return []
  if (view === LINES_VIEW) return selectLineSpecs(state, captures, pane)
  return [spec, ...selectCompared(state, captures, pane)]
}

/** What the selected token reads in the shown matrices; asked of the engine, so that it is exact and whole. */
export async function shownRowText({store, captures, client}: Source): Promise<string | null> {
  const state = store.getState()
  const specs = selectShownMaps(state, captures)
  const shown = selectAttentionRun(state, captures, state.activePane)
  const query = shown && selectLock(state, captures, shown.run.id)
  if (!shown || query === null || specs.length === 0) return null
  const {data} = shown
  const wish = {...capturedTextOf(shown.run, data), of: 'query', position: query} as const
  const rows = await Promise.all(
    specs.map(async ({map, filters}) => {
      const plain = requestFilters(unhidden(filters), data)
      const exact = await client.attention.line({...wish, map, filters: plain})
      const isFiltered = hidesAny(filters)
      const seen = isFiltered
        ? await client.attention.line({...wish, map, filters: requestFilters(filters, data)})
        : null
      return {map, weights: exact.weights, shown: seen?.weights ?? null}
    })
  )
  return rowTsv(rows, data.tokens, query)
}

/** The table of heads; null before they are scored. */
export function shownHeadsText({store, captures}: Source): string | null {
  const state = store.getState()
  const heads = selectHeads(state, captures)
  if (!heads) return null
  return headsTsv({
    heads,
    probe: selectProbe(state, captures),
    labels: selectLabels(state, captures, state.activePane),
    sort: state.headSort,
    filter: state.headFilter,
  })
}

/** Importances under the graph, as far as they are there; null where none is. */
export function shownImportanceText({store, captures}: Source): string | null {
  const state = store.getState()
  const {activePane} = state
  const found = selectImportances(state, captures, activePane).flatMap((spec) => {
    const importance = captures.attentionImportances.peek(importanceKey(spec))
    return importance ? [{form: spec.form, importance}] : []
  })
  const shown = selectAttentionRun(state, captures, activePane)
  return shown && found.length > 0 ? importanceTsv(found, shown.data.tokens) : null
}

/** What stays and what goes of the text; null before it is known. */
export function shownPruningText({store, captures}: Source): string | null {
  const state = store.getState()
  const spec = selectPrune(state, captures)
  const pruned = spec && captures.prunings.peek(pruneKey(spec))
  const shown = selectAttentionRun(state, captures, state.activePane)
  const facts = shown && captures.attentionFacts.peek(shown.run.id)
  const result = shown && facts && attentionOfTokens(shown.data, facts)
  if (!spec || !pruned || !result) return null
  const {kept, droppedByImportance, droppedBySimilarity} = pruned
  const table = viewTable(
    result,
    {
      ...{view: 'pruning', keepCount: spec.keepCount, variant: spec.variant},
      ...{outcome: null, selected: null, pins: []},
      kept: Int32Array.from(kept),
      droppedByImportance: Int32Array.from(droppedByImportance),
      droppedBySimilarity: Int32Array.from(droppedBySimilarity),
    },
    false
  )
  return tsvText(table.columns, table.rows)
}

/** What the view draws with the text that it is of, as Export writes it. */
export async function shownJson(source: Source): Promise<string> {
  const graph = selectGraphPicture(source.store.getState(), source.captures)
  const exported = graph ?? (await fetchExportPicture(source))
  const options = commonFigureOptionsSchema.parse({})
  const json = figureOf({...exported, format: 'json', options}).json()
  return `${JSON.stringify(json, null, 2)}\n`
}

/** The command that writes the shown weights as an archive; of a view of tokens the result with its numbers. */
export function shownCommand({store, captures}: Source): string | null {
  const state = store.getState()
  const shown = selectAttentionRun(state, captures, state.activePane)
  const facts = shown && captures.attentionFacts.peek(shown.run.id)
  const result = shown && facts && attentionOfTokens(shown.data, facts)
  if (!shown || !result) return null
  const specs = selectShownMaps(state, captures)
  const [first] = specs
  const flags = first
    ? [
        ...archiveFlags(specs.map(({map}) => map)),
        ...filterFlags(requestFilters(first.filters, shown.data)),
        ['--out', 'attention.npz'],
      ]
    : [['--json']]
  return commandOf(result, flags, shellOfPath(result.model.path))
}

/** Python that loads the shown weights; null in a view of tokens. */
export function shownPython(source: Source): string | null {
  const {store, captures} = source
  const state = store.getState()
  const specs = selectShownMaps(state, captures)
  const shown = selectAttentionRun(state, captures, state.activePane)
  const model = shown?.data.provenance?.model
  const command = shownCommand(source)
  if (!shown || !model || !command || specs.length === 0) return null
  const query = selectLock(state, captures, shown.run.id) ?? shown.data.tokens.length - 1
  return attentionPython({model, command, maps: specs.map(({map}) => map), query})
}
