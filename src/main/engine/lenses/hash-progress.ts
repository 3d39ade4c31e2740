import {EventQueue} from '../jobs/event-queue.ts'
import type {GraphedModel, ModelGraphs} from '../runtime/model-graphs.ts'

/** A progress event of hashing, as every stream has it. */
export interface HashProgress {
  readonly kind: 'progress'
  readonly phase: 'hashing'
  readonly done: number
  readonly total: number
  readonly secondsLeft: null
}

/** Hashes a model's files, unless that was done before; says how far it is, at most 50 times. */
export async function* hashWithProgress(
  graphs: ModelGraphs,
  model: GraphedModel,
  signal?: AbortSignal
): AsyncGenerator<HashProgress, string, undefined> {
  const queue = new EventQueue<number>()
  const {bytes} = model.files
  let reportedBytes = 0
  const hashing = graphs.sha256(
    model,
    (doneBytes) => {
      if (doneBytes - reportedBytes < bytes / 50) return
      reportedBytes = doneBytes
      queue.push(doneBytes)
    },
    signal
  )
  hashing.then(
    () => queue.close(),
    (error) => queue.fail(error)
  )
  for await (const done of queue) {
    yield {kind: 'progress', phase: 'hashing', done, total: bytes, secondsLeft: null}
  }
  return hashing
}
