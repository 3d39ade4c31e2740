import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {Button} from '../ui/button.tsx'

/** What was wrong with the preferences on disk, and what became of them; nothing where nothing was. */
export function PreferencesProblem() {
  const {dismissPreferencesProblem} = useActions()
  const problem = useWorkbenchState((state) => state.preferencesProblem)
  if (!problem) return null
  return (
    <div className="engine-bar" role="alert" data-testid="preferences-problem">
      <span>
        {problem.message}
        {problem.found && ` Found: ${problem.found}.`}
        {problem.expected && ` Expected: ${problem.expected}.`}
        {problem.file && ` File: ${problem.file}.`} {problem.advice}
      </span>
      <span className="grow" />
      <Button look="edge" onPress={dismissPreferencesProblem}>
        Close
      </Button>
    </div>
  )
}
