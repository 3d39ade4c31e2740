import {type ReactNode, useState} from 'react'
import {DialogTrigger, Popover} from 'react-aria-components'
import {Button} from './button.tsx'
import {FLAT_PX, useMedia} from './use-size.ts'

/** Whether the window is too low for a second line of controls. */
export function useIsFlat(): boolean {
  return useMedia(`(max-height: ${FLAT_PX - 1}px)`)
}

/** The controls that a low window has no line for; none of them is pushed off. */
export function MoreControls({children}: {readonly children: (close: () => void) => ReactNode}) {
  const [isOpen, setOpen] = useState(false)
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={setOpen}>
      <Button look="edge" aria-label="More controls" testId="more-controls">
        ⋯ more
      </Button>
      <Popover
        className="popover popover-body more-controls"
        aria-label="More controls"
        placement="top start"
        offset={4}
      >
        {children(() => setOpen(false))}
      </Popover>
    </DialogTrigger>
  )
}
