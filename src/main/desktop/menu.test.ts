import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, expect, test, vi} from 'vitest'
import type {MenuCommand} from '../../shared/host/host-bridge.ts'
import {menuItem, menuLines, startDesktop, type TestDesktop} from '../test-desktop.ts'
import {accelerator, isAccelerator} from './accelerators.ts'

let desktop: TestDesktop
const started = async (options = {}) => {
  desktop = await startDesktop(options)
  return desktop
}
afterEach(() => {
  vi.restoreAllMocks()
  desktop?.stop()
})

const command = (
  id: string,
  group: MenuCommand['group'],
  title: string,
  keys: string | null = null,
  isEnabled = true
): MenuCommand => ({id, group, title, accelerator: keys, isEnabled})
const COMMANDS = [
  command('open-folder', 'file', 'Open a model folder…', 'CmdOrCtrl+O'),
  command('undo', 'edit', 'Undo', 'CmdOrCtrl+Z'),
  command('palette', 'view', 'Command palette', 'CmdOrCtrl+K'),
  command('next-token', 'go', 'Next token', 'Right'),
  command('back', 'go', 'Back', 'Alt+Left'),
  command('run', 'run', 'Run & show', 'CmdOrCtrl+Enter'),
  command('cancel', 'run', 'Cancel', 'Escape', false),
  command('keys', 'help', 'Keyboard shortcuts', 'Shift+?'),
]

test('before the page has told its commands there is a plain menu of the platform', async () => {
  const {menu, app} = await started({platform: 'linux'})
  expect(menuLines(menu())).toEqual([
    '&File',
    '  New window [CmdOrCtrl+Shift+N]',
    '  —',
    '  Open recent off',
    '    Clear recent',
    '  —',
    '  &Quit (quit)',
    '&Edit',
    '  (undo)',
    '  (redo)',
    '  —',
    '  (cut)',
    '  (copy)',
    '  (paste)',
    '  (selectAll)',
    '&View',
    '  (resetZoom) [CmdOrCtrl+0]',
    '  (zoomIn) [CmdOrCtrl+Plus]',
    '  (zoomOut) [CmdOrCtrl+-]',
    '  —',
    '  (togglefullscreen)',
    '  —',
    '  (forceReload)',
    '  (toggleDevTools)',
    '&Help (help)',
    '  Show crash reports',
    '  —',
    '  About Tokenscope (about)',
  ])
  expect(app.aboutPanel.applicationVersion).toMatch(/^\d+\.\d+\.\d+$/)
})

test('Windows says Exit, and the installed application has no developer tools', async () => {
  const {menu} = await started({
    platform: 'win32',
    prepare: ({app}: TestDesktop) => {
      app.isPackaged = true
    },
  })
  const lines = menuLines(menu())
  expect(lines).toContain('  E&xit (quit)')
  expect(lines.join()).not.toMatch(/toggleDevTools|forceReload/)
  expect(lines.at(-1)).toBe('  About Tokenscope (about)')
  const config = readFileSync(join(import.meta.dirname, '../../../electron-builder.yml'), 'utf8')
  expect(config).toContain(`appId: ${desktop.app.userModelId}\n`)
})

test('macOS has its application menu and its window menu, and one bar for all windows', async () => {
  const {menu, BrowserWindow, Menu, say} = await started({platform: 'darwin'})
  expect(menuLines(menu()).filter((line) => !line.startsWith(' '))).toEqual([
    'Tokenscope',
    'File',
    'Edit',
    'View',
    '(windowMenu)',
    'Help (help)',
  ])
  expect(menuLines(menu()).slice(1, 10)).toEqual(
    '(about) — (services) — (hide) (hideOthers) (unhide) — (quit)'
      .split(' ')
      .map((name) => `  ${name}`)
  )
  const [window] = BrowserWindow.windows
  expect(window!.menu).toBe(null)
  say({kind: 'commands', commands: COMMANDS})
  const lines = menuLines(menu())
  // The platform would take this key from whoever writes.
  expect(lines).toContain('  Next token')
  expect(lines).toContain('  Keyboard shortcuts')
  expect(lines).toContain('  Back [Alt+Left]')
  expect(lines).toContain('  Run & show [CmdOrCtrl+Enter]')
  expect(lines).toContain('  Open recent (recentDocuments)')
  expect(lines).toContain('  (close)')

  say({kind: 'new-window'})
  const second = BrowserWindow.windows[1]!
  second.focus()
  expect(menuLines(Menu.applicationMenu!)).not.toContain('  Back [Alt+Left]')
  window!.focus()
  expect(menuLines(Menu.applicationMenu!)).toContain('  Back [Alt+Left]')
  window!.close()
  second.focus()
  second.close()
  expect(desktop.app.quitCount).toBe(0)
  expect(menuLines(Menu.applicationMenu!)).toContain('  New window [CmdOrCtrl+Shift+N]')
})

test('commands stand in their menus, show their keys, and run in the window they belong to', async () => {
  const {menu, say, listen, heard, BrowserWindow} = await started()
  listen()
  say({kind: 'commands', commands: COMMANDS})
  const lines = menuLines(menu())
  expect(lines.slice(0, 10)).toEqual([
    '&File',
    '  New window [CmdOrCtrl+Shift+N]',
    '  —',
    '  Open a model folder… [CmdOrCtrl+O]',
    '  Open recent off',
    '    Clear recent',
    '  —',
    '  &Quit (quit)',
    '&Edit',
    // The page undoes more than typing, so the platform’s own undo makes room.
    '  Undo [CmdOrCtrl+Z]',
  ])
  expect(lines).not.toContain('  (undo)')
  expect(lines.filter((line) => !line.startsWith(' '))).toEqual(
    ['File', 'Edit', 'View', 'Go', 'Run'].map((name) => `&${name}`).concat('&Help (help)')
  )
  expect(lines).toContain('  Next token [Right]')
  expect(lines).toContain('  Cancel [Escape] off')
  // An ampersand would underline the letter after it.
  expect(menuItem(menu(), 'Run && show')).toMatchObject({registerAccelerator: false})

  say({kind: 'new-window'})
  const [first, second] = BrowserWindow.windows
  listen(second)
  say({kind: 'commands', commands: [command('only', 'run', 'Only here')]}, second)
  second!.focus()
  menuItem(menu(second), 'Only here').click!()
  first!.focus()
  menuItem(menu(first), 'Back').click!()
  expect(heard(second)).toEqual([{kind: 'run-command', id: 'only'}])
  expect(heard(first)).toEqual([{kind: 'run-command', id: 'back'}])
})

test('a menu is changed in place where only what can be used has changed', async () => {
  const {menu, say, BrowserWindow} = await started()
  say({kind: 'commands', commands: COMMANDS})
  const before = menu()
  const enabled = COMMANDS.map((given) => ({...given, isEnabled: given.id === 'cancel'}))
  say({kind: 'commands', commands: enabled})
  expect(menu()).toBe(before)
  expect(menuLines(menu())).toContain('  Cancel [Escape]')
  expect(menuLines(menu())).toContain('  Back [Alt+Left] off')
  say({kind: 'commands', commands: enabled.slice(1)})
  expect(menu()).not.toBe(before)
  BrowserWindow.windows[0]!.webContents.reload()
  expect(menuLines(menu())).not.toContain('&Go')
})

test('keys that nobody knows, that the page claims, and commands named twice', async () => {
  const {menu, say} = await started()
  say({
    kind: 'commands',
    commands: [
      command('odd', 'go', 'Odd', 'Hyper+Nothing'),
      command('odd', 'go', 'Odd again'),
      command('fit', 'view', 'Fit', 'Ctrl+0'),
      command('window', 'file', 'Mine', 'Shift+Control+N'),
    ],
  })
  const lines = menuLines(menu())
  expect(lines).toContain('  Odd')
  expect(lines).not.toContain('  Odd again')
  expect(lines).toContain('  New window')
  expect(lines.join()).not.toContain('resetZoom')
  expect(
    ['CmdOrCtrl++', 'F24', 'Alt+Shift+]', 'Num', 'Ctrl+', '', 'F25'].map(isAccelerator)
  ).toEqual([true, true, true, false, false, false, false])
  expect(accelerator('CmdOrCtrl+Shift+N', 'darwin')).toBe(accelerator('Shift+Command+N', 'darwin'))
  expect(accelerator('CmdOrCtrl+N', 'win32')).not.toBe(accelerator('Command+N', 'win32'))
})

test('what was opened is offered again, by the platform too, and can be forgotten', async () => {
  const first = await startDesktop()
  const folder = join(first.userData, 'models & more')
  first.say({kind: 'opened', path: '/gone/model'})
  first.say({kind: 'opened', path: first.userData})
  first.say({kind: 'opened', path: folder})
  first.say({kind: 'opened', path: first.userData})
  const complain = vi.spyOn(console, 'error').mockReturnValue()
  first.say({kind: 'opened', path: 'relative'})
  expect(complain).toHaveBeenCalledTimes(1)
  expect(first.app.recentDocuments.length).toBe(4)

  desktop = await startDesktop({keep: first})
  const {menu, listen, heard, app} = desktop
  listen()
  const recent = menu().items[0]!.submenu!.items.find(({id}) => id === 'recent')!
  const labels = recent.submenu!.items.map(({label}) => label)
  expect(labels[1]).toBe(`models && more — ${first.userData}`)
  expect(labels[2]).toBe('model — /gone')
  expect(labels.slice(3)).toEqual([undefined, 'Clear recent'])
  recent.submenu!.items[0]!.click!()
  recent.submenu!.items[2]!.click!()
  await vi.waitFor(() => expect(heard().length).toBe(2))
  expect(heard()[0]).toEqual({kind: 'open-folder', path: first.userData})
  expect(heard()[1]).toMatchObject({
    kind: 'notice',
    text: expect.stringMatching(/not there.*\/gone\/model.*nothing at this path/),
  })
  menuItem(menu(), 'Clear recent').click!()
  expect(menuLines(menu())).toContain('  Open recent off')
  expect(app.recentDocuments).toEqual([])
  expect(JSON.parse(readFileSync(join(first.userData, 'recent.json'), 'utf8')).paths).toEqual([])
  desktop.stop()

  writeFileSync(join(first.userData, 'recent.json'), '{"version":1,"paths":[7]')
  desktop = await startDesktop({keep: first})
  expect(complain.mock.calls.flat().join()).toMatch(/recent\.json was damaged\. It was kept as/)
  desktop.listen()
  expect(desktop.heard()[0]).toMatchObject({kind: 'notice'})
  const names = readdirSync(first.userData).filter((name) => name.startsWith('recent'))
  expect(names).toEqual([expect.stringMatching(/^recent\.damaged-\d+\.json$/)])
  desktop.stop()
  desktop = first
})

test('text fields have cut, copy and paste under the right button', async () => {
  const {BrowserWindow, Menu} = await started()
  const [window] = BrowserWindow.windows
  const editFlags = {canCut: false, canCopy: false, canPaste: true, canSelectAll: true}
  const click = (parameters: object) => {
    const before = Menu.popups.length
    window!.webContents.emit('context-menu', {}, {selectionText: '', editFlags, ...parameters})
    return Menu.popups[before] ? menuLines(Menu.popups[before].menu) : null
  }
  expect(click({isEditable: true})).toEqual([
    '(cut) off',
    '(copy) off',
    '(paste)',
    '—',
    '(selectAll)',
  ])
  expect(click({isEditable: false})).toBe(null)
  const canCopy = {editFlags: {...editFlags, canCopy: true}}
  expect(click({isEditable: false, selectionText: 'p 0.83', ...canCopy})).toEqual(['(copy)'])
})
