import {join} from 'node:path'
import {BrowserWindow} from 'electron'
import {packageRoot} from '../engine-options.ts'
import {RENDERER_URL} from './renderer-protocol.ts'

/** Opens the one window, shown when it has something to show. */
export function openMainWindow(): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 800,
    minHeight: 500,
    show: false,
    title: 'Tokenscope',
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
  window.once('ready-to-show', () => window.show())
  void window.loadURL(RENDERER_URL)
  return window
}
