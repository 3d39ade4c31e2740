import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import {selectRunData} from '../store/selectors.ts'
import type {RunId} from '../store/state.ts'
import {usePaneRunId} from './use-pane.ts'
import {useWorkbenchState} from './use-workbench.ts'

/** The data of this pane's run; the component renders again whenever it grows, once a frame at most. */
export function useRunData(): TokensRun | null {
  return useDataOf(usePaneRunId())
}

/** The data of a run. */
export function useDataOf(runId: RunId | null): TokensRun | null {
  // The revision is what says that the arrays behind the id have changed.
  const {data} = useWorkbenchState((state, {captures}) => ({
    data: selectRunData(state, captures, runId),
    revision: runId === null ? 0 : state.runStates[runId]?.revision,
  }))
  return data
}
