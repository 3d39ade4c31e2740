import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {buildIfStale} from './build-if-stale.mjs'

let folder = ''
let buildCount = 0
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenscope-build-'))
  mkdirSync(join(folder, 'src/deep'), {recursive: true})
  writeFileSync(join(folder, 'src/deep/a.ts'), 'a')
  buildCount = 0
})
afterEach(() => rmSync(folder, {recursive: true, force: true}))

const ensure = (build: () => Promise<void> = async () => undefined) =>
  buildIfStale({
    quiet: true,
    folder,
    build: () => {
      buildCount++
      return build()
    },
  })

test('it builds once, and again when a source changed, appeared or went', async () => {
  expect([await ensure(), await ensure()]).toEqual([true, false])
  writeFileSync(join(folder, 'src/deep/a.ts'), 'ab')
  expect([await ensure(), await ensure()]).toEqual([true, false])
  writeFileSync(join(folder, 'src/b.ts'), '')
  expect([await ensure(), await ensure()]).toEqual([true, false])
  rmSync(join(folder, 'src/b.ts'))
  expect([await ensure(), await ensure()]).toEqual([true, false])
  writeFileSync(join(folder, 'src/b.test.ts'), '')
  expect(await ensure()).toBe(false)
})

test('asked to build in any case it does, and the next start need not', async () => {
  expect(await ensure()).toBe(true)
  const always = {quiet: true, folder, isAlways: true, build: async () => void buildCount++}
  expect(await buildIfStale(always)).toBe(true)
  expect(buildCount).toBe(2)
  expect(await ensure()).toBe(false)
})

test('a build that failed, or during which something changed, is done again', async () => {
  await expect(ensure(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(
    await ensure(async () => writeFileSync(join(folder, 'src/deep/a.ts'), 'changed meanwhile'))
  ).toBe(true)
  expect(await ensure()).toBe(true)
  expect(await ensure()).toBe(false)
})

test('two at once build once', async () => {
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 200))
  expect((await Promise.all([ensure(slow), ensure(slow)])).sort()).toEqual([false, true])
  expect(buildCount).toBe(1)
})

test('the lock of a process that is gone holds nobody up', async () => {
  mkdirSync(join(folder, 'out'))
  writeFileSync(join(folder, 'out/.lock'), '999999999')
  expect(await ensure()).toBe(true)
})

test('what was installed without sources is never built', async () => {
  rmSync(join(folder, 'src'), {recursive: true})
  expect(await ensure()).toBe(false)
  expect(buildCount).toBe(0)
})
