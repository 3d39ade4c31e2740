import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {findMissingModels} from '../store/links.ts'
import {Button} from '../ui/button.tsx'
import './sharing.css'

/** A link that waits for its model, until it is opened or dropped. */
export function LinkBar() {
  const actions = useActions()
  const {missing, isWaiting} = useWorkbenchState((state) => ({
    isWaiting: state.waitingLink !== null && state.dialog !== 'link',
    missing: state.waitingLink
      ? (findMissingModels(state, state.waitingLink)[0]?.id ?? null)
      : null,
  }))
  if (!isWaiting) return null
  return (
    <div className="engine-bar link-bar" role="status" data-testid="link-bar">
      <span>
        {missing === null
          ? 'The model of the link is here now.'
          : `A link waits for the model “${missing}”. Nothing on the screen has changed.`}
      </span>
      <span className="grow" />
      {missing !== null && (
        <Button
          look="edge"
          onPress={() =>
            actions.openDialog('folder', `The link waits: open the folder of “${missing}”.`)
          }
        >
          Open its folder…
        </Button>
      )}
      <Button
        look={missing === null ? 'primary' : 'edge'}
        onPress={() => void actions.continueLink()}
        testId="continue-link"
      >
        Continue with the link
      </Button>
      <Button look="edge" onPress={actions.dropLink}>
        Let it go
      </Button>
    </div>
  )
}
