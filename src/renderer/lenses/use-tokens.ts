import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import {selectRunData} from '../store/selectors.ts'
import {useWorkbenchState} from './use-workbench.ts'

/** The active run's data; the component renders again whenever it grows, once a frame at most. */
export function useRunData(): TokensRun | null {
  // The revision is what says that the arrays behind the id have changed.
  const {data} = useWorkbenchState((state, {captures}) => ({
    data: selectRunData(state, captures),
    revision: state.runs.find((run) => run.id === state.activeRunId)?.revision,
  }))
  return data
}
