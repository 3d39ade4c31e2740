import {
  BrowserWindow,
  type IpcMainEvent,
  ipcMain,
  MessageChannelMain,
  type MessagePortMain,
} from 'electron'
import type {EngineHost} from '../engine-host.ts'
import {ENDED, PORT, PORT_WANTED} from './channels.ts'
import {isRendererUrl} from './renderer-protocol.ts'

/**
 * Gives each page that asks a port of its own to the engine, as soon as there is one, and tells every
 * page when the engine has ended; then they ask again. The numbers themselves never pass through here.
 */
export function serveEnginePorts(host: EngineHost<MessagePortMain>): void {
  ipcMain.on(PORT_WANTED, (event) => {
    if (isOurPage(event)) void handPort(host, event)
  })
  host.on((event) => {
    if (event.kind !== 'ended') return
    for (const window of BrowserWindow.getAllWindows()) window.webContents.send(ENDED)
  })
}

async function handPort(host: EngineHost<MessagePortMain>, {sender}: IpcMainEvent): Promise<void> {
  const engine = await host.ready().catch(() => null)
  // The window was closed meanwhile, or the engine is not started any more.
  if (!engine || sender.isDestroyed()) return
  const {port1, port2} = new MessageChannelMain()
  await engine.process.send({kind: 'port'}, port1)
  sender.postMessage(PORT, null, [port2])
}

/** The main frame of a window of ours: no frame inside it, nothing it might have been led to. */
export function isOurPage(event: IpcMainEvent): boolean {
  const {sender, senderFrame} = event
  return (
    senderFrame !== null &&
    senderFrame === sender.mainFrame &&
    isRendererUrl(senderFrame.url) &&
    BrowserWindow.fromWebContents(sender) !== null
  )
}
