import {spawn} from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

// The launcher in a checkout of its own, whose build says that it began and then takes a minute.
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenscope-launcher-'))
  for (const path of ['scripts', 'src', 'node_modules/electron-vite/bin']) {
    mkdirSync(join(folder, path), {recursive: true})
  }
  for (const name of ['tokenscope.mjs', 'build-if-stale.mjs']) {
    copyFileSync(join(import.meta.dirname, name), join(folder, 'scripts', name))
  }
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  writeFileSync(
    join(folder, 'node_modules/electron-vite/bin/electron-vite.js'),
    `require('node:fs').writeFileSync('out/began', String(process.pid))
setTimeout(() => undefined, 60_000)`
  )
  writeFileSync(join(folder, 'node_modules/electron-vite/package.json'), '{}')
})
afterEach(() => rmSync(folder, {recursive: true, force: true}))

async function until(isSo: () => boolean) {
  const deadline = Date.now() + 10_000
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('it did not come')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s while it builds is one line and 130',
  async (name) => {
    const child = spawn(process.execPath, [join(folder, 'scripts/tokenscope.mjs'), '--help'])
    let out = ''
    let error = ''
    child.stdout.on('data', (data) => {
      out += data
    })
    child.stderr.on('data', (data) => {
      error += data
    })
    const ended = new Promise((resolve) => {
      child.on('close', (code, signal) => resolve({code, signal}))
    })
    const began = join(folder, 'out/began')
    await until(() => existsSync(began) && readFileSync(began, 'utf8') !== '')
    child.kill(name)
    expect(await ended).toEqual({code: 130, signal: null})
    expect(out).toBe('')
    expect(error).toBe(
      'Building what changed …\nInterrupted while building; the next call builds again.\n'
    )
    // Neither the lock nor the build stays behind.
    expect(existsSync(join(folder, 'out/.lock'))).toBe(false)
    await until(() => !isAlive(Number(readFileSync(began, 'utf8'))))
  }
)
