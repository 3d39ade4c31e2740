import {join} from 'node:path'
import {BrowserWindow, nativeTheme} from 'electron'
import {packageRoot, unpackedRoot} from '../engine-options.ts'
import {RENDERER_URL} from './renderer-protocol.ts'
import {MIN_HEIGHT_PX, MIN_WIDTH_PX, type WindowPlace} from './window-place.ts'

/** `--paper` of src/renderer/ui/tokens.css: what is seen before the page has drawn itself. */
const PAPER = {light: '#fdfefe', dark: '#101216'}

/** What a window is painted with where its page has not been drawn yet. */
export function paperColor(): string {
  return nativeTheme.shouldUseDarkColors ? PAPER.dark : PAPER.light
}

/** Opens a window at a place; it is shown when it has something to show. */
export function openWindow({bounds, isMaximized, isFullScreen}: WindowPlace): BrowserWindow {
  const window = new BrowserWindow({
    ...bounds,
    minWidth: Math.min(MIN_WIDTH_PX, bounds.width),
    minHeight: Math.min(MIN_HEIGHT_PX, bounds.height),
    show: false,
    title: 'Tokenscope',
    backgroundColor: paperColor(),
    // The other platforms take it from the application's own file.
    ...(process.platform === 'linux'
      ? {icon: join(unpackedRoot(), 'assets/icons/tokenscope-512.png')}
      : {}),
    webPreferences: {
      preload: join(packageRoot(), 'out/preload/index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    },
  })
  window.once('ready-to-show', () => {
    if (isMaximized) window.maximize()
    if (isFullScreen) window.setFullScreen(true)
    window.show()
  })
  void window.loadURL(RENDERER_URL)
  return window
}
