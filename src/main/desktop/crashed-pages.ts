import {app, BrowserWindow, dialog, type RenderProcessGoneDetails} from 'electron'
import type {CrashReports} from './crash-reports.ts'
import type {Pages} from './pages.ts'

/** A page that dies again this soon would die for ever. */
const AGAIN_MS = 60_000

const WORDS: Readonly<Record<RenderProcessGoneDetails['reason'], string>> = {
  'clean-exit': 'ended by itself',
  'abnormal-exit': 'ended abnormally',
  killed: 'was killed',
  crashed: 'crashed',
  oom: 'ran out of memory',
  'launch-failed': 'could not be started',
  'integrity-failure': 'failed its integrity check',
  'memory-eviction': 'was ended by the system for want of memory',
}

/** Reports a page that dies and loads it once more; one that dies again asks the person. */
export function restoreCrashedPages(pages: Pages, reports: CrashReports): void {
  const restoredAt = new WeakMap<BrowserWindow, number>()
  app.on('render-process-gone', (_, contents, {reason, exitCode}) => {
    const window = BrowserWindow.fromWebContents(contents)
    if (!window || window.isDestroyed() || reason === 'clean-exit') return
    const words = WORDS[reason] ?? reason
    const path = reports.add('page', words, exitCode)
    const where = path
      ? `A report was kept on this machine: ${path}.`
      : 'No report could be written.'

    const load = () => {
      restoredAt.set(window, performance.now())
      pages.tell(window, {
        kind: 'notice',
        text: `The page ${words} and was loaded again. ${where}`,
      })
      contents.reload()
    }
    const lastAt = restoredAt.get(window)
    if (lastAt === undefined || performance.now() - lastAt > AGAIN_MS) {
      load()
      return
    }
    void dialog
      .showMessageBox(window, {
        type: 'error',
        title: 'Tokenscope',
        message: `The page ${words} again.`,
        detail: `It was loaded again less than a minute ago. ${where}`,
        buttons: ['Load it again', 'Close the window'],
        defaultId: 0,
        cancelId: 1,
        noLink: true,
      })
      .then(({response}) => {
        if (window.isDestroyed()) return
        if (response === 0) load()
        else window.destroy()
      })
  })
}
