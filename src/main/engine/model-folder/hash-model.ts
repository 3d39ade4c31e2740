import {createHash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import type {ModelFolder} from './model-folder.ts'

const CHUNK_BYTES = 1 << 20

/**
 * The SHA-256 of a model's bytes: the model file, then its data files in the order of their names.
 * `onProgress` hears the bytes hashed so far, of `folder.bytes`.
 */
export async function sha256OfModel(
  folder: Pick<ModelFolder, 'filePath' | 'dataPaths'>,
  onProgress: (doneBytes: number) => void = () => {},
  signal?: AbortSignal
): Promise<string> {
  const hash = createHash('sha256')
  let doneBytes = 0
  for (const path of [folder.filePath, ...folder.dataPaths]) {
    const stream = createReadStream(path, {highWaterMark: CHUNK_BYTES, signal})
    for await (const chunk of stream) {
      hash.update(chunk)
      doneBytes += (chunk as Buffer).length
      onProgress(doneBytes)
    }
  }
  return hash.digest('hex')
}
