import type {ReactElement} from 'react'
import {Tooltip, TooltipTrigger} from 'react-aria-components'

export interface HintProps {
  readonly text: string
  /** Something that takes focus, so that the hint can be read by keyboard. */
  readonly children: ReactElement
  readonly placement?: 'top' | 'bottom' | 'left' | 'right' | 'bottom left'
}

/** A sentence that appears beside the thing that is pointed at or focused. */
export function Hint({text, children, placement = 'bottom'}: HintProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <Tooltip className="tooltip" offset={6} placement={placement}>
        {text}
      </Tooltip>
    </TooltipTrigger>
  )
}
