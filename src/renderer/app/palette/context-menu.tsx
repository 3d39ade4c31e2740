import {useEffect, useState} from 'react'
import {COMMANDS} from '../../commands/registry.ts'
import {targetCommandsFor} from '../../commands/target-registry.ts'
import type {Target} from '../../lenses/target.ts'
import {useWorkbench} from '../../lenses/use-workbench.ts'
import {ContextMenu, type ContextMenuItem} from '../../ui/context-menu.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {placeOfFocus, targetAt, targetOfFocus} from './find-target.ts'

interface OpenMenu {
  readonly target: Target
  readonly at: {readonly xPx: number; readonly yPx: number}
}

const LABELS: Readonly<Record<Target['kind'], string>> = {
  token: 'This token',
  node: 'This node',
  run: 'This run',
  model: 'This model',
  candidate: 'This candidate',
  value: 'This value',
}

const isMenuKey = (event: KeyboardEvent) =>
  event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)

/** What can be done with the thing under the pointer, or, by key, with the one that has the focus. */
export function ContextMenuHost() {
  const workbench = useWorkbench()
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  useEffect(() => {
    const open = (event: Event, target: Target | null, at: OpenMenu['at']) => {
      // Where there is nothing of ours the browser's menu opens, as in text.
      if (!target || targetCommandsFor(target, workbench).length === 0) return
      event.preventDefault()
      setMenu({target, at})
    }
    const point = (event: MouseEvent) => {
      if (event.defaultPrevented || !(event.target instanceof Element)) return
      const at = {xPx: event.clientX, yPx: event.clientY}
      open(event, targetAt(event.target, workbench), at)
    }
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || !isMenuKey(event)) return
      const focused = document.activeElement ?? document.body
      const target = targetOfFocus(focused, workbench)
      if (target) open(event, target, placeOfFocus(focused, target))
    }
    document.addEventListener('contextmenu', point)
    document.addEventListener('keydown', press)
    return () => {
      document.removeEventListener('contextmenu', point)
      document.removeEventListener('keydown', press)
    }
  }, [workbench])

  // What the menu is about is marked in every lens for as long as it is open.
  const target = menu?.target
  useEffect(() => {
    if (target?.kind !== 'token') return
    const {runId, position} = target
    workbench.actions.holdHover({runId, position})
    return () => workbench.actions.holdHover(null)
  }, [target, workbench])

  const commands = menu ? targetCommandsFor(menu.target, workbench) : []
  const items = menu
    ? commands.map(
        (command): ContextMenuItem => ({
          id: command.id,
          title: command.titleOf(menu.target, workbench),
          keyText: shortcutText(COMMANDS.find(({id}) => id === command.like)?.shortcut),
          section: command.section,
        })
      )
    : []
  return (
    <ContextMenu
      label={menu ? LABELS[menu.target.kind] : ''}
      at={menu?.at ?? null}
      items={items}
      onClose={() => setMenu(null)}
      onAction={(id) => {
        setMenu(null)
        const command = commands.find((other) => other.id === id)
        if (menu && command) command.run(workbench, menu.target)
      }}
    />
  )
}
