import {useEffect} from 'react'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {Button} from '../../ui/button.tsx'

/** Says that a text was too large for the prompt, and offers what fits. */
export function PromptRefused() {
  const {takePart, dismissRefused} = useActions()
  const refused = useWorkbenchState((state) => state.refusedText)
  const isShown = refused !== null
  useEffect(() => {
    if (!isShown) return
    const leave = (event: KeyboardEvent) => {
      const isElsewhere = event.target instanceof Element && event.target.closest('[role=dialog]')
      if (event.key !== 'Escape' || isElsewhere) return
      event.preventDefault()
      event.stopPropagation()
      dismissRefused()
    }
    document.addEventListener('keydown', leave, true)
    return () => document.removeEventListener('keydown', leave, true)
  }, [isShown, dismissRefused])
  if (!refused) return null
  const {problem, roomCount, isCutting} = refused
  const tokens = `${formatCount(roomCount ?? 0)} tokens`
  return (
    <div className="prompt-refused" role="alert" data-testid="refused" data-code={problem.code}>
      <p>{problem.message}</p>
      <dl>
        <dt>found</dt>
        <dd>{problem.found}</dd>
        {problem.expected && (
          <>
            <dt>expected</dt>
            <dd>{problem.expected}</dd>
          </>
        )}
      </dl>
      <p>{problem.advice}</p>
      <div className="turn-actions">
        {roomCount !== null && roomCount > 0 && (
          <>
            <Button
              look="edge"
              isDisabled={isCutting}
              onPress={() => void takePart('first')}
              testId="take-first"
            >
              First {tokens}
            </Button>
            <Button
              look="edge"
              isDisabled={isCutting}
              onPress={() => void takePart('last')}
              testId="take-last"
            >
              Last {tokens}
            </Button>
          </>
        )}
        <Button look="plain" onPress={dismissRefused}>
          Leave it
        </Button>
      </div>
    </div>
  )
}
