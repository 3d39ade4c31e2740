import type {Intervention} from '../../../shared/domain/intervention.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {EventQueue} from '../jobs/event-queue.ts'
import {agreeOnSizes} from '../model-folder/check-config.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import {type InterventionFeeding, interventionFeeds} from '../onnx/intervention-feeds.ts'
import {
  buildInterventionGraph,
  type InterventionGraph,
  type InterventionRequest,
} from '../onnx/intervention-graph.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {CapturedEvent, CaptureJob, FedTensors} from '../runtime/worker-protocol.ts'

/** A model whose graph takes an intervention. */
export interface EditedModel {
  readonly model: GraphedModel
  readonly request: InterventionRequest
  readonly graph: InterventionGraph
}

/** Edits a model's graph for what is asked. Throws a Problem where it cannot be done faithfully. */
export function editModel(model: GraphedModel, request: InterventionRequest): EditedModel {
  const graph = buildInterventionGraph(model.graph, model.structure, request)
  if (graph.problems[0]) throw new ProblemError(graph.problems[0])
  return {model, request, graph}
}

/** The runtime holds the logits of a run, and so does the array that they are copied to. */
const COPIES_OF_LOGITS = 2
/** Machines have slow spells: what is left is estimated from above. */
const UPPER_FACTOR = 1.3
const FLOAT_BYTES = 4

/** Positions of one run of an edited model; the whole text where there is no cache. */
export function runLengthOf(
  sessions: InstrumentedSessions,
  {model, graph}: EditedModel,
  tokenCount: number
): number {
  return graph.kvCache.length > 0 ? Math.min(tokenCount, sessions.chunkLengthOf(model)) : tokenCount
}

/** Positions that have to be run for the row of one: the end of the run that holds it. */
export function neededCount(runLength: number, position: number, tokenCount: number): number {
  return Math.min(tokenCount, (Math.floor(position / runLength) + 1) * runLength)
}

/**
 * Throws a Problem where one run of a text does not fit the memory that captures may take: its logits over
 * the whole vocabulary, and what its added inputs are fed, which grows with the square of a text without cache.
 */
export function requireRoom(
  {model, graph}: EditedModel,
  {tokenCount, runLength, budgetBytes}: {tokenCount: number; runLength: number; budgetBytes: number}
): void {
  const {layers, hiddenSize, vocabularySize} = sizesOf(model)
  const {inputs} = graph
  const perHead = inputs.layerBias.reduce((sum, {layer}) => sum + layers[layer]!.queryHeadCount, 0)
  const biasCount = perHead + inputs.allHeadsBias.length + (inputs.sharedBias ? 1 : 0)
  const biasBytes = biasCount * runLength * tokenCount * FLOAT_BYTES
  const scaleBytes = inputs.embeddingScale ? runLength * hiddenSize * FLOAT_BYTES : 0
  const logitsBytes = COPIES_OF_LOGITS * runLength * vocabularySize * FLOAT_BYTES
  const bytes = biasBytes + scaleBytes + logitsBytes
  if (bytes <= budgetBytes) return
  const megabytes = (count: number) => `${Math.ceil(count / 1e6)} MB`
  throw new ProblemError({
    code: 'intervention-over-budget',
    message: 'A run of the changed model does not fit the memory that captures may take.',
    field: `${runLength} of ${tokenCount} tokens at once`,
    found: `about ${megabytes(bytes)}: ${megabytes(logitsBytes)} of logits, ${megabytes(biasBytes)} of masks`,
    expected: `at most ${Math.floor(budgetBytes / 1e6)} MB`,
    advice:
      'Allow captures more memory, take a shorter prompt, or cut edges in all heads of a layer, which share one mask.',
  })
}

/** Seconds until texts of these lengths are run, of which `done` positions are; null before anything was measured. */
export function secondsLeft(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  lengths: readonly number[],
  done: number
): number | null {
  const calibration = sessions.calibrations.of(model.key, CALIBRATION)
  const hasCache = model.structure.inputs.kvCache.length > 0
  let seconds = 0
  let before = 0
  for (const length of lengths) {
    const first = Math.min(length, Math.max(0, done - before))
    const runLength = hasCache ? sessions.chunkLengthOf(model) : length
    const more = calibration.secondsFor(length, runLength, first)
    if (more === null) return null
    seconds += more
    before += length
  }
  return UPPER_FACTOR * seconds
}
/** What runs of edited graphs take, changed or not, is measured together. */
const CALIBRATION = 'intervene'

/**
 * Runs a text, in chunks where there is a cache, for some outputs of an edited graph; says after each run
 * of the model how many positions are done. Leaving it ends the job after the run under way.
 */
export async function* runEdited(
  sessions: InstrumentedSessions,
  {model, request, graph}: EditedModel,
  job: {
    readonly ids: Int32Array
    readonly intervention: Intervention
    readonly outputs: readonly string[]
    /** See `CaptureJob.single`. */
    readonly single?: CaptureJob['single']
    readonly onCaptured: (event: CapturedEvent) => void
  },
  outer: AbortSignal | undefined
): AsyncGenerator<number, void, undefined> {
  const {ids, intervention, outputs, single, onCaptured} = job
  const feeding = feedingOf(model, graph, intervention)
  const left = new AbortController()
  const signal = outer ? AbortSignal.any([outer, left.signal]) : left.signal
  const calibration = sessions.calibrations.of(model.key, CALIBRATION)
  const queue = new EventQueue<number>()
  let done = 0
  sessions
    .use(
      {
        model,
        name: `intervene ${JSON.stringify(request)}`,
        overlay: () => encodeOverlay(graph.graph),
        checkFeeds: checkFeedsOf(model, graph),
      },
      (session) =>
        session.capture(
          {ids, outputs, feeding, ...(single && {single})},
          {
            signal,
            onCaptured(event) {
              calibration.record(event)
              onCaptured(event)
              done += event.positionCount
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
  try {
    yield* queue
  } finally {
    left.abort(new Error('nobody listens any more'))
  }
}

function feedingOf(
  model: GraphedModel,
  {inputs}: InterventionGraph,
  intervention: Intervention
): InterventionFeeding {
  const {layers, hiddenSize} = sizesOf(model)
  return {intervention, inputs, layers, hiddenSize}
}

/** Of two tokens, with nothing changed. */
function checkFeedsOf(model: GraphedModel, graph: InterventionGraph): FedTensors {
  const {inputs, layers, hiddenSize} = feedingOf(model, graph, {})
  return interventionFeeds({}, inputs, layers, {pastCount: 0, length: 2}, hiddenSize)
}

/** Sizes that an intervention needs: of the graph, else of the configuration. */
export function sizesOf({files, structure}: GraphedModel) {
  const sizes = isDecoder(files.decoder) ? files.decoder : agreeOnSizes(files.config!, files.header)
  return {
    hiddenSize: sizes.hiddenSize ?? sizes.queryHeadCount * sizes.headSize,
    vocabularySize: sizes.vocabularySize,
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
