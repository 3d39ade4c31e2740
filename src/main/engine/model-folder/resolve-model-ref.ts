import {stat} from 'node:fs/promises'
import {basename, dirname, isAbsolute, resolve} from 'node:path'
import type {ModelRef} from '../../../shared/domain/model.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {expandHome, findCachedModel, hubCacheFolder} from './hub-cache.ts'
import {findKnownModels, type ModelPlaces} from './list-models.ts'
import type {ModelIdentity} from './read-model-folder.ts'

/** A model's folder and the identity it is opened under. */
export interface ResolvedModel extends ModelIdentity {
  readonly path: string
}

/**
 * The folder that a reference names: a built-in id, a path (of a folder, or of an .onnx file in one),
 * `org/name` in the local hub cache, or the name of a recent folder. Throws a Problem that lists what
 * there is.
 */
export async function resolveModelRef(
  ref: ModelRef,
  places: ModelPlaces & {
    /** What relative paths start from; the process's own folder otherwise. */
    readonly currentFolder?: string
  }
): Promise<ResolvedModel> {
  const known = await findKnownModels(places)
  const named = known.find((model) => model.source === 'builtin' && model.id === ref.model)
  if (named) return {...named, file: ref.file}

  const path = resolve(places.currentFolder ?? process.cwd(), expandHome(ref.model))
  const atPath = await resolvePath(path, ref.file)
  if (atPath) {
    const same = known.find((model) => resolve(model.path) === atPath.path)
    return same ? {...same, file: atPath.file} : atPath
  }
  if (!looksLikePath(ref.model)) {
    const cached = await findCachedModel(places.cacheFolder ?? hubCacheFolder(), ref.model)
    if (cached) return {id: ref.model, path: cached, source: 'cache', file: ref.file}
    const recent = known.filter((model) => model.source === 'recent' && model.id === ref.model)
    if (recent.length === 1 && recent[0]) return {...recent[0], file: ref.file}
  }
  throw notFound(ref.model, path, known)
}

function looksLikePath(name: string): boolean {
  return isAbsolute(name) || /^(\.{1,2}|~)([/\\]|$)/.test(name) || /^[a-zA-Z]:[\\/]/.test(name)
}

async function resolvePath(path: string, file: string | undefined): Promise<ResolvedModel | null> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) return {id: basename(path), path, source: 'folder', file}
  if (!found?.isFile() || !/\.onnx$/i.test(path)) return null
  const parent = dirname(path)
  const isInOnnxFolder = basename(parent) === 'onnx'
  const folder = isInOnnxFolder ? dirname(parent) : parent
  const name = isInOnnxFolder ? `onnx/${basename(path)}` : basename(path)
  return {id: basename(folder), path: folder, source: 'folder', file: file ?? name}
}

function notFound(
  name: string,
  path: string,
  known: readonly {id: string; source: string}[]
): ProblemError {
  const ids = [...new Set(known.map((model) => model.id))]
  const shown = ids.slice(0, 12).join(', ')
  const more = ids.length > 12 ? ` and ${ids.length - 12} more` : ''
  return new ProblemError({
    code: 'model-not-found',
    message: `There is no model named ${JSON.stringify(name)}.`,
    file: path,
    found: 'no built-in model, folder or cached model by this name',
    expected: ids.length > 0 ? `one of ${shown}${more}, or a model folder` : 'a model folder',
    advice: 'List the models with `tokenscope models`, or give the path of a model folder.',
  })
}
