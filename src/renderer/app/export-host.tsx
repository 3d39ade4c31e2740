import {ExportDialog} from '../export/export-dialog.tsx'
import {useTheme} from '../lenses/use-theme.ts'
import {useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectResult} from '../store/selectors.ts'

/** Opens the export dialog over the active run's result. */
export function ExportDialogHost() {
  const {actions, client} = useWorkbench()
  const theme = useTheme()
  const {isOpen, result, tracks} = useWorkbenchState((state, {captures}) => ({
    isOpen: state.dialog === 'export',
    result: state.dialog === 'export' ? selectResult(state, captures) : null,
    tracks: state.parameters.tracks,
  }))
  if (!isOpen || !result) return null
  return (
    <ExportDialog
      result={result}
      tracks={tracks}
      theme={theme}
      client={client}
      onClose={actions.closeDialog}
      onNotice={actions.notify}
    />
  )
}
