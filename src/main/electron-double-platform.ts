import {EventEmitter} from 'node:events'

// The parts of the double that stand for what the platform draws: menus, dialogs, themes, displays.

/** What a menu is made of, as far as it is used. */
export interface MenuItemDouble {
  id?: string
  label?: string
  role?: string
  type?: string
  enabled?: boolean
  visible?: boolean
  accelerator?: string
  registerAccelerator?: boolean
  submenu?: MenuItemDouble[] | Menu
  click?: () => void
}

export class Menu {
  static applicationMenu: Menu | null = null
  static readonly popups: {menu: Menu; window: unknown}[] = []
  static buildFromTemplate = (template: MenuItemDouble[]) => new Menu(template)
  static setApplicationMenu(menu: Menu | null) {
    Menu.applicationMenu = menu
  }
  static getApplicationMenu = () => Menu.applicationMenu

  readonly items: (MenuItemDouble & {submenu?: Menu})[]
  constructor(template: MenuItemDouble[]) {
    this.items = template.map(({submenu, ...item}) => {
      if (!item.label && !item.role && item.type !== 'separator') {
        throw new Error('Invalid submenu item: a label, role or type is needed')
      }
      const built = Array.isArray(submenu) ? new Menu(submenu) : submenu
      return {...item, enabled: item.enabled ?? true, ...(built ? {submenu: built} : {})}
    })
  }
  getMenuItemById(id: string): MenuItemDouble | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id)
      if (found) return found
    }
    return null
  }
  popup({window}: {window: unknown}) {
    Menu.popups.push({menu: this, window})
  }
}

/** Dialogs that a test answers. */
export const dialog = {
  shown: [] as {kind: string; options: Record<string, unknown>}[],
  chosenFolder: null as string | null,
  response: 0,
  failure: null as Error | null,
  async showOpenDialog(_window: unknown, options: Record<string, unknown>) {
    this.shown.push({kind: 'open', options})
    await Promise.resolve()
    if (this.failure) throw this.failure
    return {canceled: this.chosenFolder === null, filePaths: [this.chosenFolder ?? []].flat()}
  },
  async showMessageBox(...given: unknown[]) {
    this.shown.push({kind: 'message', options: given.at(-1) as Record<string, unknown>})
    await Promise.resolve()
    return {response: this.response}
  },
  showErrorBox(title: string, content: string) {
    this.shown.push({kind: 'error', options: {title, content}})
  },
}

class NativeThemeDouble extends EventEmitter {
  private source = 'system'
  isSystemDark = false
  get themeSource() {
    return this.source
  }
  set themeSource(source: string) {
    this.source = source
    this.emit('updated')
  }
  get shouldUseDarkColors() {
    return this.source === 'dark' || (this.source === 'system' && this.isSystemDark)
  }
}
export const nativeTheme = new NativeThemeDouble()

export const shell = {
  opened: [] as {how: 'item' | 'path'; path: string}[],
  showItemInFolder(path: string) {
    this.opened.push({how: 'item', path})
  },
  openPath(path: string) {
    this.opened.push({how: 'path', path})
    return Promise.resolve('')
  },
}

/** One display of 1920 × 1080 with a task bar of 40 below, until a test plugs in others. */
export const screen = {
  displays: [{id: 1, workArea: {x: 0, y: 0, width: 1920, height: 1040}}],
  getAllDisplays() {
    return this.displays
  },
  getPrimaryDisplay() {
    return this.displays[0]!
  },
}

export const crashReporter = {
  started: [] as Record<string, unknown>[],
  start(options: Record<string, unknown>) {
    this.started.push(options)
  },
}
