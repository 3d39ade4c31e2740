import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import type {WorkbenchState} from '../store/state.ts'
import {Button} from '../ui/button.tsx'
import {PreferencesProblem} from './preferences-problem.tsx'

/** What becomes of it: a host starts another at once, so only a missing host is the person's to do about. */
function stopWords({isRunningAgain, isHostMissing}: NonNullable<WorkbenchState['engineStop']>) {
  if (isRunningAgain) {
    return 'It was started again. Results are kept; a run that was under way can be run again.'
  }
  return isHostMissing
    ? 'It is looked for every few seconds, and results are kept. If its host has ended, start Tokenscope again and open the address that it prints.'
    : 'It is being restarted; results are kept.'
}

/** Says that the engine stopped, why, and that nothing on the screen is lost; and what was wrong with the preferences. */
export function EngineBar() {
  const {dismissEngineStop} = useActions()
  const {stop, dialog} = useWorkbenchState((state) => ({
    stop: state.engineStop,
    dialog: state.dialog,
  }))
  const bar = stop && (
    <div className="engine-bar" role="status" data-testid="engine-bar">
      <span>
        The engine {stop.reason}. {stopWords(stop)}
      </span>
      <span className="grow" />
      {stop.isRunningAgain && (
        <Button look="edge" onPress={dismissEngineStop}>
          Close
        </Button>
      )}
    </div>
  )
  return (
    <>
      {bar}
      {dialog !== 'settings' && <PreferencesProblem />}
    </>
  )
}
