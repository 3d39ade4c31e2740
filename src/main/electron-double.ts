import {EventEmitter} from 'node:events'
import {type MessagePort, MessageChannel as NodeMessageChannel} from 'node:worker_threads'

/**
 * A small double of the Electron modules that the desktop host touches, for tests of its wiring; the
 * real thing is driven by e2e/electron.spec.ts where a binary exists. It records what it was told and
 * lets a test play the part of the platform.
 */
class AppDouble extends EventEmitter {
  quitCount = 0
  hasLock = true
  whenReady = () => Promise.resolve()
  isReady = () => true
  requestSingleInstanceLock = () => this.hasLock
  quit = () => {
    this.quitCount++
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
  send(channel: string) {
    ipcMain.emit(channel, {sender: this.contents, senderFrame: this.contents?.mainFrame})
  }
}
export const ipcRenderer = new IpcRendererDouble()

export class WebContentsDouble extends EventEmitter {
  mainFrame = {url: 'app://tokenscope/'}
  windowOpenHandler: ((details: {url: string}) => {action: string}) | null = null
  isGone = false
  getURL = () => this.mainFrame.url
  isDestroyed = () => this.isGone
  setWindowOpenHandler(handler: (details: {url: string}) => {action: string}) {
    this.windowOpenHandler = handler
  }
  send(channel: string) {
    ipcRenderer.emit(channel, {ports: []})
  }
  postMessage(channel: string, _message: unknown, ports: MainPortDouble[]) {
    // In the page a port is the browser's own.
    ipcRenderer.emit(channel, {ports: ports.map(({inner}) => inner)})
  }
}

export class BrowserWindow extends EventEmitter {
  static readonly windows: BrowserWindow[] = []
  static getAllWindows = () => BrowserWindow.windows
  static fromWebContents = (contents: unknown) =>
    BrowserWindow.windows.find((window) => window.webContents === contents) ?? null

  readonly webContents = new WebContentsDouble()
  loadedUrl = ''
  isShown = false
  constructor(readonly options: {webPreferences: Record<string, unknown>}) {
    super()
    BrowserWindow.windows.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }
  loadURL(url: string) {
    this.loadedUrl = url
    return Promise.resolve()
  }
  show() {
    this.isShown = true
  }
  isMinimized = () => false
  focus() {
    this.isShown = true
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
