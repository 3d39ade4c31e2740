import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import type {ModelFiles} from './read-model-files.ts'

/** Files beside graph and weights that something is read from; any of them may be missing. */
const SIDE_FILES = [
  'config.json',
  'generation_config.json',
  'tokenizer_config.json',
  'tokenizer.json',
] as const

/** What tells whether paths are as they were when something was read from them. */
export interface Stamp {
  readonly text: string
  /** When each of those that are there was changed, in milliseconds of the file system's clock. */
  readonly changedMs: readonly number[]
}

/** Size and time of every file that a model is read from, however many others its folder has. */
export function stampOfModel({
  path,
  filePath,
  dataPaths,
}: Pick<ModelFiles, 'path' | 'filePath' | 'dataPaths'>): Promise<Stamp> {
  const sides = SIDE_FILES.map((name) => join(path, name))
  return stampOf([filePath, ...dataPaths, ...sides])
}

/**
 * The same, and the times of the folders that model files are looked for in: those change where a file
 * comes, goes or is renamed, among them another graph that would be chosen.
 */
export async function stampOfFolder(files: ModelFiles): Promise<Stamp> {
  const folders = await stampOf([files.path, join(files.path, 'onnx')])
  const model = await stampOfModel(files)
  return {
    text: `${folders.text}\n${model.text}`,
    changedMs: [...folders.changedMs, ...model.changedMs],
  }
}

async function stampOf(paths: readonly string[]): Promise<Stamp> {
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => null)))
  return {
    text: paths
      .map((path, i) => `${path} ${found[i] ? `${found[i].size} ${found[i].mtimeMs}` : 'missing'}`)
      .join('\n'),
    changedMs: found.flatMap((stats) => (stats ? [stats.mtimeMs] : [])),
  }
}
