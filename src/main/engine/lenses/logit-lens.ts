import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import type {
  LogitLens,
  LogitLensEvent,
  LogitLensRequest,
} from '../../../shared/lenses/logit-lens.ts'
import type {TrackedColumns} from '../../../shared/lenses/tokens.ts'
import {
  computeNormalizer,
  NonFiniteLogitError,
  rankInRow,
} from '../../../shared/math/distribution.ts'
import {exp} from '../../../shared/math/exp.ts'
import {likeliestId} from '../../../shared/math/sample.ts'
import {captureResidual} from '../captures/residual-capture.ts'
import {type ResidualStore, statesOfRow} from '../captures/residual-store.ts'
import {buildHeadGraph, type HeadGraph} from '../onnx/head-graph.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel, ModelGraphs} from '../runtime/model-graphs.ts'
import type {LoadedModel, Models} from '../runtime/models.ts'
import {checkIds} from './encode-prompt.ts'
import {requireTrueLens, runHead} from './lens-check.ts'
import {checkSequence, nextTokensOf, positionBeyond, trackedColumnsOf} from './rows.ts'

/** What the lens works with. */
export interface LogitLensContext {
  readonly models: Pick<Models, 'load'>
  readonly graphs: ModelGraphs
  readonly sessions: InstrumentedSessions
  readonly residuals: ResidualStore
}

/**
 * The logit lens (nostalgebraist 2020): the model's own final norm and output head on what each layer leaves
 * in the residual stream at one position. The sequence is run once for its stream; every position after
 * that costs one small run of the head, another temperature none. Throws a Problem where the stream or the
 * head was not found, or where the last row is not what the model itself says. Aborted, it throws the signal's reason and gives no other event.
 */
export async function* runLogitLens(
  context: LogitLensContext,
  request: LogitLensRequest,
  signal?: AbortSignal
): AsyncGenerator<LogitLensEvent, void, undefined> {
  const model = await context.models.load(request, undefined, signal)
  const {ids, position, tokenIds} = request
  checkSequence(model, ids)
  checkIds(tokenIds, model.info.vocabularySize, 'tokenIds')
  if (position >= ids.length) throw positionBeyond(position, ids.length)
  const graphed = await context.graphs.open(request)
  signal?.throwIfAborted()
  const logits = yield* logitsOf(context, model, graphed, request, signal)
  signal?.throwIfAborted()
  yield {kind: 'lens', lens: lensOf(model, logits, request)}
}

/** Logits of every point of the stream at the position, pointCount × vocabulary. */
async function* logitsOf(
  {sessions, residuals}: LogitLensContext,
  model: LoadedModel,
  graphed: GraphedModel,
  {ids, position}: LogitLensRequest,
  signal: AbortSignal | undefined
): AsyncGenerator<LogitLensEvent, Float32Array, undefined> {
  const key = {modelKey: graphed.key, ids}
  let kept = residuals.find(key, position)
  const known = kept?.logits.get(position)
  if (known) return known
  const head = buildHeadGraph(graphed.graph, graphed.structure)
  if (isProblem(head)) throw new ProblemError(head)
  let states = kept?.statesAt(position)
  if (!states) {
    const progress = (done: number): LogitLensEvent => {
      const secondsLeft = model.rates.secondsFor(ids.length - done, 0)
      return {kind: 'progress', done, total: ids.length, secondsLeft}
    }
    yield progress(0)
    const capture = captureResidual(sessions, graphed, ids, {
      signal,
      position,
      hasRoomFor: (bytes) => residuals.hasRoomFor(bytes),
    })
    let step = await capture.next()
    try {
      for (; !step.done; step = await capture.next()) yield progress(step.value)
    } finally {
      // A reader that leaves ends this generator alone; the runs behind it end with it.
      if (!step.done) await capture.return(undefined as never)
    }
    const {points, hiddenSize, isWhole} = step.value
    if (isWhole) kept = residuals.add(key, points, hiddenSize)
    states = kept?.statesAt(position) ?? statesOfRow(points, hiddenSize, isWhole ? position : 0)
  }
  const rowCount = graphed.structure.residual?.points.length ?? 1
  await requireTrueLens(sessions, model, {model: graphed, head, ids}, signal)
  const logits = await runHead(sessions, graphed, head, {states, rowCount}, signal)
  if (logits.length !== rowCount * model.info.vocabularySize) {
    throw otherVocabulary(logits.length / rowCount, model)
  }
  if (kept) residuals.addLogits(kept, position, logits)
  return logits
}

function lensOf(model: LoadedModel, logits: Float32Array, request: LogitLensRequest): LogitLens {
  const {ids, position, temperature, topP, tokenIds} = request
  const {vocabularySize} = model.info
  const rows = Array.from({length: logits.length / vocabularySize}, (_, row) =>
    logits.subarray(row * vocabularySize, (row + 1) * vocabularySize)
  )
  try {
    const normalizers = rows.map((row) => computeNormalizer(row, 0, vocabularySize))
    const follow = (tokenId: number): TrackedColumns =>
      trackedColumnsOf(model, tokenId, {
        prob: Float64Array.from(rows, (row, i) => exp(row[tokenId]! - normalizers[i]!.logSumExp)),
        rank: Int32Array.from(rows, (row) => rankInRow(row, 0, vocabularySize, tokenId)),
        logit: Float32Array.from(rows, (row) => row[tokenId]!),
      })
    const next = ids[position + 1]
    return {
      position,
      temperature,
      topP,
      rows: rows.map((row) => nextTokensOf(model, row, position, request)),
      tracked: tokenIds.map(follow),
      output: follow(likeliestId(rows.at(-1)!)),
      occurred: next === undefined ? null : follow(next),
    }
  } catch (error) {
    if (!(error instanceof NonFiniteLogitError)) throw error
    throw notFinite(error, model, position)
  }
}

function isProblem(value: HeadGraph | Problem): value is Problem {
  return 'advice' in value
}

function otherVocabulary(width: number, model: LoadedModel): ProblemError {
  return new ProblemError({
    code: 'output-head-misread',
    message: 'The output head by itself gives another number of logits than the model.',
    file: model.folder.filePath,
    found: `${width} logits`,
    expected: `${model.info.vocabularySize}`,
    advice: 'Use the other views: the logit lens cannot be trusted on this graph.',
  })
}

function notFinite(error: NonFiniteLogitError, model: LoadedModel, position: number): ProblemError {
  return new ProblemError({
    code: 'non-finite-logits',
    message: `The head of ${model.info.id} gave a logit that is not a finite number.`,
    field: `position ${position}, token ${error.tokenId}`,
    found: String(error.value),
    expected: 'finite logits',
    advice: 'Try another file of the model: half-precision and quantized ones overflow first.',
  })
}
