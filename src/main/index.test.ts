import {rmSync} from 'node:fs'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {connectEngine, type EngineConnection} from '../shared/engine-client/connect.ts'
import {messagePortOpener, type PageWindow} from '../shared/engine-client/message-port-channel.ts'
import {ENGINE_PORT} from '../shared/engine-client/port-messages.ts'
import {problemOf} from '../shared/engine-client/problem-of.ts'
import {
  app,
  BrowserWindow,
  ipcMain,
  ipcRenderer,
  protocol,
  session,
  type UtilityProcessDouble,
  utilityProcess,
  WebContentsDouble,
} from './electron-double.ts'
import {createBlobs} from './engine/blobs.ts'
import {createConnections, mainPortChannel} from './engine/connections.ts'
import {createTestRouter} from './engine/test-engine.ts'

const page = createPageWindow()
let window: BrowserWindow
let connection: EngineConnection

beforeAll(async () => {
  vi.stubGlobal('window', page)
  vi.stubGlobal('location', {origin: 'app://tokenscope'})
  await import('./index.ts')
  await vi.waitFor(() => expect(BrowserWindow.windows.length).toBe(1))
  window = BrowserWindow.windows[0]!
  ipcRenderer.contents = window.webContents
  await import('./preload.ts')
})
afterAll(() => {
  connection?.close()
  app.emit('will-quit')
  rmSync(app.getPath('userData'), {recursive: true, force: true})
})

/** `window` as preload and page share it: what is posted arrives in its own time. */
function createPageWindow(): PageWindow {
  const listeners = new Set<(event: never) => void>()
  return {
    addEventListener: (_type: 'message', listener: (event: never) => void) =>
      void listeners.add(listener),
    postMessage(data: string, _origin: string, ports: readonly unknown[] = []) {
      setTimeout(() => {
        for (const listener of listeners) listener({data, ports, source: page} as never)
      })
    },
  }
}

/** Lets a forked engine do what the real one does with the ports it is given. */
function bringUp(child: UtilityProcessDouble): void {
  const {TOKENSCOPE_ENGINE_OPTIONS} = child.options.env
  const router = createTestRouter(createBlobs(), JSON.parse(TOKENSCOPE_ENGINE_OPTIONS!))
  const connections = createConnections(router)
  child.onPort = (port) => connections.attach(mainPortChannel(port))
  child.emit('message', {kind: 'ready', blobAddress: ''})
}

const forkedCount = (count: number) =>
  vi.waitFor(() => expect(utilityProcess.forked.length).toBe(count), 5000)

test('the window has no Node, a sandbox, and the page from its own origin', () => {
  expect(window.options.webPreferences).toMatchObject({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
  })
  expect(window.loadedUrl).toBe('app://tokenscope/')
  expect(window.isShown).toBe(false)
  window.emit('ready-to-show')
  expect(window.isShown).toBe(true)
})

test('the page’s scheme serves its files and nothing else', async () => {
  expect(protocol.privileged).toMatchObject([{scheme: 'app', privileges: {standard: true}}])
  const get = (url: string) => protocol.handlers.app!({url})
  for (const url of ['app://tokenscope/../package.json', 'app://tokenscope/no', 'app://other/']) {
    expect((await get(url)).status).toBe(404)
  }
})

test('permissions, navigation, windows and web views are denied', () => {
  const {request, check, device} = session.defaultSession.handlers
  const ask = (permission: string, url = 'app://tokenscope/') => {
    let answer: boolean | null = null
    const contents = {getURL: () => url}
    request!(
      contents as never,
      permission as never,
      ((granted: boolean) => {
        answer = granted
      }) as never
    )
    return answer
  }
  for (const permission of [
    'media',
    'geolocation',
    'notifications',
    'openExternal',
    'hid',
    'midi',
  ]) {
    expect(ask(permission)).toBe(false)
    expect(check!(null as never, permission as never, 'app://tokenscope' as never)).toBe(false)
  }
  expect(ask('clipboard-sanitized-write')).toBe(true)
  expect(ask('clipboard-sanitized-write', 'https://evil.example/')).toBe(false)
  expect(device!()).toBe(false)

  const {webContents} = window
  expect(webContents.windowOpenHandler!({url: 'https://example.com'})).toEqual({action: 'deny'})
  const isPrevented = (event: string, url: string) => {
    const preventDefault = vi.fn()
    webContents.emit(event, {url, preventDefault})
    return preventDefault.mock.calls.length === 1
  }
  const elsewhere = [
    'https://example.com/',
    'file:///etc/passwd',
    'app://tokenscope.evil/',
    'app://x/',
  ]
  for (const url of elsewhere) {
    expect(isPrevented('will-navigate', url)).toBe(true)
    expect(isPrevented('will-redirect', url)).toBe(true)
  }
  expect(isPrevented('will-navigate', 'app://tokenscope/')).toBe(false)
  expect(isPrevented('will-attach-webview', '')).toBe(true)
})

test('the page gets a port to the engine when there is one', async () => {
  await forkedCount(1)
  const [engine] = utilityProcess.forked
  expect(engine!.path).toMatch(/out[\\/]main[\\/]engine\.js$/)
  connection = connectEngine(messagePortOpener(page))
  const status = connection.client.engine.status()
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(engine!.ports.length).toBe(0)
  bringUp(engine!)
  expect(await status).toMatchObject({startCount: 1, lastExit: null})
  const {bytes} = (await connection.client.blobs.probe({byteLength: 5, asBlob: false})) as {
    bytes: Uint8Array
  }
  expect(bytes).toEqual(new Uint8Array(5).fill(7))
})

test('when the engine dies the page is told and gets a port to the next one', async () => {
  const states: string[] = []
  connection.onState((state) => states.push(state))
  utilityProcess.forked[0]!.exit(11)
  await vi.waitFor(() => expect(states).toEqual(['lost']))
  const refused = await connection.client.engine.status().catch((error: unknown) => error)
  expect(problemOf(refused)?.code).toBe('engine-restarting')
  await forkedCount(2)
  bringUp(utilityProcess.forked[1]!)
  await vi.waitFor(() => expect(states).toEqual(['lost', 'connected']), 5000)
  expect(await connection.client.engine.status()).toMatchObject({
    startCount: 2,
    lastExit: 'crashed in native code (SIGSEGV)',
  })
})

test('a port is handed to our own page only', async () => {
  const engine = utilityProcess.forked[1]!
  const before = engine.ports.length
  const {webContents} = window
  const foreign = new WebContentsDouble()
  const ask = async (sender: WebContentsDouble, senderFrame: {url: string} | null) => {
    ipcMain.emit('engine-port-wanted', {sender, senderFrame})
    await new Promise((resolve) => setTimeout(resolve, 10))
    return engine.ports.length - before
  }
  expect(await ask(foreign, foreign.mainFrame)).toBe(0)
  expect(await ask(webContents, {url: 'app://tokenscope/'})).toBe(0)
  expect(await ask(webContents, null)).toBe(0)
  webContents.mainFrame.url = 'https://evil.example/'
  expect(await ask(webContents, webContents.mainFrame)).toBe(0)
  webContents.mainFrame.url = 'app://tokenscope/'
  expect(await ask(webContents, webContents.mainFrame)).toBe(1)
})

test('the page takes a port from its own window only, and closes one it did not ask for', async () => {
  const opener = messagePortOpener(page)
  const closed = vi.fn()
  const post = page.postMessage as (data: string, origin: string, ports: unknown[]) => void
  post(ENGINE_PORT, '', [{close: closed}])
  await vi.waitFor(() => expect(closed).toHaveBeenCalled())
  expect(opener).toBeTypeOf('function')
})
