import {stat} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import type {ModelKind, ModelListing} from '../../../shared/domain/model.ts'
import {type Problem, ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {type ExternalFile, findExternalData} from '../onnx/external-data.ts'
import {readGraphHeader} from '../onnx/read-graph-header.ts'
import {agreeOnSizes} from './check-config.ts'
import {type ModelConfig, readModelConfig} from './config.ts'
import {readJsonObject} from './file-problems.ts'
import {chooseModelFile, listModelFiles, type ModelFile} from './model-files.ts'
import type {GraphHeader, ModelFolder} from './model-folder.ts'
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

/**
 * Reads a folder in the Hugging Face layout: configuration, the chosen graph's header and where its
 * weights lie. Nothing is loaded. Throws a Problem where the folder is no decoder that can be run.
 */
export async function readModelFolder(path: string, identity: ModelIdentity): Promise<ModelFolder> {
  const folder = resolve(path)
  const files = await listModelFiles(folder)
  if (files.length === 0 && !(await isFile(join(folder, 'config.json')))) {
    throw noModelHere(folder)
  }
  const config = await readModelConfig(folder)
  const chosen = chooseModelFile(folder, files, identity.file)
  const filePath = join(folder, chosen.file)
  const graph = await readGraphHeader(filePath)
  const kind = detectModelKind(config, graph)
  const otherKind = problemOfKind(kind, config.family, filePath, graph)
  if (otherKind) throw new ProblemError(otherKind)
  checkOutputs(filePath, graph)

  const tokenizerPath = join(folder, 'tokenizer.json')
  if (!(await isFile(tokenizerPath))) throw tokenizerMissing(tokenizerPath)
  const data = await findExternalData(filePath, graph)
  const warnings: Warning[] = []
  return {
    id: identity.id,
    path: folder,
    source: identity.source,
    kind,
    family: config.family,
    ...agreeOnSizes(config, graph),
    contextLength: await findContextLength(folder, config, warnings),
    dtype: dtypeOf(chosen, graph),
    parameterCount: parameterCountOf(graph),
    beginId: config.beginId,
    stopIds: config.stopIds,
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
  const {value: files} = await attempt(listModelFiles(folder))
  const {value: config} = await attempt(readModelConfig(folder))
  const first = files?.[0]
  const {value: graph} = await attempt(
    first ? readGraphHeader(join(folder, first.file)) : Promise.resolve(null)
  )
  const {value: opened, problem} = await attempt(readModelFolder(folder, identity))
  const kind: ModelKind = graph
    ? detectModelKind(config, graph)
    : config
      ? guessModelKind(config)
      : 'unknown'
  return {
    id: identity.id,
    path: folder,
    source: identity.source,
    kind,
    family: config?.family ?? null,
    layerCount: opened?.layerCount ?? config?.layerCount?.value ?? null,
    queryHeadCount: opened?.queryHeadCount ?? config?.queryHeadCount?.value ?? null,
    keyValueHeadCount: opened?.keyValueHeadCount ?? config?.keyValueHeadCount?.value ?? null,
    vocabularySize: opened?.vocabularySize ?? config?.vocabularySize?.value ?? null,
    contextLength: opened?.contextLength ?? config?.contextLength?.value ?? null,
    dtypes: (files ?? []).map((file) => file.dtype),
    files: (files ?? []).map((file) => file.file),
    bytes: opened?.bytes ?? first?.bytes ?? 0,
    problem,
  }
}

async function attempt<Value>(
  action: Promise<Value>
): Promise<{value: Value | null; problem: Problem | null}> {
  try {
    return {value: await action, problem: null}
  } catch (error) {
    if (error instanceof ProblemError) return {value: null, problem: error.problem}
    throw error
  }
}

function checkOutputs(filePath: string, graph: GraphHeader): void {
  const logits = graph.outputs.find((output) => output.name === 'logits')
  if (logits) return
  throw new ProblemError({
    code: 'no-logits',
    message: 'The model gives no logits.',
    file: filePath,
    field: 'outputs',
    found: graph.outputs.map((output) => output.name).join(', '),
    expected: 'an output named logits',
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

function tokenizerMissing(path: string): ProblemError {
  return new ProblemError({
    code: 'tokenizer-missing',
    message: 'The folder has no tokenizer.json.',
    file: path,
    found: 'no such file',
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
function dtypeOf(file: ModelFile, graph: GraphHeader): string {
  const cache = graph.inputs.find((input) => input.name.startsWith('past'))
  return file.dtype === 'float32' && cache?.dtype === 'float16' ? 'float16' : file.dtype
}

function parameterCountOf(graph: GraphHeader): number | null {
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
