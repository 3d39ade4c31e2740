import {basename, dirname} from 'node:path'
import type {MenuItemConstructorOptions} from 'electron'
import type {MenuCommand} from '../../shared/host/host-bridge.ts'
import {accelerator, hasModifier, isAccelerator} from './accelerators.ts'

/** What a menu bar is made of. */
export interface MenuParts {
  readonly platform: NodeJS.Platform
  /** Of the page in use; empty before it has told them. */
  readonly commands: readonly MenuCommand[]
  /** Absolute paths, the last opened first. */
  readonly recentPaths: readonly string[]
  /** Offers what only those who work on Tokenscope need. */
  readonly isDevelopment: boolean
  readonly run: (commandId: string) => void
  readonly openPath: (path: string) => void
  readonly newWindow: () => void
  readonly clearRecent: () => void
  readonly showCrashReports: () => void
}

type Item = MenuItemConstructorOptions
type Role = NonNullable<Item['role']>
const SEPARATOR: Item = {type: 'separator'}
const MAX_TITLE_LENGTH = 120

/**
 * The menu bar with the platform's conventions. Keys of commands are shown, and the page handles them;
 * what the page does not claim keeps the platform's key.
 */
export function menuTemplate(parts: MenuParts): Item[] {
  const isMac = parts.platform === 'darwin'
  const menus = [
    ...(isMac ? [appMenu()] : []),
    fileMenu(parts),
    editMenu(parts),
    viewMenu(parts),
    ...commandMenu('Go', 'go', parts),
    ...commandMenu('Run', 'run', parts),
    ...(isMac ? [{role: 'windowMenu' as const}] : []),
    helpMenu(parts),
  ]
  return menus.map(withoutStraySeparators)
}

function appMenu(): Item {
  return {
    label: 'Tokenscope',
    submenu: [
      {role: 'about'},
      SEPARATOR,
      {role: 'services'},
      SEPARATOR,
      {role: 'hide'},
      {role: 'hideOthers'},
      {role: 'unhide'},
      SEPARATOR,
      {role: 'quit'},
    ],
  }
}

function fileMenu(parts: MenuParts): Item {
  const isMac = parts.platform === 'darwin'
  const last: Item = isMac
    ? {role: 'close'}
    : {role: 'quit', label: parts.platform === 'win32' ? 'E&xit' : '&Quit'}
  return {
    label: title('File', parts),
    submenu: [
      {
        id: 'new-window',
        label: 'New window',
        ...freeKey('CmdOrCtrl+Shift+N', parts),
        click: parts.newWindow,
      },
      SEPARATOR,
      ...items('file', parts),
      recentMenu(parts),
      SEPARATOR,
      last,
    ],
  }
}

function recentMenu({platform, recentPaths, openPath, clearRecent}: MenuParts): Item {
  if (platform === 'darwin') {
    return {
      label: 'Open recent',
      role: 'recentDocuments',
      submenu: [{role: 'clearRecentDocuments', label: 'Clear recent'}],
    }
  }
  const folders = recentPaths.map((path) => ({
    label: escaped(`${basename(path)} — ${dirname(path)}`.slice(0, MAX_TITLE_LENGTH)),
    click: () => openPath(path),
  }))
  return {
    id: 'recent',
    label: 'Open recent',
    enabled: folders.length > 0,
    submenu: [
      ...folders,
      ...(folders.length > 0 ? [SEPARATOR] : []),
      {label: 'Clear recent', click: clearRecent},
    ],
  }
}

function editMenu(parts: MenuParts): Item {
  const isUndoTheirs = isClaimed('CmdOrCtrl+Z', parts)
  return {
    label: title('Edit', parts),
    submenu: [
      ...(isUndoTheirs ? [] : [{role: 'undo' as const}, {role: 'redo' as const}, SEPARATOR]),
      ...items('edit', parts),
      SEPARATOR,
      {role: 'cut'},
      {role: 'copy'},
      {role: 'paste'},
      ...(isClaimed('CmdOrCtrl+A', parts) ? [] : [{role: 'selectAll' as const}]),
    ],
  }
}

function viewMenu(parts: MenuParts): Item {
  return {
    label: title('View', parts),
    submenu: [
      ...items('view', parts),
      SEPARATOR,
      ...roleWithKey('resetZoom', 'CmdOrCtrl+0', parts),
      ...roleWithKey('zoomIn', 'CmdOrCtrl+Plus', parts),
      // Without Shift, as most people press it.
      ...(isClaimed('CmdOrCtrl+=', parts)
        ? []
        : [
            {
              role: 'zoomIn' as const,
              accelerator: 'CmdOrCtrl+=',
              visible: false,
              acceleratorWorksWhenHidden: true,
            },
          ]),
      ...roleWithKey('zoomOut', 'CmdOrCtrl+-', parts),
      SEPARATOR,
      {role: 'togglefullscreen'},
      ...(parts.isDevelopment
        ? [SEPARATOR, {role: 'forceReload' as const}, {role: 'toggleDevTools' as const}]
        : []),
    ],
  }
}

function helpMenu(parts: MenuParts): Item {
  return {
    label: title('Help', parts),
    role: 'help',
    submenu: [
      ...items('help', parts),
      SEPARATOR,
      {id: 'crash-reports', label: 'Show crash reports', click: parts.showCrashReports},
      ...(parts.platform === 'darwin'
        ? []
        : [SEPARATOR, {role: 'about' as const, label: 'About Tokenscope'}]),
    ],
  }
}

function commandMenu(name: string, group: MenuCommand['group'], parts: MenuParts): Item[] {
  const submenu = items(group, parts)
  return submenu.length === 0 ? [] : [{label: title(name, parts), submenu}]
}

function items(group: MenuCommand['group'], {commands, platform, run}: MenuParts): Item[] {
  const seen = new Set<string>()
  return commands
    .filter((command) => command.group === group && !seen.has(command.id) && seen.add(command.id))
    .map(({id, title: commandTitle, accelerator: keys, isEnabled}) => ({
      id: commandItemId(id),
      label: escaped(commandTitle.slice(0, MAX_TITLE_LENGTH), platform),
      enabled: isEnabled,
      ...shownKey(keys, platform),
      click: () => run(id),
    }))
}

/** The id of a command's menu item; ids of the host's own items cannot be meant. */
export const commandItemId = (commandId: string): string => `command:${commandId}`

function shownKey(keys: string | null, platform: NodeJS.Platform): Item {
  if (keys === null || !isAccelerator(keys)) return {}
  // macOS takes every key of a menu for itself, so one without a modifier would be lost to writing.
  if (platform === 'darwin' && !hasModifier(keys)) return {}
  return {accelerator: keys, registerAccelerator: false}
}

function isClaimed(keys: string, {commands, platform}: MenuParts): boolean {
  return commands.some(
    (command) =>
      command.accelerator !== null &&
      accelerator(command.accelerator, platform) === accelerator(keys, platform)
  )
}

const freeKey = (keys: string, parts: MenuParts): Item =>
  isClaimed(keys, parts) ? {} : {accelerator: keys}

/** A role by its usual key; without it where the page has another use for the key. */
function roleWithKey(role: Role, keys: string, parts: MenuParts): Item[] {
  return isClaimed(keys, parts) ? [] : [{role, accelerator: keys}]
}

const MNEMONICS: Readonly<Record<string, string>> = {
  File: '&File',
  Edit: '&Edit',
  View: '&View',
  Go: '&Go',
  Run: '&Run',
  Help: '&Help',
}
const title = (name: string, {platform}: MenuParts) =>
  platform === 'darwin' ? name : (MNEMONICS[name] ?? name)

/** Outside macOS an ampersand underlines the letter after it. */
const escaped = (label: string, platform: NodeJS.Platform = 'linux') =>
  platform === 'darwin' ? label : label.replaceAll('&', '&&')

function withoutStraySeparators(menu: Item): Item {
  if (!Array.isArray(menu.submenu)) return menu
  const submenu = menu.submenu.filter(
    (item, index, all) =>
      item.type !== 'separator' ||
      (index > 0 && index < all.length - 1 && all[index - 1]?.type !== 'separator')
  )
  return {...menu, submenu}
}
