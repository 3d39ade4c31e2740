import {parentPort, workerData} from 'node:worker_threads'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {MatrixCancelled} from './captured-rows.ts'
import {performMatrixJob} from './matrix-jobs.ts'
import type {MatrixCommand, MatrixMessage} from './matrix-protocol.ts'
import {ScoreRunner} from './score-runner.ts'
import {warmRunner} from './warm-runner.ts'

/**
 * A thread that computes attention from captured queries and keys: pictures, edges, rows for statistics. It
 * takes one command at a time; the handle sees to that.
 */
const port = parentPort
if (!port) throw new Error('the matrix worker runs as a worker thread')

const runner = new ScoreRunner((workerData as {threads: number}).threads)
// What goes wrong here goes wrong in the first job as well, and is told there.
const warming = warmRunner(runner).catch(() => {})

port.on('message', (command: MatrixCommand) => {
  perform(command).catch((error: unknown) => {
    if (error instanceof MatrixCancelled) {
      send({kind: 'cancelled'})
      return
    }
    send({
      kind: 'failed',
      problem: error instanceof ProblemError ? error.problem : null,
      stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  })
})

async function perform(command: MatrixCommand): Promise<void> {
  // Sessions are not released under it, and nothing computes beside it.
  await warming
  if (command.kind === 'release') {
    await runner.release()
    send({kind: 'released'})
    port?.close()
    return
  }
  const cancelFlag = new Int32Array(command.cancelFlag)
  const isCancelled = () => Atomics.load(cancelFlag, 0) !== 0
  send({
    kind: 'done',
    result: await performMatrixJob(command.name, command.job, {runner, isCancelled}),
  })
}

function send(message: MatrixMessage): void {
  port?.postMessage(message, message.kind === 'done' ? buffersOf(message.result) : [])
}

/** Arrays that are handed over rather than copied. */
function buffersOf(result: unknown): ArrayBuffer[] {
  const values = ArrayBuffer.isView(result) ? [result] : Object.values(result ?? {})
  return values.flatMap((value) =>
    ArrayBuffer.isView(value) &&
    value.buffer instanceof ArrayBuffer &&
    value.byteLength === value.buffer.byteLength
      ? [value.buffer]
      : []
  )
}
