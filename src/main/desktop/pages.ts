import {BrowserWindow, ipcMain, type WebContents} from 'electron'
import {
  type HostMessage,
  hostMessageSchema,
  type PageMessage,
  pageMessageSchema,
} from '../../shared/host/host-bridge.ts'
import {HOST_MESSAGE, PAGE_LISTENS, PAGE_MESSAGE} from './channels.ts'
import {isOurPage} from './engine-ports.ts'

type Listener<Kind extends PageMessage['kind']> = (
  message: Extract<PageMessage, {kind: Kind}>,
  window: BrowserWindow
) => void

/** What main process and pages say to each other, apart from the engine's port. */
export interface Pages {
  /** Calls back with every valid message of this kind from a page of ours. */
  on<Kind extends PageMessage['kind']>(kind: Kind, listener: Listener<Kind>): void
  /** Sends it, or keeps it until the window's page listens. */
  tell(window: BrowserWindow, message: HostMessage): void
  /** A notice for the person, in whichever window listens first; also written to standard error. */
  announce(text: string): void
}

/** A page that never listens must not fill the memory. */
const MAX_WAITING = 100

/** Checks every message of a page for its sender and its schema; what fails is logged and dropped. */
export function servePageMessages(): Pages {
  const listeners = new Map<string, Listener<never>[]>()
  const waiting = new WeakMap<WebContents, HostMessage[]>()
  const listening = new WeakSet<WebContents>()
  const watched = new WeakSet<WebContents>()
  let unannounced: string[] = []

  ipcMain.on(PAGE_MESSAGE, (event, data: unknown) => {
    if (!isOurPage(event)) {
      console.error('A message was dropped: it came from something that is not our page.')
      return
    }
    const window = BrowserWindow.fromWebContents(event.sender)
    const parsed = pageMessageSchema.safeParse(data)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      console.error(`A message of the page was dropped: ${issue?.path.join('.')} ${issue?.message}`)
      return
    }
    for (const listener of listeners.get(parsed.data.kind) ?? []) {
      if (window) listener(parsed.data as never, window)
    }
  })

  ipcMain.on(PAGE_LISTENS, (event) => {
    if (!isOurPage(event)) return
    const {sender} = event
    watch(sender)
    listening.add(sender)
    const messages = waiting.get(sender) ?? []
    waiting.delete(sender)
    for (const message of messages) sender.send(HOST_MESSAGE, message)
    for (const text of unannounced) sender.send(HOST_MESSAGE, {kind: 'notice', text})
    unannounced = []
  })

  // A page that is loaded again, or has died, has to say anew that it listens.
  const watch = (contents: WebContents) => {
    if (watched.has(contents)) return
    watched.add(contents)
    contents.on('did-start-navigation', ({isMainFrame, isSameDocument}) => {
      if (isMainFrame && !isSameDocument) listening.delete(contents)
    })
    contents.on('render-process-gone', () => void listening.delete(contents))
  }

  return {
    on(kind, listener) {
      listeners.set(kind, [...(listeners.get(kind) ?? []), listener as unknown as Listener<never>])
    },
    tell(window, message) {
      if (window.isDestroyed()) return
      const {webContents} = window
      const checked = hostMessageSchema.parse(message)
      if (listening.has(webContents)) {
        webContents.send(HOST_MESSAGE, checked)
        return
      }
      const messages = [...(waiting.get(webContents) ?? []), checked]
      waiting.set(webContents, messages.slice(-MAX_WAITING))
    },
    announce(text) {
      console.error(text)
      const window = BrowserWindow.getAllWindows().find((open) => listening.has(open.webContents))
      if (window) window.webContents.send(HOST_MESSAGE, {kind: 'notice', text})
      else unannounced = [...unannounced, text].slice(-MAX_WAITING)
    },
  }
}
