import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {app, crashReporter, dialog, shell} from 'electron'
import {type EngineExit, exitWords} from '../engine-exit.ts'
import {packageVersion} from '../engine-options.ts'
import {type CrashedPart, crashReport, reportNames, writeReport} from './crash-report.ts'
import type {Pages} from './pages.ts'

/** Crash reports that stay on this machine. */
export interface CrashReports {
  readonly folder: string
  /** Returns the report's path; null where it could not be written. */
  add(
    part: CrashedPart,
    reason: string,
    exitCode?: number | null,
    lastWords?: string
  ): string | null
  addEngineExit(exit: EngineExit): void
  /** Opens the folder on the last report. */
  show(): void
  /** Opens the folder for a page that asks. */
  serve(pages: Pages): void
}

/** Keeps the last reports of what went down, and the native dumps beside them. Before `ready`. */
export function keepCrashReports(): CrashReports {
  const folder = join(app.getPath('userData'), 'crash-reports')
  keepNativeDumps(join(folder, 'native'))

  const add: CrashReports['add'] = (part, reason, exitCode = null, lastWords = '') =>
    writeReport(folder, crashReport({part, reason, exitCode, lastWords, version: packageVersion()}))

  watchMainProcess(add)
  app.on('child-process-gone', (_, {type, reason, exitCode, serviceName}) => {
    // The engine is a utility process and reports its own end with what it said.
    if (type === 'Utility' || reason === 'clean-exit' || reason === 'killed') return
    add('other-process', `${serviceName ?? type} ${reason}`, exitCode)
  })

  const show = () => {
    try {
      mkdirSync(folder, {recursive: true})
    } catch (error) {
      console.error(`The folder of crash reports could not be made: ${(error as Error).message}`)
    }
    const last = reportNames(folder).at(-1)
    if (last) shell.showItemInFolder(join(folder, last))
    else void shell.openPath(folder)
  }
  return {
    folder,
    add,
    addEngineExit(exit) {
      const reason = exitWords(exit)
      if (reason === 'was stopped on request') return
      add('engine', reason, exit.code, exit.lastWords)
    },
    show,
    serve: (pages) => pages.on('show-crash-reports', show),
  }
}

/** Nothing ever leaves the machine; a native dump helps whoever the person hands it to. */
function keepNativeDumps(folder: string): void {
  try {
    // Electron throws at a folder that is not there.
    mkdirSync(folder, {recursive: true})
    app.setPath('crashDumps', folder)
    crashReporter.start({uploadToServer: false})
  } catch (error) {
    console.error(`Native crash dumps are not kept: ${(error as Error).message}`)
  }
}

/** An error that nobody caught must not end the process: the pages and the engine are elsewhere. */
function watchMainProcess(add: CrashReports['add']): void {
  let isAsking = false
  process.on('uncaughtException', (error: Error) => {
    console.error(error)
    const path = add('main', error.message, null, error.stack ?? '')
    // One error a frame would bury the person in dialogs.
    if (isAsking) return
    if (!app.isReady()) {
      dialog.showErrorBox('Tokenscope could not start', error.message)
      app.exit(1)
      return
    }
    isAsking = true
    void dialog
      .showMessageBox({
        type: 'error',
        title: 'Tokenscope',
        message: 'Tokenscope met an error that it did not expect.',
        detail: `${error.message}\n\nYour windows stay open. ${
          path ? `A report was kept on this machine: ${path}` : 'No report could be written.'
        }`,
        buttons: ['Continue', 'Quit'],
        defaultId: 0,
        cancelId: 0,
        noLink: true,
      })
      .then(({response}) => {
        isAsking = false
        if (response === 1) app.quit()
      })
  })
  process.on('unhandledRejection', (reason) => {
    console.error(reason)
    const error = reason instanceof Error ? reason : new Error(String(reason))
    add('main', error.message, null, error.stack ?? '')
  })
}
