import {ExportDialog} from '../export/export-dialog.tsx'
import {useTheme} from '../lenses/use-theme.ts'
import {useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectActiveRunId} from '../store/panes.ts'
import {pinnedPositions, selectPins} from '../store/selection.ts'
import {selectResult} from '../store/selectors.ts'
import {selectResolvedUnit} from '../store/unit.ts'

/** Opens the export dialog over the active run's result. */
export function ExportDialogHost() {
  const {actions, client} = useWorkbench()
  const theme = useTheme()
  const {isOpen, result, tracks, unit, pins} = useWorkbenchState((state, {captures}) => ({
    isOpen: state.dialog === 'export',
    result: state.dialog === 'export' ? selectResult(state, captures) : null,
    tracks: state.parameters.tracks,
    unit: selectResolvedUnit(state, captures, selectActiveRunId(state)),
    pins: selectPins(state, selectActiveRunId(state)),
  }))
  if (!isOpen || !result) return null
  return (
    <ExportDialog
      result={result}
      tracks={tracks}
      unit={unit}
      pins={pinnedPositions(pins)}
      theme={theme}
      client={client}
      onClose={actions.closeDialog}
      onNotice={actions.notify}
    />
  )
}
