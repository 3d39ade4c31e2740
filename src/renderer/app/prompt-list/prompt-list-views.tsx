import {usePaneIndex} from '../../lenses/use-pane.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {LIST_VIEW, selectPane} from '../../store/panes.ts'
import {Choice} from '../../ui/choice.tsx'

/** Whether this pane shows the prompt list in place of its lens. */
export function useIsListShown(): boolean {
  const pane = usePaneIndex()
  return useWorkbenchState((state) => selectPane(state, pane).view === LIST_VIEW)
}

/** One prompt or the list of many, where there is a list. */
export function PromptListViews() {
  const {showList} = useActions()
  const pane = usePaneIndex()
  const isShown = useIsListShown()
  const hasRows = useWorkbenchState((state) => state.listRows.length > 0)
  if (!hasRows && !isShown) return null
  return (
    <Choice
      label="One prompt or many"
      value={isShown ? 'list' : 'prompt'}
      options={[
        {value: 'prompt', text: 'Prompt'},
        {value: 'list', text: 'Prompt list'},
      ]}
      onChange={(view) => showList(view === 'list', pane)}
    />
  )
}
