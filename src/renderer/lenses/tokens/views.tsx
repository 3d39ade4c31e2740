import {Choice} from '../../ui/choice.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useActions} from '../use-workbench.ts'
import {TABLE_VIEW, useIsTableShown} from './is-table-shown.ts'

/** The same numbers as a figure or as a table. */
export function TokensViews() {
  const {changePane} = useActions()
  const pane = usePaneIndex()
  const isTableShown = useIsTableShown()
  return (
    <Choice
      label="Show as"
      value={isTableShown ? TABLE_VIEW : 'figure'}
      options={[
        {value: 'figure', text: 'Figure'},
        {value: TABLE_VIEW, text: 'Table'},
      ]}
      onChange={(view) => changePane({view: view === TABLE_VIEW ? TABLE_VIEW : null}, pane)}
    />
  )
}
