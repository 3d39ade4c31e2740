import {useEffect} from 'react'
import {COMMANDS} from '../commands/registry.ts'
import {useWorkbench} from '../lenses/use-workbench.ts'
import {matchesShortcut} from '../ui/shortcut.ts'

/** Things that have keys of their own while they are focused. */
const OWN_KEYS =
  'input, textarea, select, [contenteditable], [role=slider], [role=menu], [role=dialog], [role=separator], [role=radiogroup], [role=tablist]'

/** Runs the command whose key is pressed. */
export function useKeyboard(): void {
  const workbench = useWorkbench()
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return
      const target = event.target instanceof Element ? event.target : null
      const isBusy = target?.closest(OWN_KEYS) !== null && target !== null
      const state = workbench.store.getState()
      if (state.dialog !== null) return
      for (const command of COMMANDS) {
        if (isBusy && !command.worksInText) continue
        if (!command.shortcut || !matchesShortcut(event, command.shortcut)) continue
        event.preventDefault()
        if (command.when(state, workbench)) command.run(workbench)
        return
      }
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [workbench])
}
