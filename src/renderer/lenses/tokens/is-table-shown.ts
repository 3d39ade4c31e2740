import {LOGIT_LENS_VIEW} from '../../store/logit-lens.ts'
import {selectPane} from '../../store/panes.ts'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbenchState} from '../use-workbench.ts'

/** The view of this lens that is a table; the one that comes first is the figure. */
export const TABLE_VIEW = 'table'

/** Whether this pane shows what the head makes of every layer. */
export function useIsLensShown(): boolean {
  const pane = usePaneIndex()
  return useWorkbenchState((state) => selectPane(state, pane).view === LOGIT_LENS_VIEW)
}

/** Whether this pane shows the numbers as a table. */
export function useIsTableShown(): boolean {
  const pane = usePaneIndex()
  return useWorkbenchState((state) => selectPane(state, pane).view === TABLE_VIEW)
}
