import {EventQueue} from '../jobs/event-queue.ts'
import type {CapturePlan} from '../onnx/capture-plan.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {CapturedEvent, FedTensors} from '../runtime/worker-protocol.ts'

export interface PlanRunOptions {
  readonly signal?: AbortSignal | undefined
  /** Graph outputs to be handed over besides those of the plan. */
  readonly extraOutputs?: readonly string[]
  /** Positions that are known: runs begin after them where their cache is held, else at 0. */
  readonly knownCount?: number
  /** The KV cache is held afterwards. */
  readonly keepsCache?: boolean
  /** Positions of one run, where another cut than a plain run's is wanted. */
  readonly chunkLength?: number
  /** What inputs are fed instead of what they are fed otherwise, at every run. */
  readonly fed?: FedTensors
  /** Its runs tell how long others will take; off for those that only warm a session up. */
  readonly isMeasured?: boolean
  /** Given what each run of the model handed over, as soon as it arrives. */
  readonly onCaptured: (event: CapturedEvent) => void
}

/**
 * Runs a plan over a text, and says after each run of the model how many positions are done. Leaving it
 * ends the job after the run under way.
 */
export async function* runPlan(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  plan: CapturePlan,
  ids: Int32Array,
  {
    signal: outer,
    extraOutputs = [],
    chunkLength,
    knownCount = 0,
    keepsCache = false,
    isMeasured = true,
    fed,
    onCaptured,
  }: PlanRunOptions
): AsyncGenerator<number, void, undefined> {
  const queue = new EventQueue<number>()
  const left = new AbortController()
  const signal = outer ? AbortSignal.any([outer, left.signal]) : left.signal
  const name = nameOf(plan)
  const job = {
    ids,
    outputs: [...new Set([...plan.outputs, ...extraOutputs])],
    ...{knownCount, keepsCache},
    ...(chunkLength === undefined ? {} : {chunkLength}),
    ...(fed && {fed}),
  }
  const calibration = sessions.calibrations.of(model.key, plan.route)
  sessions
    .use(
      {model, name, overlay: () => encodeOverlay(plan.graph)},
      (session) =>
        session.capture(job, {
          signal,
          onCaptured(event) {
            if (isMeasured) calibration.record(event)
            onCaptured(event)
            queue.push(event.firstPosition + event.positionCount)
          },
        }),
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

/** Two plans of a model with the same name have the same graph. */
function nameOf({route, layers, outputs}: CapturePlan): string {
  return `${route} ${layers.map(({layer}) => layer).join(',')} ${outputs.join(' ')}`
}
