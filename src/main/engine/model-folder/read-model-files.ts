import {stat} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import type {ModelKind, ModelListing} from '../../../shared/domain/model.ts'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {findExternalData} from '../onnx/external-data.ts'
import {readGraphFacts} from '../onnx/graph-roles.ts'
import {type ModelConfig, readModelConfig} from './config.ts'
import {chooseModelFile, listModelFiles} from './model-files.ts'
import type {GraphFacts, ModelFolder} from './model-folder.ts'
import {detectModelKind} from './model-kind.ts'
import {type ModelIdentity, readModelFolder} from './read-model-folder.ts'

/** The files of a model of any kind: what inspecting and capturing need, whether it can be explored or not. */
export interface ModelFiles {
  readonly id: string
  /** The folder, absolute. */
  readonly path: string
  readonly source: ModelListing['source']
  readonly kind: ModelKind
  readonly family: string
  /** Null where the folder has no config.json. */
  readonly config: ModelConfig | null
  /** The chosen model file, relative to `path`, and its absolute path. */
  readonly file: string
  readonly filePath: string
  readonly dataPaths: readonly string[]
  /** Of the model file and its data files together. */
  readonly bytes: number
  readonly header: GraphFacts
  /** Null where the folder has no tokenizer.json. */
  readonly tokenizerPath: string | null
  /** The folder as that of a decoder that can be explored, or why it is none. */
  readonly decoder: ModelFolder | Problem
}

export function isDecoder(decoder: ModelFiles['decoder']): decoder is ModelFolder {
  return !('advice' in decoder)
}

/**
 * Reads which files a model has and what kind it is. Nothing is loaded, and an encoder or a folder
 * without configuration is as welcome as a decoder. Throws a Problem where there is no ONNX file that
 * can be read, and where its weights are not there.
 */
export async function readModelFiles(path: string, identity: ModelIdentity): Promise<ModelFiles> {
  const folder = resolve(path)
  const files = await listModelFiles(folder)
  const chosen = chooseModelFile(folder, files, identity.file)
  const filePath = join(folder, chosen.file)
  const header = await readGraphFacts(filePath)
  const data = await findExternalData(filePath, header)
  const config = await orProblem(readModelConfig(folder))
  const tokenizerPath = join(folder, 'tokenizer.json')
  const knownConfig = 'advice' in config ? null : config
  return {
    id: identity.id,
    path: folder,
    source: identity.source,
    kind: detectModelKind(knownConfig, header),
    family: knownConfig?.family ?? 'unknown',
    config: knownConfig,
    file: chosen.file,
    filePath,
    dataPaths: data.map((file) => file.path),
    bytes: data.reduce((sum, {byteLength}) => sum + byteLength, chosen.bytes),
    header,
    tokenizerPath: (await isFile(tokenizerPath)) ? tokenizerPath : null,
    decoder: await orProblem(readModelFolder(folder, identity, header)),
  }
}

async function orProblem<Value>(promise: Promise<Value>): Promise<Value | Problem> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
