import {parentPort} from 'node:worker_threads'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {runBatch} from './batch-job.ts'
import {BranchDecoder} from './branch-decoder.ts'
import {type HeldCapture, runCapture} from './capture-job.ts'
import {Decoder} from './decoder.ts'
import {HeadRunner} from './head-runner.ts'
import {type ResumePoint, runJob} from './run-job.ts'
import type {
  BatchJob,
  BranchJob,
  BranchSpec,
  CapturedData,
  CaptureJob,
  RunJob,
  SessionFacts,
  SessionSpec,
  WorkerCommand,
  WorkerMessage,
} from './worker-protocol.ts'

/**
 * A thread that holds one model. A run blocks the thread that calls it, so the coordinator never
 * does. It takes one command at a time; the session handle sees to that.
 */
const port = parentPort
if (!port) throw new Error('the session worker runs as a worker thread')

let loaded: {decoder: Decoder; facts: SessionFacts; spec: SessionSpec} | null = null
let head: HeadRunner | null = null
let branches: BranchDecoder | null = null
let resumePoint: ResumePoint | null = null
let heldCapture: HeldCapture | null = null

port.on('message', (command: WorkerCommand) => {
  perform(command).catch((error: unknown) => {
    send({
      kind: 'failed',
      problem: error instanceof ProblemError ? error.problem : null,
      stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  })
})

async function perform(command: WorkerCommand): Promise<void> {
  switch (command.kind) {
    case 'create':
      if (command.spec.head) {
        head = await HeadRunner.create(command.spec, command.spec.head)
        send({kind: 'created', facts: HEAD_FACTS})
        return
      }
      if (command.spec.branch) {
        send({kind: 'created', facts: await createBranches(command.spec, command.spec.branch)})
        return
      }
      loaded = await create(command.spec)
      send({kind: 'created', facts: loaded.facts})
      return
    case 'head':
      if (!head) throw new Error('no output head is loaded')
      send({kind: 'head-logits', logits: await head.run(command.job)})
      return
    case 'run':
      await run(command.job, new Int32Array(command.cancelFlag))
      return
    case 'capture':
      await capture(command.job, new Int32Array(command.cancelFlag))
      return
    case 'batch':
      await batch(command.job, new Int32Array(command.cancelFlag))
      return
    case 'forget-cache':
      heldCapture = null
      send({kind: 'cache-forgotten'})
      return
    case 'branch':
      await branch(command.job, new Int32Array(command.cancelFlag))
      return
    case 'release':
      resumePoint = null
      heldCapture = null
      await loaded?.decoder.release()
      await head?.release()
      await branches?.release()
      loaded = null
      head = null
      branches = null
      send({kind: 'released'})
      // Nothing listens any more, so the thread ends by itself.
      port?.close()
  }
}

/** An output head has neither positions nor a cache. */
const HEAD_FACTS: SessionFacts = {hasKvCache: false, chunkLength: 0, vocabularySize: 0}

async function create(spec: SessionSpec): Promise<NonNullable<typeof loaded>> {
  const decoder = await Decoder.create(spec)
  send({kind: 'checking'})
  try {
    return {decoder, spec, facts: await check(decoder, spec)}
  } catch (error) {
    await decoder.release()
    throw error
  }
}

/** A run on two tokens: whether the graph runs at all, and the shape of what it gives. */
async function check(decoder: Decoder, spec: SessionSpec): Promise<SessionFacts> {
  decoder.reset(true)
  if (spec.needsLogits === false) return checkWithoutLogits(decoder, spec)
  const rows = await decoder.append(spec.checkIds)
  const {vocabularySize} = decoder
  const rowCount = rows.length / vocabularySize
  if (rowCount !== spec.checkIds.length && !(rowCount === 1 && decoder.canChunk)) {
    throw new ProblemError({
      code: 'logits-shape',
      message: 'The graph does not give logits for every position.',
      field: 'logits',
      found: `${rowCount} rows for ${spec.checkIds.length} tokens`,
      expected: 'a row for every token',
      advice: 'Export the model again with the logits of all positions.',
    })
  }
  decoder.reset(true)
  return {
    hasKvCache: decoder.hasKvCache,
    // A model that hands out the last row alone is run token by token.
    chunkLength: rowCount === 1 ? 1 : spec.chunkLength,
    vocabularySize,
  }
}

/** Where logits are not needed: whether the graph runs at all. */
async function checkWithoutLogits(decoder: Decoder, spec: SessionSpec): Promise<SessionFacts> {
  await decoder.appendFetching(spec.checkIds, decoder.outputNames.slice(0, 1), {
    isLast: true,
    added: spec.checkFeeds ?? {},
  })
  decoder.reset(true)
  return {
    hasKvCache: decoder.hasKvCache,
    chunkLength: spec.chunkLength,
    vocabularySize: 0,
  }
}

/** Tries the graph on two tokens, as others are. */
async function createBranches(spec: SessionSpec, branch: BranchSpec): Promise<SessionFacts> {
  branches = await BranchDecoder.create(spec, branch)
  send({kind: 'checking'})
  const job = {prefix: new Int32Array(0), paths: [Int32Array.from(spec.checkIds)]}
  await branches.logitsAfter(job, {isCancelled: () => false, onRun() {}})
  const {hasKvCache, vocabularySize} = branches
  return {hasKvCache, vocabularySize, chunkLength: spec.chunkLength}
}

async function branch(job: BranchJob, cancelFlag: Int32Array): Promise<void> {
  if (!branches) throw new Error('no branching model is loaded')
  const answer = await branches.logitsAfter(job, {
    isCancelled: () => Atomics.load(cancelFlag, 0) !== 0,
    onRun: (done, total) => send({kind: 'branch-progress', done, total}),
  })
  send({kind: 'branched', answer})
}

async function run(job: RunJob, cancelFlag: Int32Array): Promise<void> {
  if (!loaded) throw new Error('no model is loaded')
  const outcome = await runJob(job, {
    ...loaded,
    modelId: loaded.spec.modelId,
    contextLength: loaded.spec.contextLength,
    resumePoint,
    isCancelled: () => Atomics.load(cancelFlag, 0) !== 0,
    emit: send,
  })
  resumePoint = outcome.resumePoint ?? resumePoint
  const {status, stopReason} = outcome
  send({kind: 'finished', outcome: {status, stopReason}})
}

async function capture(job: CaptureJob, cancelFlag: Int32Array): Promise<void> {
  if (!loaded) throw new Error('no model is loaded')
  // The cache of a prompt that was run before is the capture's to overwrite.
  resumePoint = null
  const held = heldCapture
  heldCapture = null
  const outcome = await runCapture(job, {
    decoder: loaded.decoder,
    held,
    chunkLength: loaded.spec.chunkLength,
    isCancelled: () => Atomics.load(cancelFlag, 0) !== 0,
    emit: send,
  })
  heldCapture = outcome.held
  send({kind: 'finished', outcome: {status: outcome.status, stopReason: null}})
}

async function batch(job: BatchJob, cancelFlag: Int32Array): Promise<void> {
  if (!loaded) throw new Error('no model is loaded')
  const status = await runBatch(job, {
    decoder: loaded.decoder,
    modelId: loaded.spec.modelId,
    isCancelled: () => Atomics.load(cancelFlag, 0) !== 0,
    emit: send,
  })
  send({kind: 'finished', outcome: {status, stopReason: null}})
}

function send(message: WorkerMessage): void {
  // Handed over, not copied, where the array is the whole of its buffer.
  port?.postMessage(message, [
    ...new Set(
      arraysOf(message)
        .filter(({byteLength, buffer}) => byteLength === buffer.byteLength)
        .map(({buffer}) => buffer as ArrayBuffer)
    ),
  ])
}

function arraysOf(message: WorkerMessage): CapturedData[] {
  switch (message.kind) {
    case 'rows':
    case 'row':
      return message.logits ? [message.logits] : []
    case 'head-logits':
    case 'batched':
      return [message.logits]
    case 'branched':
      return [message.answer.logits]
    case 'captured':
      return message.tensors.map(({data}) => data)
    default:
      return []
  }
}
