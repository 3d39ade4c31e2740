import {type Stamp, stampOfFolder} from './model-stamp.ts'
import {type ModelFiles, readModelFiles} from './read-model-files.ts'

type Identity = Parameters<typeof readModelFiles>[1]

/** Models that are remembered. */
const MAX_COUNT = 8
/** Of the times that file systems keep, the coarsest. */
const COARSEST_TIME_MS = 2000

/**
 * Reads a model's files once for as long as they stay as they are: reading the graph's header for every picture
 * of one head would take longer than the picture. What tells is the size and the time of every file that was read,
 * and the times of the folders they are in.
 */
export class KnownModelFiles {
  private readonly known = new Map<string, {readonly stamp: string; readonly files: ModelFiles}>()

  async read(path: string, identity: Identity): Promise<ModelFiles> {
    const key = JSON.stringify([path, identity])
    const found = this.known.get(key)
    if (found && (await stampOfFolder(found.files)).text === found.stamp) return found.files
    this.known.delete(key)
    const startedMs = Date.now()
    const files = await readModelFiles(path, identity)
    const stamp = await stampOfFolder(files)
    // Changed while it was read, it would go by the time of what it is now: the next read tells.
    if (hasChangedSince(stamp, startedMs)) return files
    this.known.set(key, {stamp: stamp.text, files})
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MAX_COUNT) break
      this.known.delete(oldest)
    }
    return files
  }
}

/** Whether anything may have changed since then; a time of the future tells nothing of now. */
function hasChangedSince({changedMs}: Stamp, startedMs: number): boolean {
  const endedMs = Date.now()
  return changedMs.some(
    (ms) => ms >= startedMs - COARSEST_TIME_MS && ms <= endedMs + COARSEST_TIME_MS
  )
}
