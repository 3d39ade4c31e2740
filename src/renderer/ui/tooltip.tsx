import {type ReactElement, use} from 'react'
import {Tooltip, TooltipTrigger} from 'react-aria-components'
import {HintText} from './hint-area.tsx'
import {HintWordsContext} from './hint-words.ts'

export interface HintProps {
  /** A key of a definition, or a sentence. */
  readonly text: string
  /** Something that takes focus, so that the hint can be read by keyboard. */
  readonly children: ReactElement
  readonly placement?: 'top' | 'bottom' | 'left' | 'right' | 'bottom left' | 'bottom right'
}

/** A sentence that appears beside the thing that is pointed at or focused. */
export function Hint({text, children, placement = 'bottom'}: HintProps) {
  const wordsOf = use(HintWordsContext)
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <Tooltip className="tooltip" offset={6} placement={placement}>
        <HintText words={wordsOf(text)} />
      </Tooltip>
    </TooltipTrigger>
  )
}
