import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {findElectron, hasDisplay} from './find-electron.mjs'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenscope-electron-'))
})
afterEach(() => rmSync(folder, {recursive: true, force: true}))

test('an Electron counts when its binary is there, whole and executable', () => {
  expect(findElectron(null)).toBe(null)
  expect(findElectron(folder, {})).toBe(null)
  mkdirSync(join(folder, 'dist'))
  const binary = join(folder, 'dist/electron')
  writeFileSync(binary, '', {mode: 0o755})
  expect(findElectron(folder, {})).toBe(null)
  writeFileSync(join(folder, 'path.txt'), 'electron')
  expect(findElectron(folder, {})).toBe(binary)
  expect(findElectron(folder, {ELECTRON_OVERRIDE_DIST_PATH: '/nowhere'})).toBe(null)
  if (process.platform !== 'win32') {
    chmodSync(binary, 0o644)
    expect(findElectron(folder, {})).toBe(null)
  }
})

test.runIf(process.platform === 'linux')('a display counts when it answers', async () => {
  expect(await hasDisplay({})).toBe(false)
  expect(await hasDisplay({DISPLAY: ':4711'})).toBe(false)
  expect(await hasDisplay({DISPLAY: 'nonsense'})).toBe(false)
  const environment = {WAYLAND_DISPLAY: 'wayland-7', XDG_RUNTIME_DIR: folder}
  expect(await hasDisplay(environment)).toBe(false)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(folder, 'wayland-7'), resolve))
  expect(await hasDisplay(environment)).toBe(true)
  await new Promise((resolve) => server.close(resolve))
})
