import {selectPane} from '../../store/panes.ts'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbenchState} from '../use-workbench.ts'

/** The view of this lens that is a table; the other, which comes first, is the figure. */
export const TABLE_VIEW = 'table'

/** Whether this pane shows the numbers as a table. */
export function useIsTableShown(): boolean {
  const pane = usePaneIndex()
  return useWorkbenchState((state) => selectPane(state, pane).view === TABLE_VIEW)
}
