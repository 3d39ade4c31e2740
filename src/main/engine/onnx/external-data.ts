import {realpath, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
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
  const byteLength = await byteLengthOf(path)
  if (byteLength === null) {
    throw new ProblemError({
      code: 'external-data-missing',
      message: 'A data file of the model is missing.',
      file: path,
      found: 'no such file',
      expected: `the weights that ${modelPath} refers to`,
      advice: `Download ${location} into the folder of the model file.`,
    })
  }
  return {path: await realpath(path), byteLength}
}

async function byteLengthOf(path: string): Promise<number | null> {
  try {
    const found = await stat(path)
    return found.isFile() ? found.size : null
  } catch {
    return null
  }
}
