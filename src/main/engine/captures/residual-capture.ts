import {ProblemError} from '../../../shared/domain/problem.ts'
import {EventQueue} from '../jobs/event-queue.ts'
import {planCapture} from '../onnx/capture-plan.ts'
import {prepareCopy} from '../onnx/graph-copy.ts'
import {GraphEditor} from '../onnx/graph-editor.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {CapturedEvent} from '../runtime/worker-protocol.ts'
import {FetchedRun, misshapen} from './fetched-outputs.ts'

/** What a capture of the stream gave. */
export interface CapturedResidual {
  /** One array a point, tokenCount × hidden, or hidden alone where one position was all that had room. */
  readonly points: readonly Float32Array[]
  readonly hiddenSize: number
  /** Whether all positions are there. */
  readonly isWhole: boolean
}

export interface ResidualOptions {
  readonly signal: AbortSignal | undefined
  /** The position whose states are wanted whatever room there is. */
  readonly position: number
  readonly hasRoomFor: (bytes: number) => boolean
}

/**
 * Runs a sequence for its residual stream at every point: what enters each layer, and what leaves the last.
 * Memory is linear in tokens. Says after each run how many positions are done. Throws a Problem where the
 * stream was not found.
 */
export async function* captureResidual(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  ids: Int32Array,
  {signal: outer, position, hasRoomFor}: ResidualOptions
): AsyncGenerator<number, CapturedResidual, undefined> {
  await prepareCopy(model.graph, outer)
  const plan = planCapture(model.graph, model.structure, {
    layers: [],
    route: 'queries-keys',
    wants: {residual: true},
  })
  await prepareCopy(plan.graph, outer)
  const [missing] = plan.problems
  if (plan.residual.length === 0 && missing) throw new ProblemError(missing)
  const recorder = new ResidualRecorder(
    plan.residual.map(({output}) => output),
    {tokenCount: ids.length, position, hasRoomFor}
  )
  const overlay = () => {
    // Without its logits a run needs neither the head's time nor its memory.
    const editor = new GraphEditor(plan.graph)
    const {output} = editor.model.graph
    editor.removeDeadNodes(
      output.map(({name}) => name).filter((name) => name !== model.structure.head?.logits)
    )
    return encodeOverlay(editor)
  }
  const queue = new EventQueue<number>()
  const left = new AbortController()
  const signal = outer ? AbortSignal.any([outer, left.signal]) : left.signal
  sessions
    .use(
      {model, name: 'residual', overlay},
      (session) =>
        session.capture(
          {ids, outputs: plan.outputs},
          {
            signal,
            onCaptured(event) {
              recorder.append(event)
              queue.push(event.firstPosition + event.positionCount)
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
  return recorder.captured
}

/** Collects what the runs give of each point. */
class ResidualRecorder {
  private points: readonly Float32Array[] = []
  private hiddenSize = 0
  private isWhole = true

  constructor(
    private readonly outputs: readonly string[],
    private readonly options: {
      readonly tokenCount: number
      readonly position: number
      readonly hasRoomFor: (bytes: number) => boolean
    }
  ) {}

  get captured(): CapturedResidual {
    const {points, hiddenSize, isWhole} = this
    return {points, hiddenSize, isWhole}
  }

  append({tensors, firstPosition, positionCount}: CapturedEvent): void {
    const {outputs} = this
    const fetched = Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor]))
    const run = new FetchedRun(fetched, {batchRow: 0, batchCount: 1, queryStart: firstPosition})
    for (const [index, output] of outputs.entries()) {
      const {values, dims} = run.numbers(output)
      const hiddenSize = dims.at(-1) ?? 0
      if (index === 0 && firstPosition === 0) this.begin(hiddenSize)
      if (hiddenSize !== this.hiddenSize || values.length !== positionCount * hiddenSize) {
        throw misshapen(output, dims, `${positionCount} states of ${this.hiddenSize} numbers`)
      }
      this.store(index, values, firstPosition, positionCount)
    }
  }

  private begin(hiddenSize: number): void {
    const {tokenCount, hasRoomFor} = this.options
    const {length} = this.outputs
    this.hiddenSize = hiddenSize
    this.isWhole = hasRoomFor(4 * length * tokenCount * hiddenSize)
    const rowCount = this.isWhole ? tokenCount : 1
    this.points = Array.from({length}, () => new Float32Array(rowCount * hiddenSize))
  }

  private store(
    index: number,
    values: Float32Array,
    firstPosition: number,
    positionCount: number
  ): void {
    const {hiddenSize, isWhole} = this
    const point = this.points[index]!
    if (isWhole) {
      point.set(values, firstPosition * hiddenSize)
      return
    }
    const row = this.options.position - firstPosition
    if (row < 0 || row >= positionCount) return
    point.set(values.subarray(row * hiddenSize, (row + 1) * hiddenSize))
  }
}
