import {contextBridge, type IpcRendererEvent, ipcRenderer, webUtils} from 'electron'
import {
  ENGINE_ENDED,
  ENGINE_PORT,
  ENGINE_PORT_WANTED,
} from '../shared/engine-client/port-messages.ts'
import type {HostBridge, PageMessage} from '../shared/host/host-bridge.ts'
import {
  ENDED,
  HOST_MESSAGE,
  PAGE_LISTENS,
  PAGE_MESSAGE,
  PORT,
  PORT_WANTED,
} from './desktop/channels.ts'

// Ports cannot cross the context bridge, so they are passed on as window messages.
window.addEventListener('message', ({data, source}) => {
  if (source === window && data === ENGINE_PORT_WANTED) ipcRenderer.send(PORT_WANTED)
})
ipcRenderer.on(PORT, ({ports: [port]}) => {
  if (port) window.postMessage(ENGINE_PORT, location.origin, [port])
})
ipcRenderer.on(ENDED, () => window.postMessage(ENGINE_ENDED, location.origin))

const bridge: HostBridge = {
  send: (message: PageMessage) => ipcRenderer.send(PAGE_MESSAGE, message),
  onMessage(listener) {
    const receive = (_: IpcRendererEvent, message: unknown) => listener(message)
    ipcRenderer.on(HOST_MESSAGE, receive)
    ipcRenderer.send(PAGE_LISTENS)
    return () => void ipcRenderer.removeListener(HOST_MESSAGE, receive)
  },
  pathOf(file) {
    try {
      return webUtils.getPathForFile(file as File)
    } catch {
      // It throws at anything that is not a file.
      return ''
    }
  },
}
contextBridge.exposeInMainWorld('tokenscopeHost', bridge)
