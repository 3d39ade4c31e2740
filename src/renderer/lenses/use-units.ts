import {type RunUnits, selectUnits} from '../store/unit.ts'
import {usePaneRunId} from './use-pane.ts'
import {useWorkbenchState} from './use-workbench.ts'

/** This pane's run, cut by the chosen unit, with the statistics of every unit; null where there is no run. */
export function useUnits(): RunUnits | null {
  return useUnitsOf(usePaneRunId())
}

/** A run cut by the chosen unit. */
export function useUnitsOf(runId: string | null): RunUnits | null {
  const {units} = useWorkbenchState((state, {captures}) => ({
    units: selectUnits(state, captures, runId),
    // The revision is what says that the arrays behind the id have changed.
    revision: runId === null ? 0 : state.runStates[runId]?.revision,
  }))
  return units
}
