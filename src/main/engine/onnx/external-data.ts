import {realpath, stat} from 'node:fs/promises'
import {dirname, join, sep} from 'node:path'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {GraphHeader} from '../model-folder/model-folder.ts'

/**
 * Whether a graph may name this file for its weights: a path below its own folder, in any system's
 * spelling. A graph comes from strangers, and what it names is read.
 */
export function isSafeLocation(location: string): boolean {
  if (location === '' || location.includes('\0')) return false
  if (/^([/\\]|[a-zA-Z]:)/.test(location)) return false
  return !location.split(/[/\\]/).includes('..')
}

/**
 * A number of an external data entry. Throws a Problem unless it is written as whole bytes that a number holds
 * exactly: what reads it otherwise would read another place.
 */
export function externalNumber(
  modelPath: string,
  tensor: string,
  key: 'offset' | 'length',
  text: string
): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new ProblemError({
    code: 'external-range-invalid',
    message: 'The model does not say in whole bytes where one of its weights lies.',
    file: modelPath,
    field: `external data of ${tensor || 'a tensor'}, ${key}`,
    found: JSON.stringify(text),
    expected: `a whole number of bytes from 0 to ${Number.MAX_SAFE_INTEGER}`,
    advice: 'Download the model file again, or export the model again.',
  })
}

/** A data file of a graph: what the graph calls it, and where it really lies. */
export interface ExternalFile {
  readonly location: string
  /** Absolute, with links resolved: onnxruntime refuses links out of the model's folder. */
  readonly path: string
  readonly byteLength: number
}

/**
 * The data files of a graph, in the order of their names. Throws a Problem on a location that leaves
 * the folder, a file that is not there, and one that is shorter than the graph says.
 */
export async function findExternalData(
  modelPath: string,
  header: GraphHeader
): Promise<ExternalFile[]> {
  const files: ExternalFile[] = []
  for (const location of header.externalLocations) {
    const {path, byteLength} = await locateExternalFile(modelPath, location)
    const needed = header.externalByteLengths[location] ?? 0
    if (byteLength < needed) {
      throw new ProblemError({
        code: 'external-data-truncated',
        message: 'A data file of the model is cut short.',
        file: path,
        found: `${byteLength} bytes`,
        expected: `at least ${needed} bytes`,
        advice: 'Download the data file again.',
      })
    }
    files.push({location, path, byteLength})
  }
  return files
}

/**
 * One data file of a graph by what the graph calls it, with links resolved. Throws a Problem on a
 * location that leaves the folder and on a file that is not there.
 */
export async function locateExternalFile(
  modelPath: string,
  location: string
): Promise<{path: string; byteLength: number}> {
  if (!isSafeLocation(location)) {
    throw new ProblemError({
      code: 'external-location-unsafe',
      message: 'The model asks for a file outside its own folder.',
      file: modelPath,
      field: 'external data location',
      found: JSON.stringify(location),
      expected: 'a file name beside the model',
      advice: 'Do not open this model unless you know why it does that; export it again.',
    })
  }
  const path = join(dirname(modelPath), location)
  const byteLength = await byteLengthOf(path, modelPath, location)
  const real = await realpath(path)
  const folders = [await realpath(dirname(modelPath)), dirname(await realpath(modelPath))]
  if (!folders.some((folder) => real.startsWith(folder + sep))) {
    throw new ProblemError({
      code: 'external-link-outside',
      message: 'A data file of the model is a link that leads out of its folder.',
      file: path,
      field: 'external data location',
      found: `a link to ${real}`,
      expected: `a file under ${folders[0]}, or beside what ${modelPath} is itself a link to`,
      advice: 'Put the data file itself beside the model, or make the model file a link as well.',
    })
  }
  return {path: real, byteLength}
}

/** Throws a Problem where there is no file. */
async function byteLengthOf(path: string, modelPath: string, location: string): Promise<number> {
  let found = 'a folder or a device'
  try {
    const stats = await stat(path)
    if (stats.isFile()) return stats.size
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    found = code === 'ENOENT' ? 'no such file' : code
  }
  throw new ProblemError({
    code: 'external-data-missing',
    message: 'A data file of the model is missing.',
    file: path,
    field: 'external data location',
    found,
    expected: `a file with the weights that ${modelPath} refers to as ${JSON.stringify(location)}`,
    advice: `Download ${location} into the folder of the model file.`,
  })
}
