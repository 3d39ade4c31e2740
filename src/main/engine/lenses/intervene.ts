import type {Intervention} from '../../../shared/domain/intervention.ts'
import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import {attentionRequestSchema} from '../../../shared/lenses/attention.ts'
import type {
  InterveneEvent,
  InterveneRequest,
  InterveneResult,
} from '../../../shared/lenses/intervene.ts'
import {nextRows} from '../../../shared/lenses/next-rows.ts'
import {divergenceOf} from '../../../shared/math/divergence.ts'
import {float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import {computeNextTokens} from '../../../shared/math/next-tokens.ts'
import {EventQueue} from '../jobs/event-queue.ts'
import {agreeOnSizes} from '../model-folder/check-config.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import {checkIntervention, deleteTokens} from '../onnx/check-intervention.ts'
import {interventionFeeds, requestOf} from '../onnx/intervention-feeds.ts'
import {buildInterventionGraph, type InterventionGraph} from '../onnx/intervention-graph.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {FedTensors} from '../runtime/worker-protocol.ts'
import {type ReadText, readText, type TextContext} from './attention-text.ts'
import {vocabularyParts} from './encode-prompt.ts'
import {positionBeyond} from './rows.ts'

/** What the command works with. */
export interface InterveneContext extends TextContext {
  readonly sessions: InstrumentedSessions
}

/**
 * Runs a prompt without and with an intervention, and compares what would follow a position. Aborted, it
 * throws the signal's reason.
 */
export async function* runIntervene(
  context: InterveneContext,
  request: InterveneRequest,
  signal?: AbortSignal
): AsyncGenerator<InterveneEvent, void, undefined> {
  const {model: ref, file, command: _, ...rest} = request
  const asked = attentionRequestSchema.parse({...promptOf(rest), model: ref, file})
  const text = yield* readText(context, asked, signal)
  const {model, ids} = text
  if (!isDecoder(model.files.decoder)) throw new ProblemError(model.files.decoder)
  const position = request.position === 'last' ? ids.length - 1 : request.position
  if (position >= ids.length) throw positionBeyond(position, ids.length)
  const wanted = interventionOf(request, ids.length)
  const {problems, warnings} = checkIntervention(wanted, subjectOf(text))
  if (problems[0]) throw new ProblemError(problems[0])
  const {tokenIds, intervention, keptPositions} = deleteTokens([...ids], wanted)
  const place = keptPositions.indexOf(position)
  if (place < 0) throw deletedPosition(position)

  const total = ids.length + tokenIds.length
  const run = (changed: Intervention, some: Int32Array) =>
    logitsOf(context.sessions, model, changed, some, signal)
  const before = yield* counted(run({}, ids), 0, total)
  const after = yield* counted(run(intervention, Int32Array.from(tokenIds)), ids.length, total)
  yield {
    kind: 'completed',
    result: await resultOf(context, request, text, {
      ...{position, warnings},
      before: rowOf(before, position),
      after: rowOf(after, place),
    }),
  }
}

interface Logits {
  readonly values: Float32Array
  readonly width: number
}

/** The rows that a run of a whole text gives, [position, vocabulary]. */
async function* logitsOf(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  intervention: Intervention,
  ids: Int32Array,
  signal: AbortSignal | undefined
): AsyncGenerator<number, Logits, undefined> {
  const request = requestOf(intervention)
  const graph = buildInterventionGraph(model.graph, model.structure, request)
  if (graph.problems[0]) throw new ProblemError(graph.problems[0])
  const feeds = feedsOf(model, graph, intervention)
  const chunkLength = sessions.chunkLengthOf(model)
  const canChunk = graph.kvCache.length > 0 && model.structure.inputs.useCacheBranch === null
  const step = canChunk ? chunkLength : ids.length
  const runs: FedTensors[] = []
  for (let first = 0; first < ids.length; first += step) {
    runs.push(feeds(first, Math.min(step, ids.length - first)))
  }
  const parts: Float32Array[] = []
  let width = 0
  const queue = new EventQueue<number>()
  let done = 0
  sessions
    .use(
      {
        model,
        name: `intervene ${JSON.stringify(request)}`,
        overlay: () => encodeOverlay(graph.graph),
        checkFeeds: feedsOf(model, graph, {})(0, 2),
      },
      (session) =>
        session.capture(
          {ids, outputs: [graph.logits], feeds: runs},
          {
            ...(signal ? {signal} : {}),
            onCaptured({tensors, positionCount}) {
              const {data} = tensors[0]!
              parts.push(
                data instanceof Uint16Array ? float32OfFloat16Bits(data) : (data as Float32Array)
              )
              width = tensors[0]!.dims.at(-1)!
              done += positionCount
              queue.push(done)
            },
          }
        ),
      {signal}
    )
    .then(
      () => queue.close(),
      (error) => queue.fail(error)
    )
  yield* queue
  const values = new Float32Array(parts.reduce((sum, {length}) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    values.set(part, at)
    at += part.length
  }
  return {values, width}
}

/** What a run of positions [first, first + length) is fed. */
function feedsOf(model: GraphedModel, graph: InterventionGraph, intervention: Intervention) {
  const {layers, hiddenSize} = sizesOf(model)
  return (first: number, length: number): FedTensors =>
    interventionFeeds(intervention, graph.inputs, layers, {pastCount: first, length}, hiddenSize)
}

function sizesOf({files, structure}: GraphedModel) {
  const sizes = isDecoder(files.decoder) ? files.decoder : agreeOnSizes(files.config!, files.header)
  return {
    hiddenSize: sizes.hiddenSize ?? sizes.queryHeadCount * sizes.headSize,
    layers: structure.layers.map((layer) => ({
      queryHeadCount: layer.queryHeadCount ?? sizes.queryHeadCount,
      headSize: layer.headSize ?? sizes.headSize,
      window: windowOf(layer.sites),
    })),
  }
}

function windowOf(sites: GraphedModel['structure']['layers'][number]['sites']): number | null {
  const [site] = sites
  if (!site || 'advice' in site.queryKey) return null
  for (const step of site.queryKey.steps) if (step.kind === 'causal') return step.window
  return null
}

function subjectOf({model, prompt, ids}: ReadText) {
  return {
    tokenCount: ids.length,
    isCausal: true,
    insertedPositions: prompt.parts.flatMap(({isInserted}, at) => (isInserted ? [at] : [])),
    ...sizesOf(model),
  }
}

function interventionOf(request: InterveneRequest, tokenCount: number): Intervention {
  const {maskKeys, deleteTokens: deleted, cutEdges, headsOff, scaleEmbeddings, exitLayer} = request
  return {
    ...(maskKeys.length > 0 && {maskKeys}),
    ...(deleted.length > 0 && {deleteTokens: deleted}),
    ...(cutEdges.length > 0 && {cutEdges}),
    ...(headsOff.length > 0 && {headsOff}),
    ...(scaleEmbeddings !== undefined && {
      embeddingScale: new Array<number>(tokenCount).fill(scaleEmbeddings),
    }),
    ...(exitLayer !== undefined && {exitAfterLayer: exitLayer}),
  }
}

function promptOf(request: Partial<InterveneRequest>) {
  const {prompt, messages, chat, noSpecialTokens, parseSpecial, truncate, completionIds} = request
  return {prompt, messages, chat, noSpecialTokens, parseSpecial, truncate, completionIds}
}

function rowOf({values, width}: Logits, position: number): Float32Array {
  return values.subarray(position * width, (position + 1) * width)
}

async function resultOf(
  {graphs}: InterveneContext,
  request: InterveneRequest,
  text: ReadText,
  found: {
    position: number
    warnings: readonly Warning[]
    before: Float32Array
    after: Float32Array
  }
): Promise<InterveneResult> {
  const tokenizer = (await graphs.tokenizer(text.model))!
  const tableOf = (row: Float32Array) => {
    const {ids, ...columns} = computeNextTokens(row, {topK: request.topK, temperature: 1, topP: 1})
    const tokens = tokenTableOf(vocabularyParts(tokenizer, ids))
    const next = {position: found.position, temperature: 1, topP: 1, tokens, ...columns}
    return {next: nextRows(next, 'raw'), restProb: columns.rawRestProb}
  }
  return {
    schema: 'tokenscope/intervene@1',
    request,
    ...text.provenance,
    warnings: [...text.prompt.warnings, ...found.warnings],
    status: 'completed',
    tokenCount: text.ids.length,
    position: found.position,
    before: tableOf(found.before),
    after: tableOf(found.after),
    divergence: divergenceOf(found.before, found.after),
  }
}

async function* counted(
  run: AsyncGenerator<number, Logits, undefined>,
  before: number,
  total: number
): AsyncGenerator<InterveneEvent, Logits, undefined> {
  for (;;) {
    const step = await run.next()
    if (step.done) return step.value
    const done = before + step.value
    yield {kind: 'progress', phase: 'capturing', done, total, secondsLeft: null}
  }
}

function deletedPosition(position: number): ProblemError {
  return new ProblemError({
    code: 'position-deleted',
    message: 'The table cannot stand after a token that is deleted.',
    field: 'position',
    found: String(position),
    expected: 'a position that stays',
    advice: 'Choose another position, or mask the token instead of deleting it.',
  })
}
