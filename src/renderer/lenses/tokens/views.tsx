import {Choice} from '../../ui/choice.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

/** The same numbers as a figure or as a table. */
export function TokensViews() {
  const {changeSettings} = useActions()
  const isTableShown = useWorkbenchState((state) => state.settings.isTableShown)
  return (
    <Choice
      label="Show as"
      value={isTableShown ? 'table' : 'figure'}
      options={[
        {value: 'figure', text: 'Figure'},
        {value: 'table', text: 'Table'},
      ]}
      onChange={(view) => changeSettings({isTableShown: view === 'table'})}
    />
  )
}
