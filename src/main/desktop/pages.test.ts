import {afterEach, expect, test, vi} from 'vitest'
import {startDesktop, type TestDesktop} from '../test-desktop.ts'

let desktop: TestDesktop
const started = async (options = {}) => {
  desktop = await startDesktop(options)
  return desktop
}
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  desktop.stop()
})

test('preload gives the page a bridge, and what it sends arrives checked', async () => {
  const {BrowserWindow, contextBridge, ipcRenderer, nativeTheme, webUtils} = await started()
  const [window] = BrowserWindow.windows
  ipcRenderer.contents = window!.webContents
  vi.stubGlobal('window', {addEventListener: () => undefined})
  await import('../preload.ts')
  const bridge = contextBridge.exposed.tokenscopeHost as {
    send(message: unknown): void
    onMessage(listener: (message: unknown) => void): () => void
    pathOf(file: unknown): string
  }
  expect(Object.keys(bridge).sort()).toEqual(['onMessage', 'pathOf', 'send'])

  bridge.send({kind: 'theme', theme: 'dark'})
  expect(nativeTheme.themeSource).toBe('dark')
  const complain = vi.spyOn(console, 'error').mockReturnValue()
  for (const wrong of [{kind: 'theme', theme: 'pink'}, {kind: 'quit'}, null, 'theme', {}]) {
    bridge.send(wrong)
  }
  expect(nativeTheme.themeSource).toBe('dark')
  expect(complain).toHaveBeenCalledTimes(5)

  const file = new File(['x'], 'x.txt')
  webUtils.paths.set(file, '/home/me/x.txt')
  expect(bridge.pathOf(file)).toBe('/home/me/x.txt')
  expect(bridge.pathOf(new File(['y'], 'made-in-the-page.txt'))).toBe('')
  expect(bridge.pathOf('/etc/passwd')).toBe('')

  const heard: unknown[] = []
  const stop = bridge.onMessage((message) => heard.push(message))
  desktop.app.emit('open-url', {preventDefault: () => undefined}, 'tokenscope://open?lens=tokens')
  const link = {kind: 'open-link', url: 'tokenscope://open?lens=tokens'}
  await vi.waitFor(() => expect(heard).toEqual([link]))
  stop()
  window!.webContents.send('host-message', link)
  expect(heard).toEqual([link])
})

test('what is not our page’s main frame is not heard', async () => {
  const {BrowserWindow, ipcMain, nativeTheme, WebContentsDouble} = await started()
  const {webContents} = BrowserWindow.windows[0]!
  const message = {kind: 'theme', theme: 'dark'}
  const complain = vi.spyOn(console, 'error').mockReturnValue()
  const foreign = new WebContentsDouble()
  ipcMain.emit('page-message', {sender: foreign, senderFrame: foreign.mainFrame}, message)
  ipcMain.emit('page-message', {sender: webContents, senderFrame: null}, message)
  const frame = {url: 'app://tokenscope/'}
  ipcMain.emit('page-message', {sender: webContents, senderFrame: frame}, message)
  webContents.mainFrame.url = 'https://evil.example/'
  ipcMain.emit('page-message', {sender: webContents, senderFrame: webContents.mainFrame}, message)
  expect(nativeTheme.themeSource).toBe('system')
  expect(complain).toHaveBeenCalledTimes(4)
})

test('what arrives before the page listens waits, and again after it was loaded anew', async () => {
  const {BrowserWindow, app, heard, listen} = await started({
    prepare: ({app}: TestDesktop) => {
      app.isStarted = false
      setTimeout(() => {
        const event = {preventDefault: vi.fn()}
        app.emit('open-url', event, 'tokenscope://a')
        expect(event.preventDefault).toHaveBeenCalled()
        app.becomeReady()
      }, 10)
    },
  })
  const open = (url: string) => app.emit('open-url', {preventDefault: () => undefined}, url)
  open('tokenscope://b')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(heard()).toEqual([])
  listen()
  expect(heard()).toEqual([
    {kind: 'open-link', url: 'tokenscope://a'},
    {kind: 'open-link', url: 'tokenscope://b'},
  ])

  const {webContents} = BrowserWindow.windows[0]!
  webContents.emit('did-start-navigation', {isMainFrame: true, isSameDocument: true})
  open('tokenscope://c')
  await vi.waitFor(() => expect(heard().length).toBe(3))
  webContents.reload()
  open('tokenscope://d')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(heard().length).toBe(3)
  listen()
  expect(heard().at(-1)).toEqual({kind: 'open-link', url: 'tokenscope://d'})
})

test('the folder chooser answers the window that asked, once at a time', async () => {
  const {BrowserWindow, dialog, say, listen, heard} = await started()
  listen()
  say({kind: 'new-window'})
  const [first, second] = BrowserWindow.windows
  listen(second)
  dialog.chosenFolder = '/models/gpt2'
  say({kind: 'choose-folder'}, second)
  say({kind: 'choose-folder'}, second)
  await vi.waitFor(() =>
    expect(heard(second)).toEqual([{kind: 'open-folder', path: '/models/gpt2'}])
  )
  expect(heard(first)).toEqual([])
  expect(dialog.shown.map(({options}) => options.properties)).toEqual([['openDirectory']])

  dialog.chosenFolder = null
  say({kind: 'choose-folder'}, second)
  await vi.waitFor(() => expect(dialog.shown.length).toBe(2))
  dialog.failure = new Error('no portal')
  await new Promise((resolve) => setTimeout(resolve, 5))
  say({kind: 'choose-folder'}, second)
  await vi.waitFor(() => expect(heard(second).length).toBe(2))
  expect(heard(second)[1]).toMatchObject({
    kind: 'notice',
    text: expect.stringMatching(/no portal.*Drop the folder/),
  })
})

test('frames follow the page’s theme, and windows are painted like its paper', async () => {
  const {BrowserWindow, nativeTheme, say} = await started()
  const [window] = BrowserWindow.windows
  expect(window!.options.backgroundColor).toBe('#fdfefe')
  say({kind: 'theme', theme: 'dark'})
  expect(window!.backgroundColor).toBe('#101216')
  say({kind: 'theme', theme: 'system'})
  expect(window!.backgroundColor).toBe('#fdfefe')
  nativeTheme.isSystemDark = true
  nativeTheme.emit('updated')
  expect(window!.backgroundColor).toBe('#101216')
  say({kind: 'new-window'})
  expect(BrowserWindow.windows[1]!.options.backgroundColor).toBe('#101216')
})
