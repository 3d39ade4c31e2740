import {ExportDialog} from '../export/export-dialog.tsx'
import {LENSES} from '../lenses/registry.ts'
import {useTheme} from '../lenses/use-theme.ts'
import {useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {copyFileCommand} from '../sharing/share.ts'
import {selectActiveRunId, selectPane} from '../store/panes.ts'
import {pinnedPairs, pinnedPositions, selectPins} from '../store/selection.ts'
import {selectResult} from '../store/selectors.ts'
import {selectResolvedUnit} from '../store/unit.ts'

/** Opens the export dialog of the active pane's lens. */
export function ExportDialogHost() {
  const {isOpen, lensId} = useWorkbenchState((state) => ({
    isOpen: state.dialog === 'export',
    lensId: selectPane(state).lensId,
  }))
  if (!isOpen) return null
  const Own = LENSES.find((lens) => lens.id === lensId)?.ExportDialog
  return Own ? <Own /> : <TokensExportHost />
}

/** Over the active run's result. */
function TokensExportHost() {
  const workbench = useWorkbench()
  const {actions, client} = workbench
  const theme = useTheme()
  const {result, tracks, unit, pins, colors} = useWorkbenchState((state, {captures}) => ({
    result: selectResult(state, captures),
    tracks: state.parameters.tracks,
    colors: state.preferences.colors,
    unit: selectResolvedUnit(state, captures, selectActiveRunId(state)),
    pins: selectPins(state, selectActiveRunId(state)),
  }))
  if (!result) return null
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
