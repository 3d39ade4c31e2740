import {readdir, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {type ModelFiles, readModelFiles} from './read-model-files.ts'

type Identity = Parameters<typeof readModelFiles>[1]

/** Models that are remembered. */
const MAX_COUNT = 8

/**
 * Reads a model's files once for as long as they stay as they are: reading the graph's header for every picture
 * of one head would take longer than the picture. What tells is the size and the time of every file beside it.
 */
export class KnownModelFiles {
  private readonly known = new Map<string, {readonly stamp: string; readonly files: ModelFiles}>()

  async read(path: string, identity: Identity): Promise<ModelFiles> {
    const key = JSON.stringify([path, identity])
    const found = this.known.get(key)
    if (found && (await stampOf(path, found.files).catch(() => null)) === found.stamp) {
      return found.files
    }
    this.known.delete(key)
    const files = await readModelFiles(path, identity)
    // Taken after it was read: a file that changed meanwhile is seen the next time, by its time.
    this.known.set(key, {stamp: await stampOf(path, files), files})
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MAX_COUNT) break
      this.known.delete(oldest)
    }
    return files
  }
}

/** Names, sizes and times of the files of a model's folder, of the folder of its graph, and of what belongs to it. */
async function stampOf(
  path: string,
  {path: folder, filePath, dataPaths}: ModelFiles
): Promise<string> {
  const folders = [...new Set([folder, dirname(filePath)])]
  const names = await Promise.all(
    folders.map(async (one) => (await readdir(one)).map((name) => join(one, name)))
  )
  const paths = [...new Set([path, ...names.flat(), filePath, ...dataPaths])].sort()
  const facts = await Promise.all(
    paths.map(async (one) => {
      const {size, mtimeMs} = await stat(one)
      return `${one} ${size} ${mtimeMs}`
    })
  )
  return facts.join('\n')
}
