import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Worker} from 'node:worker_threads'
import {afterEach, describe, expect, it} from 'vitest'
import {ModelSession} from './session.ts'
import type {RunJob, SessionSpec, WorkerMessage} from './worker-protocol.ts'

const PLANNED_RUNS = 10
const JOB: RunJob = {
  ids: Int32Array.from({length: 250}, (_, i) => (i === 0 ? 0 : 4 + ((i * 89) % 300))),
  knownCount: 0,
  useKvCache: true,
  keepLogits: false,
  endIds: [1],
  trackIds: [],
  rowPosition: null,
  answers: [],
  generation: null,
}

const SPEC: SessionSpec = {
  modelId: 'tiny',
  filePath: join(import.meta.dirname, '../../../../fixtures/tiny-decoder-kv/onnx/model.onnx'),
  keyValueHeadCount: 2,
  headSize: 8,
  contextLength: 256,
  threads: 1,
  chunkLength: 16,
  checkIds: [0, 0],
}

/**
 * A worker whose runs take until the test says that one ended. It says `started` when its first run
 * is under way, looks at the flag between two runs as the real one does, and gives the number of runs
 * it made as the place of a `started` before it finishes.
 */
const SCRIPTED_WORKER = `
import {parentPort} from 'node:worker_threads'
let flag = null
parentPort.on('message', (command) => {
  if (command.kind === 'create') parentPort.postMessage({kind: 'created', facts: {}})
  if (command.kind === 'release') {
    parentPort.postMessage({kind: 'released'})
    parentPort.close()
  }
  if (command.kind === 'run') {
    flag = new Int32Array(command.cancelFlag)
    parentPort.postMessage({kind: 'started', startAt: 0})
  }
  if (command.kind === 'end-run') {
    let runCount = 1
    while (runCount < ${PLANNED_RUNS} && Atomics.load(flag, 0) === 0) runCount++
    parentPort.postMessage({kind: 'started', startAt: runCount})
    const status = runCount < ${PLANNED_RUNS} ? 'cancelled' : 'completed'
    parentPort.postMessage({kind: 'finished', outcome: {status, stopReason: null}})
  }
})
`

/** The thread behind a session, to see what it says and does after the session stopped listening. */
const workerOf = (session: ModelSession) => (session as unknown as {worker: Worker}).worker

function messagesOf(session: ModelSession): WorkerMessage[] {
  const messages: WorkerMessage[] = []
  workerOf(session).on('message', (message: WorkerMessage) => messages.push(message))
  return messages
}

async function untilIdle(session: ModelSession): Promise<void> {
  while (session.jobCount > 0) await new Promise((resolve) => setImmediate(resolve))
}

describe('a cancelled job', () => {
  let cleanUp: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const clean of cleanUp) await clean()
    cleanUp = []
  })

  async function openScripted(): Promise<ModelSession> {
    const folder = await mkdtemp(join(tmpdir(), 'tokenscope-test-'))
    const path = join(folder, 'worker.mjs')
    await writeFile(path, SCRIPTED_WORKER)
    const built = process.env.TOKENSCOPE_SESSION_WORKER
    process.env.TOKENSCOPE_SESSION_WORKER = path
    try {
      const session = await ModelSession.create(SPEC)
      cleanUp.push(
        () => session.release(),
        () => rm(folder, {recursive: true})
      )
      return session
    } finally {
      process.env.TOKENSCOPE_SESSION_WORKER = built
    }
  }

  it('rejects while its run is still under way, and no other run is made', async () => {
    const session = await openScripted()
    const messages = messagesOf(session)
    const endRun = () => workerOf(session).postMessage({kind: 'end-run'})
    const controller = new AbortController()
    let started = () => {}
    const hasStarted = new Promise<void>((resolve) => {
      started = resolve
    })
    const running = session.run(JOB, {signal: controller.signal, onEvent: () => started()})
    await hasStarted
    controller.abort(new Error('enough'))
    // The run cannot end before this: only the test ends it.
    const first = await Promise.race([
      running.catch((error: Error) => error.message),
      new Promise((resolve) => setTimeout(resolve, 500, 'still waiting')),
    ])
    endRun()
    expect(first).toBe('enough')
    expect(session.jobCount).toBe(1)
    await untilIdle(session)
    expect(messages.slice(-2)).toEqual([
      {kind: 'started', startAt: 1},
      {kind: 'finished', outcome: {status: 'cancelled', stopReason: null}},
    ])

    // Nobody cancels: all runs are made.
    const whole = session.run(JOB, {onEvent: endRunOnce(endRun)})
    expect((await whole).status).toBe('completed')
    expect(messages.at(-2)).toEqual({kind: 'started', startAt: PLANNED_RUNS})
  })

  it('is not begun by the worker when it was cancelled on its way there', async () => {
    const session = await ModelSession.create(SPEC)
    cleanUp.push(() => session.release())
    const messages = messagesOf(session)
    const rowCount = () => messages.filter((message) => message.kind === 'rows').length
    const controller = new AbortController()
    const running = session.run(JOB, {signal: controller.signal, onEvent: () => {}})
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await untilIdle(session)
    expect(rowCount()).toBe(0)
    expect(messages.at(-1)).toMatchObject({kind: 'finished', outcome: {status: 'cancelled'}})
    await session.run(JOB, {onEvent: () => {}})
    expect(rowCount()).toBe(16)
  })

  it('is not begun by the worker as a capture either', async () => {
    const session = await ModelSession.create(SPEC)
    cleanUp.push(() => session.release())
    const messages = messagesOf(session)
    const runCount = () => messages.filter((message) => message.kind === 'captured').length
    const job = {ids: JOB.ids, outputs: ['logits']}
    const controller = new AbortController()
    const running = session.capture(job, {signal: controller.signal, onCaptured: () => {}})
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await untilIdle(session)
    expect(runCount()).toBe(0)
    expect(messages.at(-1)).toMatchObject({kind: 'finished', outcome: {status: 'cancelled'}})
    await session.capture(job, {onCaptured: () => {}})
    expect(runCount()).toBe(16)
  })
})

function endRunOnce(endRun: () => void): () => void {
  let isEnded = false
  return () => {
    if (!isEnded) endRun()
    isEnded = true
  }
}
