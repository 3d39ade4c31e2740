import {stat} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import type {ModelKind, ModelListing} from '../../../shared/domain/model.ts'
import {type Problem, ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {type ExternalFile, findExternalData} from '../onnx/external-data.ts'
import {readGraphFacts} from '../onnx/graph-roles.ts'
import {agreeOnSizes} from './check-config.ts'
import {type ModelConfig, readModelConfig} from './config.ts'
import {missingFile, readJsonObject} from './file-problems.ts'
import {chooseModelFile, listModelFiles, type ModelFile} from './model-files.ts'
import type {GraphFacts, ModelFolder} from './model-folder.ts'
import {detectModelKind, guessModelKind, problemOfKind} from './model-kind.ts'

/** Where a model folder came from and by what name it goes. */
export interface ModelIdentity {
  readonly id: string
  readonly source: ModelListing['source']
  /** One of the folder's model files; its default otherwise. */
  readonly file?: string | undefined
}

/** Used where neither config.json nor tokenizer_config.json states a context. */
const ASSUMED_CONTEXT_LENGTH = 2048

/** What was learnt of a folder on the way, whether it can be opened or not. */
interface FolderFacts {
  files: readonly ModelFile[]
  config: ModelConfig | null
  graph: GraphFacts | null
}

/**
 * Reads a folder in the Hugging Face layout: configuration, the chosen graph's header and where its
 * weights lie. Nothing is loaded. `graph` is that of the chosen file, where it was read before. Throws a Problem where the folder is no decoder that can be run.
 */
export function readModelFolder(
  path: string,
  identity: ModelIdentity,
  graph: GraphFacts | null = null
): Promise<ModelFolder> {
  return readInto({files: [], config: null, graph}, resolve(path), identity)
}

async function readInto(
  facts: FolderFacts,
  folder: string,
  identity: ModelIdentity
): Promise<ModelFolder> {
  const files = await listModelFiles(folder)
  facts.files = files
  if (files.length === 0 && !(await isFile(join(folder, 'config.json')))) {
    throw noModelHere(folder)
  }
  const config = await readModelConfig(folder)
  facts.config = config
  const chosen = chooseModelFile(folder, files, identity.file)
  const filePath = join(folder, chosen.file)
  const graph = facts.graph ?? (await readGraphFacts(filePath))
  facts.graph = graph
  const kind = detectModelKind(config, graph)
  const otherKind = problemOfKind(kind, config.family, filePath, graph)
  if (otherKind) throw new ProblemError(otherKind)
  checkOutputs(filePath, graph)

  const tokenizerPath = join(folder, 'tokenizer.json')
  const missing = await missingFile(tokenizerPath)
  if (missing !== null) throw tokenizerMissing(tokenizerPath, missing)
  const data = await findExternalData(filePath, graph)
  const sizes = agreeOnSizes(config, graph)
  const warnings: Warning[] = []
  return {
    id: identity.id,
    path: folder,
    source: identity.source,
    kind,
    family: config.family,
    ...sizes,
    contextLength: await findContextLength(folder, config, warnings),
    dtype: dtypeOf(chosen, graph),
    parameterCount: parameterCountOf(graph),
    ...idsWithLogits(config, sizes.vocabularySize, warnings),
    file: chosen.file,
    filePath,
    dataPaths: data.map((file) => file.path),
    bytes: totalBytes(chosen, data),
    tokenizerPath,
    graph,
    warnings,
  }
}

/**
 * What a folder holds, for a list of models: as much as its files tell, and why it cannot be opened
 * where that is known. Never throws a Problem.
 */
export async function readModelListing(
  path: string,
  identity: ModelIdentity
): Promise<ModelListing> {
  const folder = resolve(path)
  const facts: FolderFacts = {files: [], config: null, graph: null}
  let opened: ModelFolder | null = null
  let problem: Problem | null = null
  try {
    opened = await readInto(facts, folder, identity)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    problem = error.problem
  }
  const {files, config, graph} = facts
  return {
    id: identity.id,
    path: folder,
    source: identity.source,
    kind: kindOf(facts),
    family: config?.family ?? null,
    layerCount: opened?.layerCount ?? config?.layerCount?.value ?? null,
    queryHeadCount: opened?.queryHeadCount ?? config?.queryHeadCount?.value ?? null,
    keyValueHeadCount: opened?.keyValueHeadCount ?? config?.keyValueHeadCount?.value ?? null,
    vocabularySize: opened?.vocabularySize ?? config?.vocabularySize?.value ?? null,
    contextLength: opened?.contextLength ?? config?.contextLength?.value ?? null,
    dtypes: files.map((file) => (graph && file === files[0] ? dtypeOf(file, graph) : file.dtype)),
    files: files.map((file) => file.file),
    bytes: opened?.bytes ?? files[0]?.bytes ?? 0,
    problem,
  }
}

function kindOf({config, graph}: FolderFacts): ModelKind {
  if (graph) return detectModelKind(config, graph)
  return config ? guessModelKind(config) : 'unknown'
}

/** Begin and stop ids, without those that have no logit: they could never be drawn. */
function idsWithLogits(
  config: ModelConfig,
  vocabularySize: number,
  warnings: Warning[]
): {beginId: number | null; stopIds: readonly number[]} {
  const stopIds = config.stopIds.filter((id) => id < vocabularySize)
  const dropped = config.stopIds.filter((id) => id >= vocabularySize)
  if (dropped.length > 0) {
    warnings.push({
      code: 'stop-id-beyond-logits',
      message: `The folder names stop ids that the model has no logits for: ${dropped.join(', ')}.`,
    })
  }
  const {beginId} = config
  return {beginId: beginId !== null && beginId < vocabularySize ? beginId : null, stopIds}
}

function checkOutputs(filePath: string, graph: GraphFacts): void {
  if (graph.roles.logits !== null) return
  throw new ProblemError({
    code: 'no-logits',
    message: 'The model gives no logits.',
    file: filePath,
    field: 'outputs',
    found: graph.outputs.map((output) => output.name).join(', '),
    expected: 'an output with a score for each token of the vocabulary',
    advice: 'Export the model again with its language-model head.',
  })
}

function noModelHere(folder: string): ProblemError {
  return new ProblemError({
    code: 'not-a-model-folder',
    message: 'There is no model in this folder.',
    file: folder,
    found: 'neither config.json nor an .onnx file',
    expected: 'config.json, tokenizer.json and onnx/model.onnx',
    advice: 'Choose the folder that holds these files.',
  })
}

function tokenizerMissing(path: string, found: string): ProblemError {
  return new ProblemError({
    code: 'tokenizer-missing',
    message: 'The folder has no tokenizer.json.',
    file: path,
    found,
    expected: 'the tokenizer of the model',
    advice: 'Download tokenizer.json into the folder, or save the tokenizer there as a fast one.',
  })
}

async function findContextLength(
  folder: string,
  config: ModelConfig,
  warnings: Warning[]
): Promise<number> {
  if (config.contextLength) return config.contextLength.value
  const name = 'tokenizer_config.json'
  const tokenizer = await readJsonObject(join(folder, name), name)
  const stated = tokenizer?.model_max_length
  // Tokenizers without a limit write 10^30.
  if (typeof stated === 'number' && Number.isInteger(stated) && stated > 0 && stated < 1e9) {
    return stated
  }
  warnings.push({
    code: 'context-assumed',
    message: `The folder states no context length; ${ASSUMED_CONTEXT_LENGTH} tokens are assumed.`,
  })
  return ASSUMED_CONTEXT_LENGTH
}

/** By the file's suffix; a file without one may still hold half floats, which its cache betrays. */
function dtypeOf(file: ModelFile, graph: GraphFacts): string {
  const cache = graph.inputs.find(({name}) => name === graph.roles.kvCache[0]?.input)
  return file.dtype === 'float32' && cache?.dtype === 'float16' ? 'float16' : file.dtype
}

function parameterCountOf(graph: GraphFacts): number | null {
  const {parameterCount} = graph
  return Number.isSafeInteger(parameterCount) && parameterCount > 0 ? parameterCount : null
}

function totalBytes(file: ModelFile, data: readonly ExternalFile[]): number {
  return data.reduce((sum, {byteLength}) => sum + byteLength, file.bytes)
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
