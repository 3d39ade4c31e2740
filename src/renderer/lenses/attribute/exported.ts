import type {AttributeResult} from '../../../shared/lenses/attribute.ts'
import type {AttributionPicture} from '../../../shared/lenses/attribution-picture.ts'
import {COMPARE_VIEW, HEAT_MAP_VIEW} from '../../store/attribution-state.ts'
import type {Captures} from '../../store/captures.ts'
import {selectPane} from '../../store/panes.ts'
import type {WorkbenchState} from '../../store/state.ts'
import {selectResolvedUnit} from '../../store/unit.ts'
import {besideMethods, selectPaneAttribution} from './use-attribution.ts'

/** An attribution with what is drawn of it. */
export interface ExportedAttribution {
  readonly result: AttributeResult
  readonly picture: AttributionPicture
}

/** What the active pane shows, as a file has it; null before there is anything. */
export function selectExported(
  state: WorkbenchState,
  captures: Captures
): ExportedAttribution | null {
  const pane = state.activePane
  const shown = selectPaneAttribution(state, captures, pane)
  const {view, runId} = selectPane(state, pane)
  if (!shown?.result || !shown.row) return null
  const {result} = shown
  const {scores, isUnfolded} = state.attributionLooks
  if (view === HEAT_MAP_VIEW) return {result, picture: {view: 'heat-map', scores}}
  const beside = besideMethods(shown.beside)
  return {
    result,
    picture: {
      view: 'bars',
      row: shown.rowIndex,
      ...{scores, unit: selectResolvedUnit(state, captures, runId)},
      rowLimit: isUnfolded ? 10_000 : 60,
      beside: view === COMPARE_VIEW ? beside : beside.slice(0, 1),
      selected: null,
    },
  }
}
