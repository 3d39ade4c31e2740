import {ipcRenderer} from 'electron'
import {
  ENGINE_ENDED,
  ENGINE_PORT,
  ENGINE_PORT_WANTED,
} from '../shared/engine-client/port-messages.ts'
import {ENDED, PORT, PORT_WANTED} from './desktop/channels.ts'

// Ports cannot cross the context bridge, so they are passed on as window messages. Nothing is exposed.
window.addEventListener('message', ({data, source}) => {
  if (source === window && data === ENGINE_PORT_WANTED) ipcRenderer.send(PORT_WANTED)
})
ipcRenderer.on(PORT, ({ports: [port]}) => {
  if (port) window.postMessage(ENGINE_PORT, location.origin, [port])
})
ipcRenderer.on(ENDED, () => window.postMessage(ENGINE_ENDED, location.origin))
