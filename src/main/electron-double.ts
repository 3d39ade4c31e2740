import {EventEmitter} from 'node:events'
import {existsSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type MessagePort, MessageChannel as NodeMessageChannel} from 'node:worker_threads'
import type {Menu} from './electron-double-platform.ts'

export * from './electron-double-platform.ts'

/**
 * A small double of the Electron modules that the desktop host touches, for tests of its wiring; the
 * real thing is driven by e2e/electron.spec.ts where a binary exists. It records what it was told and
 * lets a test play the part of the platform.
 */
class AppDouble extends EventEmitter {
  quitCount = 0
  exitCode: number | null = null
  hasLock = true
  isPackaged = false
  appPath = '/app'
  paths: Record<string, string> = {userData: join(tmpdir(), `tokenscope-double-${process.pid}`)}
  recentDocuments: string[] = []
  protocolClients: string[] = []
  aboutPanel: Record<string, string> = {}
  userModelId = ''
  /** A test that plays an early start sets it and calls `becomeReady`. */
  isStarted = true
  private waiting: (() => void)[] = []
  whenReady = () =>
    this.isStarted
      ? Promise.resolve()
      : new Promise<void>((resolve) => void this.waiting.push(resolve))
  becomeReady() {
    this.isStarted = true
    for (const resolve of this.waiting.splice(0)) resolve()
  }
  isReady = () => this.isStarted
  requestSingleInstanceLock = () => this.hasLock
  quit = () => {
    this.quitCount++
  }
  exit = (code: number) => {
    this.exitCode = code
  }
  getAppPath = () => this.appPath
  getPath(name: string) {
    const path = this.paths[name]
    if (path === undefined) throw new Error(`Failed to get '${name}' path`)
    return path
  }
  setPath(name: string, path: string) {
    if (!existsSync(path)) throw new Error(`Failed to set path: ${path} does not exist`)
    this.paths[name] = path
  }
  addRecentDocument = (path: string) => void this.recentDocuments.push(path)
  clearRecentDocuments = () => void this.recentDocuments.splice(0)
  isDefaultProtocolClient = (scheme: string) => this.protocolClients.includes(scheme)
  setAsDefaultProtocolClient = (scheme: string) => {
    this.protocolClients.push(scheme)
    return true
  }
  setAppUserModelId = (id: string) => {
    this.userModelId = id
  }
  setAboutPanelOptions = (options: Record<string, string>) => {
    this.aboutPanel = options
  }
}
export const app = new AppDouble()

type Handler = (...given: never[]) => unknown

export const session = {
  defaultSession: {
    handlers: {} as Record<string, Handler>,
    setPermissionRequestHandler(handler: Handler) {
      this.handlers.request = handler
    },
    setPermissionCheckHandler(handler: Handler) {
      this.handlers.check = handler
    },
    setDevicePermissionHandler(handler: Handler) {
      this.handlers.device = handler
    },
  },
}

export const protocol = {
  privileged: [] as unknown[],
  handlers: {} as Record<string, (request: {url: string}) => Promise<Response>>,
  registerSchemesAsPrivileged(schemes: unknown[]) {
    this.privileged.push(...schemes)
  },
  handle(scheme: string, handler: (request: {url: string}) => Promise<Response>) {
    this.handlers[scheme] = handler
  },
}

export const ipcMain = new EventEmitter()

/** The page's side; `preload.ts` listens here. */
class IpcRendererDouble extends EventEmitter {
  /** The window this renderer belongs to; a test sets it before preload sends. */
  contents: WebContentsDouble | null = null
  send(channel: string, ...given: unknown[]) {
    // What crosses is a copy, and what cannot be copied does not cross.
    const copies = structuredClone(given)
    ipcMain.emit(channel, {sender: this.contents, senderFrame: this.contents?.mainFrame}, ...copies)
  }
}
export const ipcRenderer = new IpcRendererDouble()

/** What preload gave to the page, by name. */
export const contextBridge = {
  exposed: {} as Record<string, unknown>,
  exposeInMainWorld(name: string, api: unknown) {
    this.exposed[name] = api
  },
}

export const webUtils = {
  paths: new Map<unknown, string>(),
  getPathForFile(file: unknown) {
    if (!(file instanceof Blob)) throw new TypeError('not a File')
    return this.paths.get(file) ?? ''
  },
}

export class WebContentsDouble extends EventEmitter {
  mainFrame = {url: 'app://tokenscope/'}
  windowOpenHandler: ((details: {url: string}) => {action: string}) | null = null
  isGone = false
  reloadCount = 0
  /** What this window was sent, in order. */
  readonly sent: {channel: string; message: unknown}[] = []
  getURL = () => this.mainFrame.url
  isDestroyed = () => this.isGone
  setWindowOpenHandler(handler: (details: {url: string}) => {action: string}) {
    this.windowOpenHandler = handler
  }
  send(channel: string, message?: unknown) {
    this.sent.push({channel, message: structuredClone(message)})
    if (ipcRenderer.contents && ipcRenderer.contents !== this) return
    ipcRenderer.emit(channel, {ports: []}, message)
  }
  postMessage(channel: string, _message: unknown, ports: MainPortDouble[]) {
    // In the page a port is the browser's own.
    ipcRenderer.emit(channel, {ports: ports.map(({inner}) => inner)})
  }
  reload() {
    this.reloadCount++
    this.emit('did-start-navigation', {isMainFrame: true, isSameDocument: false})
  }
}

export interface RectangleDouble {
  x: number
  y: number
  width: number
  height: number
}

export class BrowserWindow extends EventEmitter {
  static readonly windows: BrowserWindow[] = []
  static focused: BrowserWindow | null = null
  static getAllWindows = () => BrowserWindow.windows.filter((window) => !window.isDestroyed())
  static getFocusedWindow = () => BrowserWindow.focused
  static fromWebContents = (contents: unknown) =>
    BrowserWindow.windows.find((window) => window.webContents === contents) ?? null

  readonly webContents = new WebContentsDouble()
  loadedUrl = ''
  isShown = false
  menu: Menu | null = null
  backgroundColor = ''
  private bounds: RectangleDouble
  private state = {isMaximized: false, isFullScreen: false, isMinimized: false}
  constructor(
    readonly options: RectangleDouble & {
      webPreferences: Record<string, unknown>
      minWidth: number
      minHeight: number
      backgroundColor: string
      icon?: string
    }
  ) {
    super()
    const {x, y, width, height} = options
    this.bounds = {x, y, width, height}
    this.backgroundColor = options.backgroundColor
    BrowserWindow.windows.push(this)
    app.emit('web-contents-created', {}, this.webContents)
    app.emit('browser-window-created', {}, this)
  }
  loadURL(url: string) {
    this.loadedUrl = url
    return Promise.resolve()
  }
  show() {
    this.isShown = true
  }
  focus() {
    this.isShown = true
    BrowserWindow.focused = this
    this.emit('focus')
  }
  isDestroyed = () => this.webContents.isGone
  isMinimized = () => this.state.isMinimized
  minimize() {
    this.state.isMinimized = true
  }
  restore() {
    this.state.isMinimized = false
  }
  isMaximized = () => this.state.isMaximized
  maximize() {
    this.state.isMaximized = true
    this.emit('maximize')
  }
  isFullScreen = () => this.state.isFullScreen
  setFullScreen(isFullScreen: boolean) {
    this.state.isFullScreen = isFullScreen
    this.emit(isFullScreen ? 'enter-full-screen' : 'leave-full-screen')
  }
  getBounds = () => this.bounds
  getNormalBounds = () => this.bounds
  setBounds(bounds: RectangleDouble) {
    this.bounds = bounds
    this.emit('move')
    this.emit('resize')
  }
  setMenu(menu: Menu | null) {
    this.menu = menu
  }
  setBackgroundColor(color: string) {
    this.backgroundColor = color
  }
  close() {
    this.emit('close')
    this.destroy()
  }
  destroy() {
    this.webContents.isGone = true
    if (BrowserWindow.focused === this) BrowserWindow.focused = null
    this.emit('closed')
    if (BrowserWindow.getAllWindows().length === 0) app.emit('window-all-closed')
  }
}

/** `MessagePortMain`, on a Node port. */
export class MainPortDouble extends EventEmitter {
  constructor(readonly inner: MessagePort) {
    super()
    inner.on('close', () => this.emit('close'))
  }
  start() {
    this.inner.on('message', (data: unknown) => this.emit('message', {data, ports: []}))
  }
  postMessage(message: unknown) {
    this.inner.postMessage(message)
  }
  close() {
    this.inner.close()
  }
}

export class MessageChannelMain {
  readonly port1: MainPortDouble
  readonly port2: MainPortDouble
  constructor() {
    const {port1, port2} = new NodeMessageChannel()
    this.port1 = new MainPortDouble(port1)
    this.port2 = new MainPortDouble(port2)
  }
}

/** A process that a test plays: it says `ready`, answers ports, and exits, when told to. */
export class UtilityProcessDouble extends EventEmitter {
  readonly pid = 4242
  readonly stderr = new EventEmitter()
  readonly ports: MainPortDouble[] = []
  onPort: ((port: MainPortDouble) => void) | null = null
  constructor(
    readonly path: string,
    readonly options: {env: Record<string, string>}
  ) {
    super()
  }
  postMessage(_message: unknown, ports: MainPortDouble[] = []) {
    for (const port of ports) {
      this.ports.push(port)
      this.onPort?.(port)
    }
  }
  kill() {
    this.exit(9)
    return true
  }
  exit(code: number) {
    for (const port of this.ports) port.close()
    this.emit('exit', code)
  }
}

export const utilityProcess = {
  forked: [] as UtilityProcessDouble[],
  fork(path: string, _arguments: string[], options: {env: Record<string, string>}) {
    const child = new UtilityProcessDouble(path, options)
    this.forked.push(child)
    return child
  },
}
