import {cp, mkdtemp, readFile, rm, utimes, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {KnownModelFiles} from './known-model-files.ts'

const FIXTURE = join(import.meta.dirname, '../../../../fixtures/tiny-decoder-kv')

it('files are read once, and again after any of them changed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tokenscope-'))
  try {
    await cp(FIXTURE, folder, {recursive: true})
    const known = new KnownModelFiles()
    const read = () => known.read(folder, {id: 'it', source: 'folder', file: undefined})
    const first = await read()
    expect(await read()).toBe(first)
    const path = join(folder, 'config.json')
    const config = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({...config, max_position_embeddings: 77}))
    const second = await read()
    expect(second).not.toBe(first)
    expect(second.config?.contextLength?.value).toBe(77)
    expect(await read()).toBe(second)
    await utimes(join(folder, 'onnx/model.onnx'), 1, 1)
    expect(await read()).not.toBe(second)
    await rm(join(folder, 'onnx'), {recursive: true})
    await expect(read()).rejects.toThrow()
  } finally {
    await rm(folder, {recursive: true})
  }
})
