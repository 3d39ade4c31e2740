import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {menuItem, startDesktop, type TestDesktop} from '../test-desktop.ts'
import {runtimeLines} from './crash-report.ts'

let desktop: TestDesktop
beforeEach(() => {
  vi.spyOn(console, 'error').mockReturnValue()
})
afterEach(() => {
  vi.restoreAllMocks()
  desktop.stop()
})

const folder = () => join(desktop.userData, 'crash-reports')
const reports = () =>
  readdirSync(folder())
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder(), name), 'utf8')))
/** What this process does with an error that nobody caught. */
const throwUncaught = (error: Error) => {
  for (const listener of process.listeners('uncaughtException').slice(-1)) {
    listener(error, 'uncaughtException')
  }
}

test('nothing is sent anywhere, and native dumps lie beside the reports', async () => {
  desktop = await startDesktop()
  expect(desktop.crashReporter.started).toEqual([{uploadToServer: false}])
  expect(desktop.app.paths.crashDumps).toBe(join(folder(), 'native'))
})

test('an engine that dies is reported with its last words, without anybody’s text', async () => {
  desktop = await startDesktop()
  const {utilityProcess} = desktop
  await vi.waitFor(() => expect(utilityProcess.forked.length).toBe(1))
  utilityProcess.forked[0]!.stderr.emit(
    'data',
    Buffer.from(
      [
        'My secret prompt',
        'SyntaxError: Unexpected token in JSON: "My secret prompt"',
        `    at run (${homedir()}/tokenscope/out/main/engine.js:10:3)`,
        "Error: no model called 'my secret model' is there",
        'Node.js v22.12.0',
      ].join('\n')
    )
  )
  utilityProcess.forked[0]!.exit(11)
  const [report] = reports()
  expect(report).toMatchObject({
    version: 1,
    part: 'engine',
    reason: 'crashed in native code (SIGSEGV)',
    exitCode: null,
    lastWords: [
      'SyntaxError: Unexpected token in JSON: “…”',
      '    at run (~/tokenscope/out/main/engine.js:10:3)',
      'Error: no model called “…” is there',
      'Node.js v22.12.0',
    ],
    versions: {tokenscope: expect.stringMatching(/^\d/), node: process.versions.node},
    platform: expect.stringContaining('linux'),
  })
  expect(JSON.stringify(report)).not.toMatch(/secret/i)
})

test('an engine that was stopped on request, or with the application, is no crash', async () => {
  desktop = await startDesktop()
  const {utilityProcess, app} = desktop
  await vi.waitFor(() => expect(utilityProcess.forked.length).toBe(1))
  const {STOPPED_ON_REQUEST} = await import('../../shared/contract/stopped-on-request.ts')
  utilityProcess.forked[0]!.stderr.emit('data', Buffer.from(`${STOPPED_ON_REQUEST}\n`))
  utilityProcess.forked[0]!.exit(1)
  await vi.waitFor(() => expect(utilityProcess.forked.length).toBe(2))
  app.emit('will-quit')
  expect(reports()).toEqual([])
})

test('a page that dies is loaded once more with a notice; dying again asks', async () => {
  desktop = await startDesktop()
  const {app, BrowserWindow, dialog, listen, heard} = desktop
  const [window] = BrowserWindow.windows
  const {webContents} = window!
  const die = (reason: string) => {
    webContents.emit('render-process-gone', {}, {reason, exitCode: 5})
    app.emit('render-process-gone', {}, webContents, {reason, exitCode: 5})
  }
  listen()
  die('clean-exit')
  expect(webContents.reloadCount).toBe(0)
  die('oom')
  expect(webContents.reloadCount).toBe(1)
  expect(heard()).toEqual([])
  listen()
  expect(heard()).toEqual([
    {
      kind: 'notice',
      text: expect.stringMatching(/ran out of memory and was loaded again.*crash-reports/),
    },
  ])
  expect(reports()[0]).toMatchObject({part: 'page', reason: 'ran out of memory', exitCode: 5})

  die('crashed')
  expect(webContents.reloadCount).toBe(1)
  expect(dialog.shown.at(-1)!.options.message).toBe('The page crashed again.')
  await vi.waitFor(() => expect(webContents.reloadCount).toBe(2))
  dialog.response = 1
  die('crashed')
  await vi.waitFor(() => expect(window!.isDestroyed()).toBe(true))
})

test('an error that nobody caught says so once, keeps the windows, and is reported', async () => {
  desktop = await startDesktop()
  const {dialog, app, BrowserWindow} = desktop
  throwUncaught(new TypeError('it is not a function'))
  throwUncaught(new TypeError('it is not a function'))
  expect(dialog.shown.length).toBe(1)
  expect(dialog.shown[0]!.options.detail).toMatch(/not a function.*windows stay open.*report was/s)
  expect(reports().map(({part}) => part)).toEqual(['main', 'main'])
  expect(reports()[0].lastWords[0]).toBe('TypeError: it is not a function')
  expect(BrowserWindow.getAllWindows().length).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(app.quitCount).toBe(0)
  dialog.response = 1
  throwUncaught(new Error('again'))
  await vi.waitFor(() => expect(app.quitCount).toBe(1))
})

test('an error before the application is ready is told plainly and ends it', async () => {
  desktop = await startDesktop({
    windowCount: 0,
    prepare: ({app}) => {
      app.isStarted = false
    },
  })
  throwUncaught(new Error('no such module'))
  expect(desktop.dialog.shown).toEqual([
    {kind: 'error', options: {title: 'Tokenscope could not start', content: 'no such module'}},
  ])
  expect(desktop.app.exitCode).toBe(1)
})

test('the last twenty reports are kept, other files are left alone', async () => {
  desktop = await startDesktop()
  const {app} = desktop
  const gone = (reason: string) =>
    app.emit('child-process-gone', {}, {type: 'GPU', reason, exitCode: 1})
  gone('clean-exit')
  gone('killed')
  gone('crashed')
  writeFileSync(join(folder(), 'notes.json'), '{}')
  const [oldest] = readdirSync(folder()).filter((name) => name.startsWith('crash-'))
  for (let count = 0; count < 20; count++) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    gone('crashed')
  }
  const names = readdirSync(folder())
  expect(names.filter((name) => name.startsWith('crash-')).length).toBe(20)
  expect(names).not.toContain(oldest)
  expect(names).toContain('notes.json')
})

test('the folder is shown from the menu and from the page, on the last report', async () => {
  desktop = await startDesktop()
  const {shell, menu, say, app} = desktop
  menuItem(menu(), 'Show crash reports').click!()
  expect(shell.opened).toEqual([{how: 'path', path: folder()}])
  expect(readdirSync(folder())).toEqual(['native'])
  app.emit('child-process-gone', {}, {type: 'GPU', reason: 'crashed', exitCode: 1})
  say({kind: 'show-crash-reports'})
  expect(shell.opened[1]).toEqual({how: 'item', path: join(folder(), readdirSync(folder())[0]!)})
})

test('lines are kept by what a runtime writes, and cut', () => {
  expect(runtimeLines('Mira has a lamp.\nMira said "no"')).toEqual([])
  expect(runtimeLines(`Error: ${'x'.repeat(500)}`)[0]!.length).toBe(300)
  expect(runtimeLines("terminate called after throwing an instance of 'std::bad_alloc'")).toEqual([
    'terminate called after throwing an instance of “…”',
  ])
})
