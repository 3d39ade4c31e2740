import {memo} from 'react'
import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {ATTENTION_COPIES} from '../commands/attention-copies.ts'
import {type Command, titleOf} from '../commands/command.ts'
import {COPY_COMMANDS} from '../commands/sharing.ts'
import {useWorkbench} from '../lenses/use-workbench.ts'
import {Button} from '../ui/button.tsx'
import {DownIcon} from '../ui/icons.tsx'
import {shortcutText} from '../ui/shortcut.ts'
import './sharing.css'

/** Lenses whose data is not that of the tokens. */
const COPIES_OF = {attention: ATTENTION_COPIES} as const

interface CopyMenuProps {
  readonly lens?: keyof typeof COPIES_OF
}

/** Everything that can be copied of what is shown: a link, a command, its data. */
export const CopyMenu = memo(function CopyMenu({lens}: CopyMenuProps) {
  return (
    <MenuTrigger>
      <Button look="edge" testId="copy-menu">
        Copy <DownIcon />
      </Button>
      <Popover placement="top end" className="popover menu-popover">
        <Offered commands={lens ? COPIES_OF[lens] : COPY_COMMANDS} />
      </Popover>
    </MenuTrigger>
  )
})

/** What can be copied is found out when the menu is opened: some of it has to be made for that. */
function Offered({commands}: {readonly commands: readonly Command[]}) {
  const workbench = useWorkbench()
  const offered = commands.filter((command) => command.when(workbench.store.getState(), workbench))
  return (
    <Menu
      aria-label="Copy"
      className="menu copy-menu"
      onAction={(key) => offered.find(({id}) => id === key)?.run(workbench)}
    >
      {offered.map((command) => (
        <MenuItem key={command.id} id={command.id} className="menu-item">
          <span>{titleOf(command, workbench)}</span>
          <span className="end ink-3">
            {command.shortcut ? shortcutText(command.shortcut) : command.detail}
          </span>
        </MenuItem>
      ))}
    </Menu>
  )
}
