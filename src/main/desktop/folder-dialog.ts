import {dialog} from 'electron'
import type {Pages} from './pages.ts'

/** Answers a page that asks for the platform's folder chooser; a closed chooser answers nothing. */
export function serveFolderDialog(pages: Pages): void {
  const choosing = new WeakSet()
  pages.on('choose-folder', async (_, window) => {
    // A second press must not stack a second chooser on the first.
    if (choosing.has(window)) return
    choosing.add(window)
    try {
      const {canceled, filePaths} = await dialog.showOpenDialog(window, {
        title: 'Open a model folder',
        buttonLabel: 'Open',
        properties: ['openDirectory'],
      })
      const [path] = filePaths
      if (!canceled && path) pages.tell(window, {kind: 'open-folder', path})
    } catch (error) {
      pages.tell(window, {
        kind: 'notice',
        text: `The system’s folder chooser could not be shown: ${(error as Error).message}. Drop the folder on the window, or name it in Tokenscope’s own chooser.`,
      })
    } finally {
      choosing.delete(window)
    }
  })
}
