import {useEffect} from 'react'
import {useWorkbench} from '../lenses/use-workbench.ts'
import {DefinitionsDialog} from './help/definitions-dialog.tsx'
import {LogDialog} from './help/log-dialog.tsx'
import {pageLog, watchPage} from './help/page-log.ts'
import {InspectDialog} from './models/inspect-dialog.tsx'
import {ModelCardDialog} from './models/model-card-dialog.tsx'
import {ContextMenuHost} from './palette/context-menu.tsx'
import {Palette} from './palette/palette.tsx'
import {ShortcutSheet} from './palette/shortcut-sheet.tsx'
import {SettingsDialog} from './settings/settings-dialog.tsx'

/** What stands over the page at a key: palette, keys, definitions, settings, log, cards of models, menus. */
export function Dialogs() {
  const workbench = useWorkbench()
  useReturnFocus()
  useEffect(() => watchPage(pageLog, window, workbench), [workbench])
  return (
    <>
      <Palette />
      <ShortcutSheet />
      <DefinitionsDialog />
      <SettingsDialog />
      <LogDialog />
      <ModelCardDialog />
      <InspectDialog />
      <ContextMenuHost />
    </>
  )
}

/**
 * The focus goes back to where it was before anything stood over the page. A dialog that follows another,
 * as of a command of the palette, would else give it to what is gone.
 */
function useReturnFocus(): void {
  const {store} = useWorkbench()
  useEffect(() => {
    let opener: Element | null = null
    let frame = 0
    /** One was closed just now, so what has the focus belongs to it. */
    let isClosing = false
    const stop = store.subscribe(({dialog}, before) => {
      if (dialog === before.dialog) return
      cancelAnimationFrame(frame)
      if (before.dialog === null && !isClosing) opener = document.activeElement
      isClosing = dialog === null
      if (dialog !== null) return
      const giveBack = () => {
        isClosing = false
        const isLost = document.activeElement === null || document.activeElement === document.body
        if (isLost && opener instanceof HTMLElement && opener.isConnected) opener.focus()
      }
      // After the dialog is gone and has tried itself.
      frame = requestAnimationFrame(() => {
        frame = requestAnimationFrame(giveBack)
      })
    })
    return () => {
      stop()
      cancelAnimationFrame(frame)
    }
  }, [store])
}
