import {app, session} from 'electron'
import {isRendererUrl} from './renderer-protocol.ts'

/**
 * Electron's own checklist: no permission is granted but writing to the clipboard, no page leads away
 * from ours, none opens another, and none embeds a web view.
 */
export function denyWhatIsNotNeeded(): void {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', (event) => {
      if (!isRendererUrl(event.url)) event.preventDefault()
    })
    contents.on('will-redirect', (event) => {
      if (!isRendererUrl(event.url)) event.preventDefault()
    })
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(() => ({action: 'deny'}))
  })
  void app.whenReady().then(() => {
    const {defaultSession} = session
    defaultSession.setPermissionRequestHandler((contents, permission, answer) => {
      answer(isGranted(permission, contents?.getURL()))
    })
    defaultSession.setPermissionCheckHandler((_, permission, origin) =>
      isGranted(permission, `${origin.replace(/\/$/, '')}/`)
    )
    defaultSession.setDevicePermissionHandler(() => false)
  })
}

function isGranted(permission: string, url: string | undefined): boolean {
  // Every number on the page can be copied.
  return permission === 'clipboard-sanitized-write' && isRendererUrl(url)
}
