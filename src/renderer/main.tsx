import {createRoot} from 'react-dom/client'
import {connectEngine} from '../shared/engine-client/connect.ts'
import {messagePortOpener, type PageWindow} from '../shared/engine-client/message-port-channel.ts'
import {openWebSocketChannel} from '../shared/engine-client/websocket-channel.ts'
import type {HostBridge} from '../shared/host/host-bridge.ts'
import {App} from './app/app.tsx'
import {COMMANDS} from './commands/registry.ts'
import {connectHost} from './host/connect-host.ts'
import {LENSES} from './lenses/registry.ts'
import {browserListArchive} from './list-archive.ts'
import {browserPages, watchAddress} from './pages.ts'
import type {WorkbenchDeps} from './store/context.ts'
import {createWorkbench} from './store/workbench.ts'
import {matchRegex} from './workers/match-regex.ts'
import './ui/tokens.css'
import './ui/fonts.css'
import './ui/base.css'

/** Served pages reach the engine through a socket; the desktop's page has no web address. */
function openChannel() {
  if (!location.protocol.startsWith('http')) {
    return messagePortOpener(window as unknown as PageWindow)
  }
  const url = new URL('/engine', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return () => openWebSocketChannel(url.href)
}

async function connect(): Promise<WorkbenchDeps['connection']> {
  if (import.meta.env.DEV) {
    const {fakeConnection} = await import('./fake-connection.ts')
    const fake = fakeConnection(new URLSearchParams(location.search))
    if (fake) return fake
  }
  return connectEngine(openChannel())
}

const connection = await connect()
// Only the desktop's preload script puts one there.
const host = (window as {readonly tokenscopeHost?: HostBridge}).tokenscopeHost
const after = (delayMs: number, callback: () => void) => {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
}
const workbench = createWorkbench({
  connection,
  storage: localStorage,
  session: sessionStorage,
  listArchive: browserListArchive(sessionStorage),
  pages: browserPages,
  lensIds: LENSES.map(({id}) => id),
  matchRegex,
  now: () => Date.now(),
  onNextFrame: (callback) => void requestAnimationFrame(callback),
  after,
  ...(host ? {host} : {}),
})
createRoot(document.getElementById('app')!).render(<App workbench={workbench} />)
window.addEventListener('pagehide', () => workbench.actions.keepDocument())
watchAddress(workbench.actions.openLink)
workbench.actions.start()
if (host) connectHost(host, workbench, {commands: COMMANDS, after})
