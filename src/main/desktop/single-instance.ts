import {app, BrowserWindow} from 'electron'
import {openMainWindow} from './window.ts'

/** False in a second start, which ends itself after showing the first one's window. */
export function keepOneInstance(): boolean {
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return false
  }
  app.on('second-instance', showWindow)
  app.on('activate', showWindow)
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  return true
}

function showWindow(): void {
  const [window] = BrowserWindow.getAllWindows()
  if (!window) {
    if (app.isReady()) openMainWindow()
    return
  }
  if (window.isMinimized()) window.restore()
  window.focus()
}
