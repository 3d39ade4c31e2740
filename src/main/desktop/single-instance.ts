import {app} from 'electron'

/** False in a second start, which ends itself after handing its arguments to the first. */
export function keepOneInstance(): boolean {
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return false
  }
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  return true
}
