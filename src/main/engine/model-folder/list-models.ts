import {readdir} from 'node:fs/promises'
import {basename, join, resolve} from 'node:path'
import type {ModelListing} from '../../../shared/domain/model.ts'
import {hubCacheFolder, listCachedModels} from './hub-cache.ts'
import {type ModelIdentity, readModelListing} from './read-model-folder.ts'

/** Where models are looked for. */
export interface ModelPlaces {
  readonly builtinModelsFolder: string
  /** Folders that were opened before, the last first. */
  readonly recents: readonly string[]
  /** The Hugging Face cache; the environment decides where none is given. */
  readonly cacheFolder?: string
}

interface KnownModel extends ModelIdentity {
  readonly path: string
}

/** Names and folders of every model that can be named: built-in, recent, cached; read no further. */
export async function findKnownModels(places: ModelPlaces): Promise<KnownModel[]> {
  const builtin = (await builtinIds(places.builtinModelsFolder)).map(
    (id): KnownModel => ({id, path: join(places.builtinModelsFolder, id), source: 'builtin'})
  )
  const cached = (await listCachedModels(places.cacheFolder ?? hubCacheFolder())).map(
    ({id, path}): KnownModel => ({id, path, source: 'cache'})
  )
  const known = new Set([...builtin, ...cached].map((model) => resolve(model.path)))
  const recent = places.recents
    .filter((path) => !known.has(resolve(path)))
    .map((path): KnownModel => ({id: basename(path), path, source: 'recent'}))
  return [...builtin, ...recent, ...cached]
}

/**
 * Every model that could be opened. Cached models without an ONNX file are left out: the cache holds
 * much that was never meant for this program.
 */
export async function listModels(places: ModelPlaces): Promise<ModelListing[]> {
  const known = await findKnownModels(places)
  const listings = await Promise.all(known.map((model) => readModelListing(model.path, model)))
  return listings.filter(({source, files, family}) => {
    if (source === 'cache') return files.length > 0
    // A folder that was moved or deleted since is no longer a model.
    return source !== 'recent' || files.length > 0 || family !== null
  })
}

async function builtinIds(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, {withFileTypes: true})
    const folders = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    return folders
      .map((entry) => entry.name)
      .filter((name) => !name.startsWith('.'))
      .sort()
  } catch {
    return []
  }
}
