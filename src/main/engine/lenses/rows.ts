import {setImmediate as nextTurn} from 'node:timers/promises'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {hexOfBytes, tokenTableOf} from '../../../shared/domain/token.ts'
import type {NextTokens, Sampling, TrackedColumns} from '../../../shared/lenses/tokens.ts'
import {rankInRow} from '../../../shared/math/distribution.ts'
import {exp} from '../../../shared/math/exp.ts'
import {computeNextTokens} from '../../../shared/math/next-tokens.ts'
import type {KeptRun, LogitsStore} from '../captures/logits-store.ts'
import type {LoadedModel} from '../runtime/models.ts'
import type {RunJob, TrackedRows} from '../runtime/worker-protocol.ts'
import {checkIds, vocabularyParts} from './encode-prompt.ts'

/** Time that the coordinator may compute before it answers others. */
const SLICE_MS = 8

/** What `next` asks for. */
export interface NextRequest extends Sampling {
  readonly ids: Int32Array
  readonly position: number
  readonly topK: number
}

/** A job that scores a sequence and hands over what is asked for. */
export function scoringJob(
  ids: Int32Array,
  model: LoadedModel,
  changes: Partial<RunJob> = {}
): RunJob {
  return {
    ids,
    knownCount: 0,
    useKvCache: true,
    keepLogits: false,
    endIds: model.folder.stopIds,
    trackIds: [],
    rowPosition: null,
    answers: [],
    generation: null,
    ...changes,
  }
}

/** The next-token table of one row. */
export function nextTokensOf(
  model: LoadedModel,
  row: Float32Array,
  position: number,
  options: Sampling & {topK: number}
): NextTokens {
  const {ids, ...columns} = computeNextTokens(row, options)
  return {
    position,
    temperature: options.temperature,
    topP: options.topP,
    tokens: tokenTableOf(vocabularyParts(model.tokenizer, ids)),
    ...columns,
  }
}

/** Tracked rows under the names that the contract gives them. */
export function trackedColumnsOf(
  model: LoadedModel,
  tokenId: number,
  rows: TrackedRows
): TrackedColumns {
  return {tokenId, bytesHex: hexOfBytes(model.tokenizer.bytesOf(tokenId)), ...rows}
}

/** Throws a Problem where a sequence cannot be run by a model. */
export function checkSequence(model: LoadedModel, ids: Int32Array): void {
  const {vocabularySize, contextLength} = model.info
  checkIds(ids, vocabularySize, 'ids')
  if (ids.length > 0 && ids.length <= contextLength) return
  throw new ProblemError({
    code: ids.length === 0 ? 'empty-prompt' : 'prompt-too-long',
    message: 'The sequence does not fit the model.',
    field: 'ids',
    found: `${ids.length} tokens`,
    expected: `1 to ${contextLength} tokens`,
    advice: 'Run a sequence that fits the context.',
  })
}

/** The next-token table after a position: from a kept row, else from a run up to there. */
export async function computeNext(
  model: LoadedModel,
  store: LogitsStore,
  request: NextRequest,
  signal?: AbortSignal
): Promise<NextTokens> {
  const {ids, position} = request
  checkSequence(model, ids)
  if (position >= ids.length) throw positionBeyond(position, ids.length)
  const kept = store.find(model.key, ids, position)
  const row = kept?.row(position) ?? (await runForRow(model, store, ids, position, signal))
  return nextTokensOf(model, row, position, request)
}

/** Tokens followed through a sequence: from kept rows, else from a run of it. */
export async function computeTracked(
  model: LoadedModel,
  store: LogitsStore,
  ids: Int32Array,
  tokenIds: readonly number[],
  signal?: AbortSignal
): Promise<TrackedColumns[]> {
  checkSequence(model, ids)
  checkIds(tokenIds, model.info.vocabularySize, 'tokenIds')
  if (tokenIds.length === 0) return []
  const kept = store.find(model.key, ids, ids.length - 1)
  if (kept) return trackKept(model, kept, ids.length, tokenIds, signal)
  const gathered = new TrackedGatherer(tokenIds)
  await model.session.run(scoringJob(ids, model, {trackIds: tokenIds}), {
    ...(signal ? {signal} : {}),
    onEvent: (event) => {
      if (event.kind !== 'rows') return
      model.rates.record(event)
      gathered.add(event.tracked)
    },
  })
  return gathered.columns(model)
}

/** Follows tokens through kept rows, in slices, so that the coordinator always answers. */
export async function trackKept(
  model: LoadedModel,
  run: KeptRun,
  rowCount: number,
  tokenIds: readonly number[],
  signal?: AbortSignal
): Promise<TrackedColumns[]> {
  const tracked = tokenIds.map(() => emptyTrackedRows(rowCount))
  let sliceStartMs = performance.now()
  run.pinCount++
  try {
    for (let position = 0; position < rowCount; position++) {
      const row = run.row(position)!
      const logSumExp = run.logSumExp(position)
      for (const [i, tokenId] of tokenIds.entries()) {
        const logit = row[tokenId]!
        tracked[i]!.logit[position] = logit
        tracked[i]!.prob[position] = exp(logit - logSumExp)
        tracked[i]!.rank[position] = rankInRow(row, 0, row.length, tokenId)
      }
      if (performance.now() - sliceStartMs < SLICE_MS) continue
      await nextTurn()
      signal?.throwIfAborted()
      sliceStartMs = performance.now()
    }
  } finally {
    run.pinCount--
  }
  return tokenIds.map((tokenId, i) => trackedColumnsOf(model, tokenId, tracked[i]!))
}

/** Puts the tracked rows of a run's events together. */
export class TrackedGatherer {
  private readonly parts: TrackedRows[][] = []

  constructor(private readonly tokenIds: readonly number[]) {}

  add(tracked: readonly TrackedRows[]): void {
    if (tracked.length > 0) this.parts.push([...tracked])
  }

  columns(model: LoadedModel): TrackedColumns[] {
    return this.tokenIds.map((tokenId, index) => {
      const parts = this.parts.map((part) => part[index]!)
      const rows = emptyTrackedRows(parts.reduce((sum, part) => sum + part.prob.length, 0))
      let at = 0
      for (const part of parts) {
        rows.prob.set(part.prob, at)
        rows.rank.set(part.rank, at)
        rows.logit.set(part.logit, at)
        at += part.prob.length
      }
      return trackedColumnsOf(model, tokenId, rows)
    })
  }
}

/**
 * Runs a sequence up to the end of the chunk that holds the position: run so, its row has the very
 * bits that a run of the whole sequence gives.
 */
export async function runForRow(
  model: LoadedModel,
  store: LogitsStore,
  ids: Int32Array,
  position: number,
  signal?: AbortSignal
): Promise<Float32Array> {
  const {chunkLength, vocabularySize} = model.session.facts
  const chunkEnd = (Math.floor(position / chunkLength) + 1) * chunkLength
  const prefixIds = ids.slice(0, Math.min(ids.length, chunkEnd))
  const kept = store.begin(model.key, vocabularySize, prefixIds)
  let row: Float32Array | null = null
  try {
    const job = scoringJob(prefixIds, model, {keepLogits: kept !== null, rowPosition: position})
    await model.session.run(job, {
      ...(signal ? {signal} : {}),
      onEvent: (event) => {
        if (event.kind === 'row') {
          if (event.position === position) row = event.logits
          return
        }
        if (event.kind !== 'rows') return
        model.rates.record(event)
        if (kept) store.add(kept, event)
      },
    })
    row ??= kept?.row(position)?.slice() ?? null
  } finally {
    if (kept) store.unpin(kept)
  }
  if (!row) throw new Error(`the run gave no row for position ${position}`)
  return row
}

function emptyTrackedRows(rowCount: number): TrackedRows {
  return {
    prob: new Float64Array(rowCount),
    rank: new Int32Array(rowCount),
    logit: new Float32Array(rowCount),
  }
}

/** A position that a sequence does not have. */
export function positionBeyond(position: number, tokenCount: number): ProblemError {
  return new ProblemError({
    code: 'position-out-of-range',
    message: 'The sequence has no such position.',
    field: 'position',
    found: String(position),
    expected: `0 to ${tokenCount - 1}, or last`,
    advice: 'Positions count from 0 over the whole sequence, inserted tokens included.',
  })
}
