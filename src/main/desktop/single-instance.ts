import {app} from 'electron'

/** `appId` of electron-builder.yml: what the installer's shortcuts carry. */
const APP_ID = 'app.tokenscope.workbench'

/** False in a second start, which ends itself after handing its arguments to the first. */
export function keepOneInstance(): boolean {
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return false
  }
  // Windows groups windows and recent files in its task bar by it.
  if (process.platform === 'win32') app.setAppUserModelId(APP_ID)
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  return true
}
