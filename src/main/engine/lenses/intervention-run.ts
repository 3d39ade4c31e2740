import type {Intervention} from '../../../shared/domain/intervention.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {EventQueue} from '../jobs/event-queue.ts'
import {agreeOnSizes} from '../model-folder/check-config.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import {interventionFeeds} from '../onnx/intervention-feeds.ts'
import {
  buildInterventionGraph,
  type InterventionGraph,
  type InterventionRequest,
} from '../onnx/intervention-graph.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {CapturedEvent, FedTensors} from '../runtime/worker-protocol.ts'

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

/**
 * Runs a text, in chunks where there is a cache, for some outputs of an edited graph; says after each run
 * of the model how many positions are done.
 */
export async function* runEdited(
  sessions: InstrumentedSessions,
  {model, request, graph}: EditedModel,
  job: {
    readonly ids: Int32Array
    readonly intervention: Intervention
    readonly outputs: readonly string[]
    readonly onCaptured: (event: CapturedEvent) => void
  },
  signal: AbortSignal | undefined
): AsyncGenerator<number, void, undefined> {
  const {ids, intervention, outputs, onCaptured} = job
  const step = graph.kvCache.length > 0 ? sessions.chunkLengthOf(model) : ids.length
  const feeds: FedTensors[] = []
  for (let first = 0; first < ids.length; first += step) {
    feeds.push(feedsOf(model, graph, intervention, first, Math.min(step, ids.length - first)))
  }
  const queue = new EventQueue<number>()
  let done = 0
  sessions
    .use(
      {
        model,
        name: `intervene ${JSON.stringify(request)}`,
        overlay: () => encodeOverlay(graph.graph),
        checkFeeds: feedsOf(model, graph, {}, 0, 2),
      },
      (session) =>
        session.capture(
          {ids, outputs, feeds},
          {
            ...(signal ? {signal} : {}),
            onCaptured(event) {
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
  yield* queue
}

/** What a run of positions [first, first + length) is fed. */
function feedsOf(
  model: GraphedModel,
  graph: InterventionGraph,
  intervention: Intervention,
  first: number,
  length: number
): FedTensors {
  const {layers, hiddenSize} = sizesOf(model)
  const chunk = {pastCount: first, length}
  return interventionFeeds(intervention, graph.inputs, layers, chunk, hiddenSize)
}

/** Sizes that an intervention needs: of the graph, else of the configuration. */
export function sizesOf({files, structure}: GraphedModel) {
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
