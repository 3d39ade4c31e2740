import {type ReactNode, useEffect, useRef} from 'react'
import {runPrompt} from '../commands/run-prompt.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import type {Side} from '../store/state.ts'
import {Button} from '../ui/button.tsx'
import {HistoryIcon, InspectorIcon, ModelsIcon, PromptIcon, RunIcon} from '../ui/icons.tsx'

/** What remains of the left pane where it is collapsed or has no room. */
export function LeftRail() {
  const workbench = useWorkbench()
  const {toggleSide} = useActions()
  const isOpen = useWorkbenchState((state) => state.drawer === 'left')
  const canRun = useWorkbenchState((state) => runPrompt.when(state, workbench))
  const toggle = () => toggleSide('left')
  return (
    <nav className="rail left" aria-label="Rail of models, prompt and history" data-landmark="left">
      <Button look="icon" aria-label="Models" aria-expanded={isOpen} onPress={toggle}>
        <ModelsIcon />
      </Button>
      <Button look="icon" aria-label="Prompt" aria-expanded={isOpen} onPress={toggle}>
        <PromptIcon />
      </Button>
      <Button
        look="icon"
        aria-label="Run"
        isDisabled={!canRun}
        onPress={() => runPrompt.run(workbench)}
      >
        <RunIcon />
      </Button>
      <Button look="icon" aria-label="History" aria-expanded={isOpen} onPress={toggle}>
        <HistoryIcon />
      </Button>
    </nav>
  )
}

export function RightRail() {
  const {toggleSide} = useActions()
  const isOpen = useWorkbenchState((state) => state.drawer === 'right')
  const toggle = () => toggleSide('right')
  return (
    <nav className="rail right" aria-label="Rail of the inspector" data-landmark="right">
      <Button look="icon" aria-label="Inspector" aria-expanded={isOpen} onPress={toggle}>
        <InspectorIcon />
      </Button>
      <span className="vertical" aria-hidden="true">
        Inspector
      </span>
    </nav>
  )
}

export interface DrawerProps {
  readonly side: Side
  readonly children: ReactNode
}

/** A side pane over the figure; Escape and a click beside it close it. */
export function Drawer({side, children}: DrawerProps) {
  const {setDrawer} = useActions()
  const isOpen = useWorkbenchState((state) => state.drawer === side)
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const before = document.activeElement
    ref.current?.focus()
    return () => {
      // What closed it by putting the focus elsewhere keeps it there.
      const isLost = document.activeElement === null || document.activeElement === document.body
      if (isLost && before instanceof HTMLElement) before.focus()
    }
  }, [isOpen])
  if (!isOpen) return null
  return (
    <>
      <div className="drawer-scrim" onPointerDown={() => setDrawer(null)} />
      <div
        ref={ref}
        className={`drawer ${side}`}
        role="dialog"
        aria-label={side === 'left' ? 'Models, prompt and history' : 'Inspector'}
        tabIndex={-1}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.stopPropagation()
          setDrawer(null)
        }}
      >
        {children}
      </div>
    </>
  )
}
