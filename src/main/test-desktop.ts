import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, vi} from 'vitest'
import type {HostMessage, PageMessage} from '../shared/host/host-bridge.ts'
import type {BrowserWindow, Menu, MenuItemDouble} from './electron-double.ts'

type Double = typeof import('./electron-double.ts')

/** The desktop host on a fresh double of Electron, on a platform that the test plays. */
export interface TestDesktop extends Double {
  readonly userData: string
  /** What a page of the window says. */
  say(message: PageMessage | Record<string, unknown>, window?: BrowserWindow): void
  /** The window's page begins to listen. */
  listen(window?: BrowserWindow): void
  /** Host messages that the window was sent. */
  heard(window?: BrowserWindow): HostMessage[]
  /** The menu that the person sees over the window. */
  menu(window?: BrowserWindow): Menu
  stop(): void
}

const EVENTS = ['uncaughtException', 'unhandledRejection'] as const

/** Starts it and waits for its first window. `keep` starts once more on what an earlier one left. */
export async function startDesktop({
  platform = 'linux',
  argv = [],
  prepare,
  keep,
  windowCount = 1,
}: {
  platform?: NodeJS.Platform
  argv?: string[]
  /** Sets up the double before the host starts. */
  prepare?: (double: Double) => void
  keep?: TestDesktop
  windowCount?: number
} = {}): Promise<TestDesktop> {
  vi.resetModules()
  const double: Double = await import('./electron-double.ts')
  const before = {
    platform: process.platform,
    argv: process.argv,
    listeners: EVENTS.map((event) => process.listeners(event as 'uncaughtException')),
  }
  const userData = keep?.userData ?? mkdtempSync(join(tmpdir(), 'tokenscope-desktop-'))
  double.app.paths.userData = userData
  Object.defineProperty(process, 'platform', {value: platform})
  process.argv = ['/usr/bin/electron', double.app.appPath, ...argv]
  prepare?.(double)
  await import('./index.ts')
  await vi.waitFor(() => expect(double.BrowserWindow.windows.length).toBe(windowCount))

  const first = () => double.BrowserWindow.getAllWindows()[0]!
  const emit = (channel: string, window: BrowserWindow, message?: unknown) => {
    const {webContents} = window
    double.ipcMain.emit(
      channel,
      {sender: webContents, senderFrame: webContents.mainFrame},
      structuredClone(message)
    )
  }
  return {
    ...double,
    userData,
    say: (message, window = first()) => emit('page-message', window, message),
    listen: (window = first()) => emit('page-listens', window),
    heard: (window = first()) =>
      window.webContents.sent
        .filter(({channel}) => channel === 'host-message')
        .map(({message}) => message as HostMessage),
    menu: (window = first()) =>
      (platform === 'darwin' ? double.Menu.applicationMenu : window.menu)!,
    stop() {
      double.app.emit('will-quit')
      for (const [index, event] of EVENTS.entries()) {
        for (const listener of process.listeners(event as 'uncaughtException')) {
          if (!before.listeners[index]!.includes(listener)) process.off(event, listener)
        }
      }
      Object.defineProperty(process, 'platform', {value: before.platform})
      process.argv = before.argv
      if (!keep) rmSync(userData, {recursive: true, force: true})
    },
  }
}

/** A menu as indented lines: what a person reads, with keys and what is greyed out. */
export function menuLines(menu: Menu, indent = ''): string[] {
  return menu.items
    .filter(({visible}) => visible !== false)
    .flatMap((item) => {
      const name = item.type === 'separator' ? '—' : (item.label ?? `(${item.role})`)
      const role = item.label && item.role ? ` (${item.role})` : ''
      const key = item.accelerator ? ` [${item.accelerator}]` : ''
      const off = item.enabled === false ? ' off' : ''
      const line = `${indent}${name}${role}${key}${off}`
      return item.submenu ? [line, ...menuLines(item.submenu as Menu, `${indent}  `)] : [line]
    })
}

/** The item with this label, wherever it is. */
export function menuItem(menu: Menu, label: string): MenuItemDouble {
  const all = (inside: Menu): MenuItemDouble[] =>
    inside.items.flatMap((item) => [item, ...(item.submenu ? all(item.submenu as Menu) : [])])
  const found = all(menu).find((item) => item.label === label)
  if (!found) throw new Error(`no menu item “${label}”`)
  return found
}
