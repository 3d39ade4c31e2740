import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import type {
  InspectCheck,
  InspectEvent,
  InspectRequest,
  InspectResult,
} from '../../../shared/lenses/inspect.ts'
import type {Provenance} from '../../../shared/lenses/tokens.ts'
import {layerCosts} from '../captures/layer-costs.ts'
import {layersByRoute} from '../captures/layer-routes.ts'
import {probeModel} from '../captures/probe-model.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import {
  type CapturePlan,
  type CaptureRoute,
  planCapture,
  type ValueNormKind,
} from '../onnx/capture-plan.ts'
import {prepareCopy} from '../onnx/graph-copy.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import {type GraphedModel, MANY_NODES, type ModelGraphs} from '../runtime/model-graphs.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {
  describeLenses,
  describeStructure,
  layerCountWarnings,
  lensesAfterChecks,
  type NormsByLayer,
  reasonOf,
} from './describe-structure.ts'
import {hashWithProgress} from './hash-progress.ts'
import {plainOutput} from './plain-output.ts'
import {CHECK_COUNT, verifyModel} from './verify-model.ts'
import {shortText} from './verify-text.ts'

/** What the lens works with. */
export interface InspectContext {
  readonly graphs: ModelGraphs
  /** Used where checks are asked for, and to measure what a small model takes. */
  readonly sessions: InstrumentedSessions
  readonly versions: Provenance['versions']
}

/** Tokens that the estimate is for, where the context is as long. */
const ESTIMATED_TOKEN_COUNT = 1024
/** A model of this size is opened in about a second, unless its nodes are many. */
const MOST_PROBED_BYTES = 256e6

type Progress = Extract<InspectEvent, {kind: 'progress'}>

/**
 * The inspection of a model of any kind: what its graph shows of attention, residual stream and head, and
 * which lenses that makes available. A small model is run for a moment, to tell how long captures take; a
 * large one only where checks are asked for.
 */
export async function* runInspect(
  context: InspectContext,
  request: InspectRequest,
  signal?: AbortSignal
): AsyncGenerator<InspectEvent, void, undefined> {
  yield progress('reading', 0, 1)
  const model = await context.graphs.open(request)
  signal?.throwIfAborted()
  const sha256 = yield* hashWithProgress(context.graphs, model, signal)
  const tokenizer = await tokenizerOf(context.graphs, model)
  const trial = await measured(context, request, model, signal)
  const planned = await plannedOf(model, context.sessions, signal)
  const result = resultOf(context, request, model, {sha256, tokenizer, trial, ...planned})
  if (!request.verify) {
    yield {kind: 'completed', result}
    return
  }
  const checks: InspectCheck[] = []
  try {
    for await (const check of verifyModel(context.sessions, model, signal)) {
      checks.push(check)
      yield progress('verifying', checks.length, CHECK_COUNT)
    }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    // What the graph shows stands, whether the runtime takes it or not.
    const note = reasonOf(error.problem)
    checks.push({check: 'logits-equal', value: null, limit: null, passed: false, note})
  }
  const lenses = lensesAfterChecks(result.lenses, checks)
  yield {kind: 'completed', result: {...result, lenses, checks}}
}

/**
 * Measures what capturing takes, unless it is known or only a large model opened for that would tell. Resolves with
 * why the runtime does not take the model, which no graph tells; null where it does or was not asked.
 */
async function measured(
  {sessions}: InspectContext,
  {verify}: InspectRequest,
  model: GraphedModel,
  signal: AbortSignal | undefined
): Promise<Problem | null> {
  if (model.runProblems.length > 0) return null
  const isKnown = secondsOf(sessions, model, 1, ['queries-keys', 'weights']) !== null
  const {bytes, header} = model.files
  const isSmall = bytes <= MOST_PROBED_BYTES && header.nodeCount <= MANY_NODES
  if (isKnown || !(verify || isSmall)) return null
  try {
    const canProbe = model.structure.layers.some(({sites}) => sites.length > 0)
    if (canProbe) {
      await probeModel(sessions, model, signal)
      return null
    }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
  }
  // Whether the file as it is fails too, or only what was added to it.
  try {
    await plainOutput(sessions, model, shortText(model), signal)
    return null
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return error.problem
  }
}

/** A model of a fixed length runs on texts of that length; every other trouble of a plain run stays for all. */
const FIXED_LENGTH = 'fixed-length'

function resultOf(
  {versions}: InspectContext,
  request: InspectRequest,
  model: GraphedModel,
  parts: Planned & {sha256: string; tokenizer: Tokenizer | null; trial: Problem | null}
): InspectResult {
  const {sha256, tokenizer, estimate, norms, trial} = parts
  const {files, structure} = model
  const isRefused = trial !== null && trial.code !== FIXED_LENGTH
  const runProblems = isRefused ? [...model.runProblems, trial] : model.runProblems
  const described = describeStructure(structure, files.config, model.isMerged, norms)
  return {
    schema: 'tokenscope/inspect@1',
    request,
    model: {id: files.id, path: files.path, sha256},
    tokenizer: tokenizer && {id: tokenizer.id, sha256: tokenizer.sha256},
    versions,
    warnings: [
      ...(isDecoder(files.decoder) ? files.decoder.warnings : []),
      ...model.warnings,
      ...layerCountWarnings(structure, files.config),
    ],
    status: 'completed',
    file: files.file,
    kind: files.kind,
    family: files.family,
    nodeCount: files.header.nodeCount,
    opsets: Object.fromEntries(
      Object.entries(files.header.opsets).map(([domain, version]) => [domain || 'ai.onnx', version])
    ),
    ...described,
    problems: [...(trial ? [...model.runProblems, trial] : runProblems), ...described.problems],
    lenses: describeLenses(files, structure, runProblems),
    estimate,
  }
}

/** What planning the capture of every layer tells. */
interface Planned {
  /** Of queries and keys where they can be had, else of the weights. */
  readonly estimate: InspectResult['estimate']
  readonly norms: NormsByLayer
}

async function plannedOf(
  model: GraphedModel,
  sessions: InstrumentedSessions,
  signal: AbortSignal | undefined
): Promise<Planned> {
  const {files, graph, structure} = model
  const contextLength = files.config?.contextLength?.value ?? ESTIMATED_TOKEN_COUNT
  const tokenCount = Math.min(ESTIMATED_TOKEN_COUNT, contextLength)
  const all = structure.layers.map(({layer}) => layer)
  const norms = new Map<number, ValueNormKind>()
  if (model.runProblems.length > 0) {
    return {estimate: {tokenCount, bytes: 0, seconds: null}, norms}
  }
  let bytes: number | null = 0
  const used: CaptureRoute[] = []
  for (const [route, layers] of Object.entries(layersByRoute(structure, all, 'qk'))) {
    if (layers.length === 0) continue
    used.push(route as CaptureRoute)
    await prepareCopy(graph, signal)
    const plan = planCapture(graph, structure, {
      ...{route: route as CaptureRoute, layers},
      wants: {valueNorms: true},
    })
    for (const [layer, kind] of normsOf(plan)) norms.set(layer, kind)
    const costs = layerCosts(withoutNorms(plan), {
      tokenCount,
      runLength: tokenCount,
      config: files.config,
    })
    const more = costs?.reduce((sum, {keptBytes}) => sum + keptBytes, 0)
    bytes = bytes === null || more === undefined ? null : bytes + more
  }
  const seconds = secondsOf(sessions, model, tokenCount, used)
  return {estimate: {tokenCount, bytes, seconds}, norms}
}

/** Of a layer with several sites the kind that all of them have at least. */
function* normsOf({layers}: CapturePlan): Generator<[layer: number, kind: ValueNormKind]> {
  for (const {layer, sites} of layers) {
    const kinds = sites.map(({valueNorms}) => valueNorms?.kind)
    if (kinds.includes(undefined)) continue
    yield [layer, kinds.includes('basis-dependent') ? 'basis-dependent' : 'projected']
  }
}

/** A capture keeps them only where they are asked for. */
function withoutNorms(plan: CapturePlan): CapturePlan {
  const layers = plan.layers.map((layer) => ({
    ...layer,
    sites: layer.sites.map((site) => ({...site, valueNorms: null})),
  }))
  return {...plan, layers}
}

/** One run of the text a route, as each was measured; the first that was stands for those that were not. */
function secondsOf(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  tokenCount: number,
  routes: readonly CaptureRoute[]
): number | null {
  const hasCache = model.structure.inputs.kvCache.length > 0
  const runLength = hasCache ? sessions.chunkLengthOf(model) : tokenCount
  const seconds = routes.map((route) =>
    sessions.calibrations.of(model.key, route).secondsFor(tokenCount, runLength)
  )
  const known = seconds.find((one) => one !== null) ?? null
  return known === null ? null : seconds.reduce<number>((sum, one) => sum + (one ?? known), 0)
}

/** The folder's tokenizer; null where there is none, or none that fits. */
async function tokenizerOf(graphs: ModelGraphs, model: GraphedModel): Promise<Tokenizer | null> {
  try {
    return await graphs.tokenizer(model)
  } catch (error) {
    if (error instanceof ProblemError) return null
    throw error
  }
}

function progress(phase: Progress['phase'], done: number, total: number): Progress {
  return {kind: 'progress', phase, done, total, secondsLeft: null}
}
