import {readdir, readFile, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join} from 'node:path'

/** A model of the local Hugging Face cache: `org/name` and the folder of its newest snapshot. */
export interface CachedModel {
  readonly id: string
  readonly path: string
}

/** Where the Hugging Face libraries keep what they fetched, by their environment variables. */
export function hubCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const {HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME} = environment
  if (HF_HUB_CACHE) return expandHome(HF_HUB_CACHE)
  if (HF_HOME) return join(expandHome(HF_HOME), 'hub')
  const cache = XDG_CACHE_HOME ? expandHome(XDG_CACHE_HOME) : join(homedir(), '.cache')
  return join(cache, 'huggingface', 'hub')
}

/** `~` and `~/…` as the home folder; every other path as it is. */
export function expandHome(path: string): string {
  if (path === '~') return homedir()
  return /^~[/\\]/.test(path) ? join(homedir(), path.slice(2)) : path
}

/** The cached models by name; empty where there is no cache. */
export async function listCachedModels(cacheFolder: string): Promise<CachedModel[]> {
  const models: CachedModel[] = []
  for (const name of await namesIn(cacheFolder)) {
    const id = modelIdOfFolderName(name)
    const path = id && (await snapshotOf(join(cacheFolder, name)))
    if (id && path) models.push({id, path})
  }
  return models.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

/** The snapshot of `org/name` (or of a bare `name`) in the cache; null where it is not there. */
export async function findCachedModel(cacheFolder: string, id: string): Promise<string | null> {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(id) || id.includes('..')) return null
  return snapshotOf(join(cacheFolder, `models--${id.replace('/', '--')}`))
}

function modelIdOfFolderName(name: string): string | null {
  const match = /^models--(.+)$/.exec(name)
  // Only the first separator stands for the slash: names may hold two hyphens of their own.
  return match?.[1]?.replace('--', '/') ?? null
}

/** The commit that `main` points at, else the snapshot that was fetched last. */
async function snapshotOf(modelFolder: string): Promise<string | null> {
  const snapshots = join(modelFolder, 'snapshots')
  const main = await readFile(join(modelFolder, 'refs', 'main'), 'utf8').catch(() => '')
  const commit = main.trim()
  if (/^[\w.-]+$/.test(commit) && (await folderTime(join(snapshots, commit))) !== null) {
    return join(snapshots, commit)
  }
  let newest: {path: string; time: number} | null = null
  for (const name of await namesIn(snapshots)) {
    const path = join(snapshots, name)
    const time = await folderTime(path)
    if (time !== null && (newest === null || time > newest.time)) newest = {path, time}
  }
  return newest?.path ?? null
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch {
    return []
  }
}

/** When a folder was last changed, in ms; null where there is no such folder. */
async function folderTime(path: string): Promise<number | null> {
  try {
    const found = await stat(path)
    return found.isDirectory() ? found.mtimeMs : null
  } catch {
    return null
  }
}
