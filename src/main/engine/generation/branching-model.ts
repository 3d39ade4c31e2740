import {ProblemError} from '../../../shared/domain/problem.ts'
import {computeNormalizer, NonFiniteLogitError} from '../../../shared/math/distribution.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import {GraphEditor} from '../onnx/graph-editor.ts'
import {
  buildInterventionGraph,
  type InterventionGraph,
  type InterventionRequest,
} from '../onnx/intervention-graph.ts'
import {addNewRowOutputs} from '../onnx/new-cache-rows.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import type {ModelGraph} from '../onnx/structure.ts'
import type {BranchInstrument, BranchSessions} from '../runtime/branch-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {BranchSpec} from '../runtime/worker-protocol.ts'

/** How branches are run: in one sequence under a tree mask, or each as a row of a batch. */
export type BranchMethod = 'tree-mask' | 'paths'

export interface BranchingOptions {
  /** Leaves the model after this layer: its final norm and head follow. */
  readonly exitAfterLayer?: number
  /** `paths` even where a tree mask can be had: the slower way, for comparison. */
  readonly method?: BranchMethod
  /** What the cached rows of branches may take. */
  readonly maxCacheBytes?: number
}

const DEFAULT_CACHE_BYTES = 256 * 1024 * 1024

/** What running some branches took. */
export interface BranchCounts {
  /** Calls of `logitsAfter`, and runs of the model and tokens that they took. */
  callCount: number
  runCount: number
  rowCount: number
  elapsedMs: number
}

/**
 * One model running many texts that begin with the same prompt: what they share is computed once and kept,
 * whatever is asked next. Trees, rollouts and attributions decode through it.
 */
export class BranchingModel {
  readonly counts: BranchCounts = {callCount: 0, runCount: 0, rowCount: 0, elapsedMs: 0}
  private retained: readonly Int32Array[] | null = null

  constructor(
    private readonly sessions: BranchSessions,
    readonly model: GraphedModel,
    readonly method: BranchMethod,
    private readonly instrument: BranchInstrument,
    private readonly prefix: Int32Array,
    private readonly signal: AbortSignal | undefined
  ) {}

  /**
   * The logits after the prompt and each path, in one run where they are not too many. Aborted, it rejects
   * at once. Throws a Problem for logits that are no numbers.
   */
  async logitsAfter(
    paths: readonly (readonly number[])[],
    onProgress?: (done: number, total: number) => void
  ): Promise<Float32Array[]> {
    const {prefix, signal} = this
    const job = {
      prefix,
      paths: paths.map((path) => Int32Array.from(path)),
      ...(this.retained ? {retain: this.retained} : {}),
    }
    this.retained = null
    const answer = await this.sessions.use(this.instrument, (session) =>
      session.runBranches(job, {...(signal ? {signal} : {}), ...(onProgress ? {onProgress} : {})})
    )
    this.counts.callCount++
    this.counts.runCount += answer.runCount
    this.counts.rowCount += answer.rowCount
    this.counts.elapsedMs += answer.elapsedMs
    const width = answer.logits.length / paths.length
    return paths.map((_, i) => answer.logits.subarray(i * width, (i + 1) * width))
  }

  /** Natural log-probabilities after the prompt and each path, over the whole vocabulary. */
  async logprobsAfter(
    paths: readonly (readonly number[])[],
    onProgress?: (done: number, total: number) => void
  ): Promise<Float64Array[]> {
    const rows = await this.logitsAfter(paths, onProgress)
    return rows.map((row) => logprobsOf(row, this.model.files.filePath))
  }

  /** The same model behind another text; what both begin with stays computed. */
  of(prefix: Int32Array): BranchingModel {
    const {sessions, model, method, instrument, signal} = this
    return new BranchingModel(sessions, model, method, instrument, prefix, signal)
  }

  /** Only what these paths need is kept from the next call on. */
  retain(paths: readonly (readonly number[])[]): void {
    this.retained = paths.map((path) => Int32Array.from(path))
  }
}

/** Opens a model for branches of one prompt. Throws a Problem where it cannot be left after a layer. */
export function openBranching(
  sessions: BranchSessions,
  model: GraphedModel,
  prefix: Int32Array,
  options: BranchingOptions = {},
  signal?: AbortSignal
): BranchingModel {
  const {exitAfterLayer, maxCacheBytes = DEFAULT_CACHE_BYTES} = options
  const exit = exitAfterLayer === undefined ? {} : {exitAfterLayer}
  const tree = options.method === 'paths' ? null : treeGraphOf(model, exit)
  const graph = tree?.graph ?? pathGraphOf(model, exit)
  const method = tree ? 'tree-mask' : 'paths'
  const instrument: BranchInstrument = {
    model,
    name: `${method} ${JSON.stringify(exit)}`,
    overlay: () => encodeOverlay(graph),
    branch: {
      sharedBias: tree?.inputs.sharedBias ?? null,
      positionShift: tree?.inputs.positionShift ?? null,
      newRows: tree?.newRows ?? {},
      maxCacheBytes,
      maxRowCount: contextLengthOf(model),
    },
  }
  return new BranchingModel(sessions, model, method, instrument, prefix, signal)
}

/** Places that a model has: beyond them its masks and tables end. */
function contextLengthOf({files: {decoder}}: GraphedModel): number {
  return isDecoder(decoder) ? decoder.contextLength : Number.MAX_SAFE_INTEGER
}

interface TreeGraph {
  readonly graph: ModelGraph
  readonly inputs: InterventionGraph['inputs']
  readonly newRows: BranchSpec['newRows']
}

/** The graph with a tree mask; null where that cannot be done faithfully. */
function treeGraphOf(
  {graph, structure, files}: GraphedModel,
  exit: InterventionRequest
): TreeGraph | null {
  // A window counts places of the cache, where branches lie between a token and its ancestors. In some
  // graphs it is part of a mask that is fed in, so that only the configuration tells.
  if (files.config?.hasWindows) return null
  const hasWindow = structure.layers.some(({sites}) =>
    sites.some(
      ({queryKey}) =>
        !('advice' in queryKey) &&
        queryKey.steps.some((step) => step.kind === 'causal' && step.window !== null)
    )
  )
  if (hasWindow) return null
  const built = buildInterventionGraph(graph, structure, {
    ...{sharedBias: true, positionShift: true},
    ...exit,
  })
  if (built.problems.length > 0 || !built.inputs.sharedBias) return null
  const editor = new GraphEditor(built.graph)
  const newRows = addNewRowOutputs(editor, built.kvCache)
  return {graph: editor, inputs: built.inputs, newRows}
}

function pathGraphOf({graph, structure}: GraphedModel, exit: InterventionRequest): ModelGraph {
  if (exit.exitAfterLayer === undefined) return graph
  const built = buildInterventionGraph(graph, structure, exit)
  if (built.problems[0]) throw new ProblemError(built.problems[0])
  return built.graph
}

/** A row of logits as natural log-probabilities. */
export function logprobsOf(logits: Float32Array, file: string): Float64Array {
  try {
    const {logSumExp} = computeNormalizer(logits, 0, logits.length)
    const logprobs = new Float64Array(logits.length)
    for (let id = 0; id < logits.length; id++) logprobs[id] = logits[id]! - logSumExp
    return logprobs
  } catch (error) {
    if (!(error instanceof NonFiniteLogitError)) throw error
    throw new ProblemError({
      code: 'non-finite-logit',
      message: 'The model gives a logit that is not a number.',
      file,
      field: `token ${error.tokenId}`,
      found: String(error.value),
      expected: 'finite logits',
      advice: 'Choose another file of the model: half precision may overflow.',
    })
  }
}
