import {useEffect} from 'react'
import {commandOfKey, type KeyPlace} from '../../commands/find-command.ts'
import {COMMANDS} from '../../commands/registry.ts'
import {redo, undo} from '../../commands/undo.ts'
import {useWorkbench} from '../../lenses/use-workbench.ts'

/** Things that take any key while they are focused. */
const OWN_KEYS =
  'input:not([type=radio]), textarea, select, [contenteditable], [role=slider], [role=menu], [role=dialog], [role=combobox]'
/** Things that take only the keys by which one goes through them. */
const OWN_ARROWS = '[role=separator], [role=radiogroup], [role=tablist]'
const WALKING_KEYS = /^(?:Arrow.*|Home|End|Page.*|Enter| )$/u
/** Text that is part of the document, so that its undo is the workspace's. */
const DOCUMENT_TEXT = '[data-document-text]'

function placeOf(event: Event): KeyPlace {
  const target = event.target instanceof Element ? event.target : null
  const takesKey = target?.closest(OWN_KEYS) !== null
  const key = 'key' in event ? String(event.key) : ''
  const takesWalk = WALKING_KEYS.test(key) && target?.closest(OWN_ARROWS) !== null
  if (target === null || !(takesKey || takesWalk)) return 'page'
  return target.closest(DOCUMENT_TEXT) === null ? 'other-text' : 'document-text'
}

/** Runs the command whose key is pressed; the mouse's own Back and Forward are the browser's. */
export function useKeyboard(): void {
  const workbench = useWorkbench()
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return
      // What stands over the page has keys of its own.
      if (workbench.store.getState().dialog !== null) return
      const found = commandOfKey(COMMANDS, event, placeOf(event), workbench)
      if (!found) return
      // A plain key that is no command now keeps its use: Enter presses, arrows scroll. One with a modifier
      // would do something of the browser's that nobody asked for, such as undo in a text without any.
      if (!found.isEnabled && !event.ctrlKey && !event.metaKey && !event.altKey) return
      event.preventDefault()
      if (found.isEnabled) found.command.run(workbench)
    }
    // The browser's own menus undo too; in text of the document that is ours to do.
    const undoTyping = (event: InputEvent) => {
      if (placeOf(event) !== 'document-text') return
      const command = {historyUndo: undo, historyRedo: redo}[event.inputType]
      if (!command) return
      event.preventDefault()
      if (command.when(workbench.store.getState(), workbench)) command.run(workbench)
    }
    document.addEventListener('keydown', listen)
    document.addEventListener('beforeinput', undoTyping)
    return () => {
      document.removeEventListener('keydown', listen)
      document.removeEventListener('beforeinput', undoTyping)
    }
  }, [workbench])
}
