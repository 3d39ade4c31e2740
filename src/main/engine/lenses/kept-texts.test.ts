import {existsSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {expect, test} from 'vitest'
import {KeptTexts} from './kept-texts.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

test('parts of a text make one file, and an older text goes when many come', async () => {
  const kept = new KeptTexts()
  const paths: string[] = []
  try {
    for (let i = 0; i < 5; i++) {
      const {path} = await kept.add({name: `../odd/näme ${i}.txt`, path: null, bytes: utf8('one ')})
      paths.push(path)
      expect((await kept.add({name: '', path, bytes: utf8('two')})).path).toBe(path)
    }
    expect(paths.every((path) => dirname(dirname(path)) === tmpdir())).toBe(true)
    expect(paths.map((path) => existsSync(path))).toEqual([false, true, true, true, true])
    expect(await readFile(paths[4]!, 'utf8')).toBe('one two')
    // Only what came here is added to.
    const foreign = join(tmpdir(), 'tokenscope-not-kept')
    for (const path of [foreign, paths[0]!]) {
      await expect(kept.add({name: 'x', path, bytes: utf8('x')})).rejects.toMatchObject({
        problem: {code: 'text-not-kept'},
      })
      expect(existsSync(path)).toBe(false)
    }
  } finally {
    await kept.close()
  }
  expect(paths.map((path) => existsSync(dirname(path)))).toEqual(paths.map(() => false))
})
