import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterEach, beforeEach, expect, it} from 'vitest'
import {KnownModelFiles} from './known-model-files.ts'

const FIXTURE = join(import.meta.dirname, '../../../../fixtures/tiny-decoder-kv')

let folder: string
let known: KnownModelFiles
const read = (file?: string) => known.read(folder, {id: 'it', source: 'folder', file})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenscope-'))
  await cp(FIXTURE, folder, {recursive: true})
  known = new KnownModelFiles()
  await age(1000)
})
afterEach(() => rm(folder, {recursive: true}))

/** Lets everything have been changed so many seconds after 1970. */
async function age(seconds: number): Promise<void> {
  for (const name of ['.', ...(await readdir(folder, {recursive: true}))]) {
    // A link that leads nowhere has no time.
    await utimes(join(folder, name), seconds, seconds).catch(() => {})
  }
}

let seconds = 2000
/** Changes something, of which then only the file and its folder tell. */
async function changed(name: string, change: () => Promise<unknown>): Promise<void> {
  await change()
  seconds++
  await utimes(join(folder, dirname(name)), seconds, seconds)
  await utimes(join(folder, name), seconds, seconds).catch(() => {})
}

it('files are read once, and again after any of them changed', async () => {
  const first = await read()
  expect(await read()).toBe(first)
  const path = join(folder, 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({...config, max_position_embeddings: 77}))
  await utimes(path, 1001, 1001)
  const second = await read()
  expect(second).not.toBe(first)
  expect(second.config?.contextLength?.value).toBe(77)
  expect(await read()).toBe(second)
  await utimes(join(folder, 'onnx/model.onnx'), 1001, 1001)
  const third = await read()
  expect(third).not.toBe(second)
  expect(await read()).toBe(third)
  await rm(join(folder, 'onnx'), {recursive: true})
  await expect(read()).rejects.toThrow()
})

it('a file that comes or goes is seen, in each of the folders', async () => {
  expect((await read()).file).toBe('onnx/model.onnx')
  await changed('tokenizer.json', () => rm(join(folder, 'tokenizer.json')))
  expect((await read()).tokenizerPath).toBeNull()
  await changed('generation_config.json', () =>
    writeFile(join(folder, 'generation_config.json'), '{"eos_token_id": 7}')
  )
  expect((await read()).config?.stopIds).toEqual([7])
  // Of the names that are looked for this one comes first: the default of the folder is another file.
  await changed('model.onnx', () =>
    cp(join(folder, 'onnx/model.onnx'), join(folder, 'model.onnx'), {preserveTimestamps: true})
  )
  expect((await read()).file).toBe('model.onnx')
})

it('what was changed while it was read is read again', async () => {
  const now = new Date()
  await utimes(join(folder, 'config.json'), now, now)
  expect(await read()).not.toBe(await read())
  const tomorrow = new Date(Date.now() + 86_400_000)
  await utimes(join(folder, 'config.json'), tomorrow, tomorrow)
  expect(await read()).toBe(await read())
})

it('other files of the folder, and links that lead nowhere, change nothing', async () => {
  await mkdir(join(folder, 'more'))
  await symlink(join(folder, 'nowhere'), join(folder, 'onnx/model_q4.onnx'))
  for (let i = 0; i < 50; i++) await writeFile(join(folder, `shard-${i}.bin`), '')
  await age(1000)
  const first = await read()
  expect(await read()).toBe(first)
  await writeFile(join(folder, 'shard-3.bin'), 'longer than it was')
  expect(await read()).toBe(first)
})
