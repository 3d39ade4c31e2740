import {openFolder} from '../commands/open-folder.ts'
import {openFile} from '../commands/sharing.ts'
import {useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {Button} from '../ui/button.tsx'
import {Dialog} from '../ui/dialog.tsx'
import {ProblemParts} from './problem-parts.tsx'
import './sharing.css'

/** Why something that was dropped or chosen cannot be opened, and what can. */
export function OpenProblemDialog() {
  const workbench = useWorkbench()
  const {actions} = workbench
  const problem = useWorkbenchState((state) =>
    state.dialog === 'open-problem' ? state.openProblem : null
  )
  if (!problem) return null
  return (
    <Dialog
      title="This cannot be opened"
      isOpen
      onClose={actions.closeDialog}
      widthPx={520}
      testId="open-problem-dialog"
    >
      <ProblemParts problem={problem} />
      <div className="dialog-foot">
        <Button look="edge" onPress={() => openFolder.run(workbench)}>
          Open a model folder…
        </Button>
        <Button
          look="edge"
          onPress={() => {
            actions.closeDialog()
            openFile.run(workbench)
          }}
        >
          Open a prompt file…
        </Button>
        <span className="grow" />
        <Button look="primary" autoFocus onPress={actions.closeDialog}>
          Close
        </Button>
      </div>
    </Dialog>
  )
}
