import type {Dirent, Stats} from 'node:fs'
import {readdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {fileErrorCode, problemOfFileError} from './file-problems.ts'

/** An ONNX file of a model folder. */
export interface ModelFile {
  /** Relative to the folder, with forward slashes. */
  readonly file: string
  /** What the graph is by its name: `model`, `decoder_model`, `encoder_model`, … */
  readonly component: string
  /** Storage type by its suffix; no suffix means float32. */
  readonly dtype: string
  readonly bytes: number
}

/** Suffixes of exported files (transformers.js' names) and the storage type each stands for. */
const DTYPE_SUFFIXES: readonly (readonly [suffix: string, dtype: string])[] = [
  ['_q4f16', 'q4f16'],
  ['_q2f16', 'q2f16'],
  ['_q1f16', 'q1f16'],
  ['_quantized', 'q8'],
  ['_uint8', 'uint8'],
  ['_int8', 'int8'],
  ['_fp16', 'float16'],
  ['_bnb4', 'bnb4'],
  ['_q4', 'q4'],
  ['_q2', 'q2'],
  ['_q1', 'q1'],
]

/** The order in which a default is looked for: exact weights first, then ever coarser ones. */
const DTYPE_ORDER = [
  ...['float32', 'float16', 'q8', 'int8', 'uint8', 'q4f16', 'q4', 'bnb4'],
  ...['q2f16', 'q2', 'q1f16', 'q1'],
]
/** A plain `decoder_model` runs by itself; the merged one needs a switch and dummy caches. */
const COMPONENT_ORDER = ['model', 'decoder_model', 'decoder_model_merged']

function describeModelFile(file: string, bytes: number): ModelFile {
  const stem = file.slice(file.lastIndexOf('/') + 1).replace(/\.onnx$/i, '')
  const suffix = DTYPE_SUFFIXES.find(([ending]) => stem.endsWith(ending))
  return {
    file,
    component: suffix ? stem.slice(0, -suffix[0].length) : stem,
    dtype: suffix ? suffix[1] : 'float32',
    bytes,
  }
}

function placeIn(order: readonly string[], value: string): number {
  const index = order.indexOf(value)
  return index < 0 ? order.length : index
}

function compareModelFiles(a: ModelFile, b: ModelFile): number {
  return (
    placeIn(COMPONENT_ORDER, a.component) - placeIn(COMPONENT_ORDER, b.component) ||
    placeIn(DTYPE_ORDER, a.dtype) - placeIn(DTYPE_ORDER, b.dtype) ||
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0)
  )
}

/**
 * The ONNX files of a folder and of its `onnx` sub-folder, the default first; empty where there are
 * none. Throws a Problem where the folder itself cannot be read.
 */
export async function listModelFiles(folder: string): Promise<ModelFile[]> {
  const found: ModelFile[] = []
  for (const part of ['', 'onnx']) {
    for (const entry of await entriesOf(join(folder, part), part !== '')) {
      if (entry.isDirectory() || !/\.onnx$/i.test(entry.name)) continue
      const file = part ? `${part}/${entry.name}` : entry.name
      // Files of the hub cache are links, and a broken one is a file that was never fetched.
      const stats = await statOrNull(join(folder, file))
      if (stats?.isFile()) found.push(describeModelFile(file, stats.size))
    }
  }
  return found.sort(compareModelFiles)
}

async function entriesOf(folder: string, isOptional: boolean): Promise<Dirent[]> {
  try {
    return await readdir(folder, {withFileTypes: true})
  } catch (error) {
    const code = fileErrorCode(error)
    if (isOptional && (code === 'ENOENT' || code === 'ENOTDIR')) return []
    throw problemOfFileError(error, folder, 'The folder')
  }
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch {
    return null
  }
}

/** The file asked for, else the default. Throws a Problem where there is none or not that one. */
export function chooseModelFile(
  folder: string,
  files: readonly ModelFile[],
  wanted: string | undefined
): ModelFile {
  const [first] = files
  if (!first) {
    throw new ProblemError({
      code: 'model-file-missing',
      message: 'The folder has no ONNX model file.',
      file: folder,
      found: 'no .onnx file in it or in its onnx folder',
      expected: 'onnx/model.onnx',
      advice: 'Export the model to ONNX, or download an export of it, into the folder.',
    })
  }
  if (wanted === undefined) return first
  const normalized = wanted.replaceAll('\\', '/').replace(/^\.\//, '')
  const chosen = files.find(({file}) => file === normalized || file === `onnx/${normalized}`)
  if (chosen) return chosen
  throw new ProblemError({
    code: 'model-file-missing',
    message: 'The folder does not have the model file that was asked for.',
    file: join(folder, wanted),
    found: files.map(({file}) => file).join(', '),
    expected: wanted,
    advice: 'Choose one of the files that are there.',
  })
}
