import {memo} from 'react'
import {CopyMenu} from '../../sharing/copy-menu.tsx'
import {Button} from '../../ui/button.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {useActions} from '../use-workbench.ts'

/** At the end of the line under every view: Copy and Export. */
export const ControlEnds = memo(function ControlEnds() {
  const {openDialog} = useActions()
  return (
    <div className="control-ends">
      <CopyMenu lens="attention" />
      <Button look="edge" onPress={() => openDialog('export')} testId="export">
        Export <kbd>{shortcutText({key: 'e', mod: true})}</kbd>
      </Button>
    </div>
  )
})
