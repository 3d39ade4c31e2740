import {dirname, parse, relative, sep} from 'node:path'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {mapTensors, shallowCopy} from './clone-message.ts'
import {encodeMessage} from './schema.ts'
import type {ModelGraph} from './structure.ts'
import {externalRangeOf, setExternalRange, tensorsOf} from './walk-graph.ts'

/** A model for onnxruntime that keeps its weights in the files they lie in. */
export interface Overlay {
  /** The model: the graph, with locations of external data relative to `folder`. */
  readonly bytes: Uint8Array
  /** Value of the session option `session.model_external_initializers_file_folder_path`. */
  readonly folder: string
}

/**
 * The graph as bytes to give to onnxruntime, with the folder that its weights are under: the common
 * ancestor of the real paths of all data files, since onnxruntime refuses a location that leaves the
 * folder, also by a link. The files must not change while a session lives. Throws a Problem where there is
 * no common folder (two drives).
 */
export function encodeOverlay({path, model}: ModelGraph): Overlay {
  const locations = new Set<string>()
  for (const tensor of tensorsOf(model)) {
    const range = externalRangeOf(tensor)
    if (range) locations.add(range.location)
  }
  const folder = commonFolder(path, locations.size > 0 ? [...locations] : [path])
  const relocated = mapTensors(model, (tensor) => {
    const range = externalRangeOf(tensor)
    if (!range) return tensor
    const copy = shallowCopy(tensor)
    const location = relative(folder, range.location).split(sep).join('/')
    setExternalRange(copy, {location, offset: range.offset, byteLength: range.byteLength ?? 0})
    return copy
  })
  return {bytes: encodeMessage('Model', relocated), folder}
}

function commonFolder(modelPath: string, paths: readonly string[]): string {
  const roots = new Set(paths.map((path) => parse(path).root.toLowerCase()))
  if (roots.size > 1) {
    throw new ProblemError({
      code: 'external-data-on-two-drives',
      message: 'The data files of the model lie on different drives.',
      file: modelPath,
      found: [...roots].join(', '),
      expected: 'all data files under one folder',
      advice: 'Copy the model and its data files into one folder.',
    })
  }
  let folder = dirname(paths[0] as string)
  for (const path of paths) {
    while (!isWithin(folder, path)) folder = dirname(folder)
  }
  return folder
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && parse(way).root === ''
}
