import {execFileSync} from 'node:child_process'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, expect, test, vi} from 'vitest'
import type {HostMessage} from '../../shared/host/host-bridge.ts'
import {startDesktop, type TestDesktop} from '../test-desktop.ts'

let desktop: TestDesktop
const started = async (options = {}) => {
  desktop = await startDesktop(options)
  desktop.listen()
  return desktop
}
afterEach(() => {
  vi.restoreAllMocks()
  desktop.stop()
})

/** Lets the platform open something, and returns what the page is told. */
async function opened(target: string): Promise<HostMessage> {
  const {app, heard} = desktop
  const before = heard().length
  const event = {preventDefault: vi.fn()}
  app.emit(target.startsWith('tokenscope:') ? 'open-url' : 'open-file', event, target)
  await vi.waitFor(() => expect(heard().length).toBe(before + 1))
  expect(event.preventDefault).toHaveBeenCalled()
  return heard().at(-1)!
}
const notice = (...parts: string[]) => ({
  kind: 'notice',
  text: expect.stringMatching(new RegExp(parts.join('.*'), 's')),
})

test('folders are opened, prompt files are read, a model’s files stand for its folder', async () => {
  const {userData} = await started()
  const path = (...names: string[]) => join(userData, ...names)
  mkdirSync(path('model', 'onnx'), {recursive: true})
  writeFileSync(path('model', 'config.json'), '{}')
  writeFileSync(path('model', 'onnx', 'model.onnx'), '')
  writeFileSync(path('list.JSONL'), '\ufeff{"prompt":"né"}\n')
  expect(await opened(path('model'))).toEqual({kind: 'open-folder', path: path('model')})
  for (const file of ['config.json', 'onnx/model.onnx']) {
    expect(await opened(path('model', file))).toEqual({kind: 'open-folder', path: path('model')})
  }
  expect(await opened(path('list.JSONL'))).toEqual({
    kind: 'open-file',
    name: 'list.JSONL',
    text: '{"prompt":"né"}\n',
  })
})

test('what cannot be opened says what, why and what to do', async () => {
  const {userData} = await started()
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(userData, name), content)
    return join(userData, name)
  }
  expect(await opened(file('picture.png', 'x'))).toEqual(
    notice('does not know this kind of file', 'picture.png', 'Expected: a model folder', '\\.jsonl')
  )
  expect(await opened(file('latin.txt', Uint8Array.of(0x61, 0xe9, 0x62)))).toEqual(
    notice('not a text in UTF-8', 'latin\\.txt', 'bytes that are not UTF-8', 'Save it as UTF-8')
  )
  expect(await opened(file('binary.csv', 'a\0b'))).toEqual(notice('a zero byte at byte 1'))
  const limit = 16 * 2 ** 20
  expect(await opened(file('long.txt', new Uint8Array(limit + 1)))).toEqual(
    notice('too long', '16\\.0 MiB', 'at most 16 MiB', 'Split it')
  )
  const whole = await opened(file('whole.txt', new Uint8Array(limit).fill(0x61)))
  expect(whole.kind === 'open-file' && whole.text.length).toBe(limit)
  expect(await opened(join(userData, 'gone.txt'))).toEqual(notice('not there', 'gone\\.txt'))
  expect(await opened(join(userData, 'gone'))).toEqual(notice('not there'))
  mkdirSync(join(userData, 'folder.txt'))
  expect((await opened(join(userData, 'folder.txt'))).kind).toBe('open-folder')
  if (process.platform === 'linux') {
    execFileSync('mkfifo', [join(userData, 'pipe.txt')])
    expect(await opened(join(userData, 'pipe.txt'))).toEqual(notice('a device or a pipe'))
    expect(await opened('/dev/zero')).toEqual(notice('does not know this kind of file'))
  }
})

test('links are checked and handed on; the page reads what they say', async () => {
  await started()
  const link = 'tokenscope://view?model=micro-base&prompt=a%20b#token=3'
  expect(await opened(link)).toEqual({kind: 'open-link', url: link})
  expect(await opened('tokenscope:nothing')).toEqual(notice('cannot be opened', 'another kind'))
  expect(await opened('tokenscope://a b')).toEqual(notice('spaces or control characters'))
  expect(await opened('tokenscope://me:secret@host/')).toEqual(notice('a name, password or port'))
  const long = `tokenscope://view?prompt=${'a'.repeat(40_000)}`
  expect(await opened(long)).toEqual(
    notice('cannot be opened', '40025 characters', 'at most 32000')
  )
  expect((await opened(`${long.slice(0, 31_999)}`)).kind).toBe('open-link')
})

test('the first start opens what it is given, beside the switches of Chromium', async () => {
  const {heard, BrowserWindow} = await started({
    platform: 'win32',
    argv: ['--no-sandbox', '', 'assets/models/micro-base', 'tokenscope://view', '/app'],
  })
  await vi.waitFor(() => expect(heard().length).toBe(2))
  expect(heard()).toEqual([
    {kind: 'open-folder', path: join(process.cwd(), 'assets/models/micro-base')},
    {kind: 'open-link', url: 'tokenscope://view'},
  ])
  expect(BrowserWindow.windows.length).toBe(1)
})

test('a second start hands its arguments to the window in use and brings it to the front', async () => {
  const {app, heard, listen, say, BrowserWindow, userData} = await started()
  writeFileSync(join(userData, 'my prompts.txt'), 'one\ntwo')
  say({kind: 'new-window'})
  const [first, second] = BrowserWindow.windows
  listen(second)
  second!.focus()
  BrowserWindow.focused = null
  second!.minimize()
  const argv = [process.execPath, '/app', '--original-process-start-time=1', 'my prompts.txt']
  app.emit('second-instance', {}, argv, userData)
  await vi.waitFor(() => expect(heard(second).length).toBe(1))
  expect(heard(second)).toEqual([{kind: 'open-file', name: 'my prompts.txt', text: 'one\ntwo'}])
  expect(heard(first)).toEqual([])
  expect(second!.isMinimized()).toBe(false)
  expect(BrowserWindow.focused).toBe(second)

  app.emit('second-instance', {}, [process.execPath, `file://${userData}`], '/')
  await vi.waitFor(() => expect(heard(second).length).toBe(2))
  expect(heard(second)[1]).toEqual({kind: 'open-folder', path: userData})
  app.emit('second-instance', {}, [process.execPath, '--new-window'], '/')
  expect(BrowserWindow.windows.length).toBe(3)
})

test('a second start without the lock opens nothing and ends', async () => {
  desktop = await startDesktop({
    windowCount: 0,
    prepare: ({app}) => {
      app.hasLock = false
    },
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(desktop.app.quitCount).toBe(1)
  expect(desktop.BrowserWindow.windows).toEqual([])
  expect(desktop.utilityProcess.forked).toEqual([])
})

test('on macOS the application outlives its windows and a file opens a new one', async () => {
  const {app, BrowserWindow, listen, heard, userData} = await started({platform: 'darwin'})
  BrowserWindow.windows[0]!.close()
  expect(app.quitCount).toBe(0)
  app.emit('open-file', {preventDefault: () => undefined}, userData)
  await vi.waitFor(() => expect(BrowserWindow.windows.length).toBe(2))
  const second = BrowserWindow.windows[1]!
  listen(second)
  await vi.waitFor(() => expect(heard(second).length).toBe(1))
  second.close()
  app.emit('activate')
  expect(BrowserWindow.windows.length).toBe(3)
})

test('the installed application answers to its links, a checkout leaves the machine alone', async () => {
  const {app} = await started({platform: 'win32'})
  expect(app.protocolClients).toEqual([])
  desktop.stop()
  const installed = await started({
    platform: 'win32',
    prepare: ({app: double}: TestDesktop) => {
      double.isPackaged = true
    },
  })
  expect(installed.app.protocolClients).toEqual(['tokenscope'])
})
