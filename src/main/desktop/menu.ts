import {app, BrowserWindow, Menu} from 'electron'
import type {MenuCommand} from '../../shared/host/host-bridge.ts'
import {packageVersion} from '../engine-options.ts'
import {commandItemId, type MenuParts, menuTemplate} from './menu-template.ts'
import type {OpenRequests} from './open-requests.ts'
import type {Pages} from './pages.ts'
import type {RecentPaths} from './recent-paths.ts'
import type {Windows} from './windows.ts'

/** More commands than any menu can show are a mistake of the page. */
const MAX_COMMANDS = 500

/**
 * The menu bar: of each window on Linux and Windows, of the window in use on macOS. It is built from
 * the commands that the window's page tells, and the platform's own items around them.
 */
export function serveMenus({
  pages,
  windows,
  recents,
  requests,
  showCrashReports,
}: {
  pages: Pages
  windows: Windows
  recents: RecentPaths
  requests: OpenRequests
  showCrashReports: () => void
}): void {
  const commandsOf = new WeakMap<BrowserWindow, readonly MenuCommand[]>()
  const shapes = new WeakMap<Menu, string>()
  const menus = new WeakMap<BrowserWindow, Menu>()
  const isMac = process.platform === 'darwin'

  app.setAboutPanelOptions({
    applicationName: 'Tokenscope',
    applicationVersion: packageVersion(),
    copyright: 'MIT license',
  })

  const build = (window: BrowserWindow | null) => {
    const commands = (window && commandsOf.get(window)) ?? []
    const parts: MenuParts = {
      platform: process.platform,
      commands,
      recentPaths: recents.paths(),
      isDevelopment: !app.isPackaged,
      run: (id) => windows.tell({kind: 'run-command', id}),
      openPath: (path) => requests.open(path),
      newWindow: () => void windows.open(),
      clearRecent: () => recents.clear(),
      showCrashReports,
    }
    const menu = Menu.buildFromTemplate(menuTemplate(parts))
    shapes.set(menu, shapeOf(commands))
    return menu
  }

  const show = (window: BrowserWindow | null) => {
    const menu = build(window)
    if (window) menus.set(window, menu)
    if (!isMac) window?.setMenu(menu)
    else if (window === windows.current()) Menu.setApplicationMenu(menu)
  }

  /** A menu that is built anew closes under the pointer, so what can be changed in place is. */
  const update = (window: BrowserWindow, commands: readonly MenuCommand[]) => {
    const menu = menus.get(window)
    if (!menu || shapes.get(menu) !== shapeOf(commands)) {
      show(window)
      return
    }
    for (const {id, isEnabled} of commands) {
      const item = menu.getMenuItemById(commandItemId(id))
      if (item) item.enabled = isEnabled
    }
  }

  pages.on('commands', ({commands}, window) => {
    commandsOf.set(window, commands.slice(0, MAX_COMMANDS))
    update(window, commands.slice(0, MAX_COMMANDS))
  })
  recents.onChange(() => {
    for (const window of BrowserWindow.getAllWindows()) show(window)
    if (isMac && BrowserWindow.getAllWindows().length === 0) show(null)
  })
  app.on('browser-window-created', (_, window) => {
    // What the page of a window that is loaded again can do is not known until it says so.
    window.webContents.on('did-start-navigation', ({isMainFrame, isSameDocument}) => {
      if (!isMainFrame || isSameDocument || !commandsOf.delete(window)) return
      show(window)
    })
    window.on('closed', () => {
      if (isMac) Menu.setApplicationMenu(menuInUse())
    })
    if (isMac) window.on('focus', () => Menu.setApplicationMenu(menuInUse()))
    else show(window)
  })

  const menuInUse = () => {
    const window = windows.current()
    return (window && menus.get(window)) ?? build(window)
  }
  // On the other platforms every window has its own, so that Electron's example menu never shows.
  Menu.setApplicationMenu(isMac ? build(null) : null)
}

/** What a menu has to be built anew for. */
function shapeOf(commands: readonly MenuCommand[]): string {
  return JSON.stringify(commands.map(({isEnabled: _, ...rest}) => rest))
}
