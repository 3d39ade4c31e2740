import {ExportDialog} from '../export/export-dialog.tsx'
import {useTheme} from '../lenses/use-theme.ts'
import {useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {copyFileCommand} from '../sharing/share.ts'
import {selectActiveRunId} from '../store/panes.ts'
import {pinnedPairs, pinnedPositions, selectPins} from '../store/selection.ts'
import {selectResult} from '../store/selectors.ts'
import {selectResolvedUnit} from '../store/unit.ts'

/** Opens the export dialog over the active run's result. */
export function ExportDialogHost() {
  const workbench = useWorkbench()
  const {actions, client} = workbench
  const theme = useTheme()
  const {isOpen, result, tracks, unit, pins, colors} = useWorkbenchState((state, {captures}) => ({
    isOpen: state.dialog === 'export',
    result: state.dialog === 'export' ? selectResult(state, captures) : null,
    tracks: state.parameters.tracks,
    colors: state.preferences.colors,
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
      pairs={pinnedPairs(pins).map(({from, to}) => ({from, to}))}
      view={result.logitLens ? 'logit-lens' : 'lines'}
      theme={theme}
      colors={colors}
      client={client}
      onClose={actions.closeDialog}
      onNotice={actions.notify}
      onCopyCommand={(format, options) => void copyFileCommand(workbench, {format, options})}
    />
  )
}
