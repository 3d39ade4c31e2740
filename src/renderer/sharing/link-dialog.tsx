import {useState} from 'react'
import {useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {findMissingModels} from '../store/links.ts'
import {Button} from '../ui/button.tsx'
import {Dialog} from '../ui/dialog.tsx'
import {ProblemParts} from './problem-parts.tsx'
import './sharing.css'

/** Takes a pasted link; says what is wrong with one, and waits for a model that is not there. */
export function LinkDialog() {
  const isOpen = useWorkbenchState((state) => state.dialog === 'link')
  return isOpen ? <OpenLinkDialog /> : null
}

function OpenLinkDialog() {
  const {actions} = useWorkbench()
  const [text, setText] = useState('')
  const {problem, isWaiting, isReady} = useWorkbenchState((state) => ({
    problem: state.linkProblem,
    isWaiting: state.waitingLink !== null,
    isReady: state.waitingLink !== null && findMissingModels(state, state.waitingLink).length === 0,
  }))
  const close = () => {
    actions.dismissLinkProblem()
    actions.closeDialog()
  }
  return (
    <Dialog title="Open a link" isOpen onClose={close} widthPx={560} testId="link-dialog">
      <form
        className="link-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim() !== '') void actions.openLink(text)
        }}
      >
        <label htmlFor="link-text">
          A link that “Copy link” made: an address with #v1, or tokenscope://open
        </label>
        <textarea
          id="link-text"
          className="field mono"
          data-testid="link-text"
          rows={4}
          value={text}
          spellCheck={false}
          autoFocus
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey) return
            event.preventDefault()
            event.currentTarget.form?.requestSubmit()
          }}
        />
        {problem && <ProblemParts problem={problem} />}
        <div className="dialog-foot">
          {isWaiting && (
            <Button
              look={isReady ? 'primary' : 'edge'}
              onPress={() =>
                actions.openDialog('folder', 'The link waits: open the folder of its model.')
              }
              testId="link-open-folder"
            >
              Open its folder…
            </Button>
          )}
          <span className="grow" />
          <Button look="edge" onPress={close}>
            Cancel
          </Button>
          {isWaiting && isReady ? (
            <Button look="primary" onPress={() => void actions.continueLink()}>
              Continue with the link
            </Button>
          ) : (
            <Button look="primary" type="submit" isDisabled={text.trim() === ''} testId="link-open">
              Open
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  )
}
