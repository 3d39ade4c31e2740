import type {ModelRef} from '../../../shared/domain/model.ts'
import {type Problem, ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {sha256OfModel} from '../model-folder/hash-model.ts'
import type {ModelFolder} from '../model-folder/model-folder.ts'
import {stampOfModel} from '../model-folder/model-stamp.ts'
import type {ModelFiles} from '../model-folder/read-model-files.ts'
import {checkGraph} from '../onnx/check-graph.ts'
import {findStructureInTurns} from '../onnx/find-structure.ts'
import {prepareCopy} from '../onnx/graph-copy.ts'
import {unmergeDecoder} from '../onnx/merged-decoder.ts'
import {readModelGraph} from '../onnx/read-model-graph.ts'
import type {ModelGraph, ModelStructure} from '../onnx/structure.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'

/** A model as its graph: what inspecting and instrumenting start from. No session is needed. */
export interface GraphedModel {
  /** Of these files as they are now: a file that changes is another model. */
  readonly key: string
  readonly files: ModelFiles
  /** What is instrumented: of a merged decoder the graph that continues a cache, which begins one too. */
  readonly graph: ModelGraph
  readonly structure: ModelStructure
  /** The file holds two graphs; `graph` is one of them. */
  readonly isMerged: boolean
  /** Why onnxruntime will not run it, whatever is asked; empty where nothing is known against it. */
  readonly runProblems: readonly Problem[]
  /** What a result made with this graph has to say. */
  readonly warnings: readonly Warning[]
}

export interface ModelGraphsOptions {
  readonly readFiles: (ref: ModelRef) => Promise<ModelFiles>
  readonly loadTokenizer: (folder: TokenizerFolder) => Promise<Tokenizer>
}
type TokenizerFolder = Pick<ModelFolder, 'id' | 'path' | 'tokenizerPath' | 'vocabularySize'>

const TAKEN_APART: Warning = {
  code: 'merged-decoder',
  message:
    'The file holds two graphs, one that starts a text and one that continues it: the one with the cache was instrumented and runs the whole text.',
}

/** onnxruntime's time to open a graph grows faster than its nodes: minutes at 100,000 (measured: 172 s). */
export const MANY_NODES = 20_000

function manyNodes(nodeCount: number): Warning {
  return {
    code: 'many-nodes',
    message: `The graph has ${nodeCount} nodes. onnxruntime takes long to open such a graph, minutes at 100,000 nodes, before anything is run; that shows no progress, and goes on after it is cancelled.`,
  }
}

/** Graphs kept; each costs what its nodes cost, without weights. */
const MAX_GRAPH_COUNT = 4

/** Graphs that were read, by the files they were read from: the latest few, and the hashes of all. */
export class ModelGraphs {
  private readonly graphs = new Map<string, Promise<GraphedModel>>()
  private readonly hashes = new Map<string, string>()
  private readonly tokenizers = new WeakMap<GraphedModel, Promise<Tokenizer | null>>()

  constructor(private readonly options: ModelGraphsOptions) {}

  /** Reads the graph and finds its structure. Throws a Problem on files that cannot be read. */
  async open(ref: ModelRef): Promise<GraphedModel> {
    const files = await this.options.readFiles(ref)
    const key = (await stampOfModel(files)).text
    let reading = this.graphs.get(key)
    this.graphs.delete(key)
    reading ??= readGraph(key, files)
    this.graphs.set(key, reading)
    for (const oldest of this.graphs.keys()) {
      if (this.graphs.size <= MAX_GRAPH_COUNT) break
      this.graphs.delete(oldest)
    }
    // A failure is told and forgotten: the person may have repaired the file.
    reading.catch(() => this.graphs.delete(key))
    const model = await reading
    // Whoever opens a graph is about to edit a copy of it.
    await prepareCopy(model.graph)
    return model
  }

  /** The folder's tokenizer; null where there is none. Throws a Problem on one that does not fit. */
  tokenizer(model: GraphedModel): Promise<Tokenizer | null> {
    let loading = this.tokenizers.get(model)
    if (!loading) {
      loading = this.loadTokenizer(model.files)
      this.tokenizers.set(model, loading)
      loading.catch(() => this.tokenizers.delete(model))
    }
    return loading
  }

  /** The hash of a model's bytes, computed once while its files stay as they are. */
  async sha256(
    {key, files}: GraphedModel,
    onProgress: (doneBytes: number) => void,
    signal?: AbortSignal
  ): Promise<string> {
    const known = this.hashes.get(key)
    if (known) return known
    const sha256 = await sha256OfModel(files, onProgress, signal)
    this.hashes.set(key, sha256)
    return sha256
  }

  private async loadTokenizer(files: ModelFiles): Promise<Tokenizer | null> {
    const {id, path, tokenizerPath, config} = files
    if (tokenizerPath === null) return null
    // Without a configuration nothing says how wide the logits are.
    const vocabularySize = config?.vocabularySize?.value ?? Number.POSITIVE_INFINITY
    return this.options.loadTokenizer({id, path, tokenizerPath, vocabularySize})
  }
}

async function readGraph(key: string, files: ModelFiles): Promise<GraphedModel> {
  const whole = await readModelGraph(files.filePath)
  const graph = unmergeDecoder(whole)
  const isMerged = graph !== whole
  const {nodeCount} = files.header
  const warnings = [
    ...(isMerged ? [TAKEN_APART] : []),
    ...(nodeCount > MANY_NODES ? [manyNodes(nodeCount)] : []),
  ]
  const structure = await findStructureInTurns(graph)
  return {key, files, graph, structure, isMerged, runProblems: checkGraph(whole), warnings}
}

/** Throws a Problem for a model of which its graph alone says that it cannot be run. */
export function requireRunnable({runProblems}: Pick<GraphedModel, 'runProblems'>): void {
  if (runProblems[0]) throw new ProblemError(runProblems[0])
}
