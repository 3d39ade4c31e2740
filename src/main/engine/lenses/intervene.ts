import type {Intervention} from '../../../shared/domain/intervention.ts'
import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import {attentionRequestSchema} from '../../../shared/lenses/attention.ts'
import type {
  InterveneEvent,
  InterveneRequest,
  InterveneResult,
} from '../../../shared/lenses/intervene.ts'
import {nextRows} from '../../../shared/lenses/next-rows.ts'
import {divergenceOf} from '../../../shared/math/divergence.ts'
import {float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import {computeNextTokens} from '../../../shared/math/next-tokens.ts'
import type {CaptureContext} from '../captures/attention-capturer.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import {checkIntervention, deleteTokens} from '../onnx/check-intervention.ts'
import {joinedOverHeads, requestOf} from '../onnx/intervention-feeds.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import {type ReadText, readText, type TextContext} from './attention-text.ts'
import {requireKeys} from './blind-queries.ts'
import {vocabularyParts} from './encode-prompt.ts'
import {
  type EditedModel,
  editModel,
  neededCount,
  requireRoom,
  runEdited,
  runLengthOf,
  secondsLeft,
  sizesOf,
} from './intervention-run.ts'
import {headMeans, type ReferenceTexts, referenceTexts} from './reference-means.ts'
import {positionBeyond} from './rows.ts'

/** What the command works with; of the budget one run takes as much as it may. */
export type InterveneContext = TextContext & CaptureContext

/**
 * Runs a prompt without and with an intervention, and compares what would follow a position. Aborted, it
 * throws the signal's reason.
 */
export async function* runIntervene(
  context: InterveneContext,
  request: InterveneRequest,
  signal?: AbortSignal
): AsyncGenerator<InterveneEvent, void, undefined> {
  const {model: ref, file, command: _, ...rest} = request
  const asked = attentionRequestSchema.parse({...promptOf(rest), model: ref, file})
  const text = yield* readText(context, asked, signal)
  const {model, ids} = text
  if (!isDecoder(model.files.decoder)) throw new ProblemError(model.files.decoder)
  const position = request.position === 'last' ? ids.length - 1 : request.position
  if (position >= ids.length) throw positionBeyond(position, ids.length)
  const wanted = interventionOf(request, ids.length, sizesOf(model).layers)
  const {problems, warnings} = checkIntervention(wanted, subjectOf(text))
  if (problems[0]) throw new ProblemError(problems[0])
  const {tokenIds, intervention, keptPositions} = deleteTokens([...ids], wanted)
  const place = keptPositions.indexOf(position)
  if (place < 0) throw deletedPosition(position)
  await requireKeys(context, request, {
    text: {model, ids: Int32Array.from(tokenIds)},
    intervention,
    signal,
  })

  const tokenizer = (await context.graphs.tokenizer(model))!
  const {contextLength} = model.files.decoder
  const reference = await referenceTexts(request, {ids, tokenizer, contextLength})
  const plain = {text: ids, position, edited: editModel(model, requestOf({}))}
  const changed = {
    ...{text: Int32Array.from(tokenIds), position: place},
    edited: editModel(model, requestOf(intervention)),
  }
  const jobs = [plain, changed].map((job) => sizedJob(context, job))
  const [plainJob, changedJob] = jobs as [RowJob, RowJob]
  const referenceLengths = reference?.texts.map(({length}) => length) ?? []
  const lengths = [...referenceLengths, ...jobs.map(({count}) => count)]
  const counted = countedFor(lengths, (done) => secondsLeft(context.sessions, model, lengths, done))
  const headsOff = reference
    ? yield* counted(
        headMeans(context.sessions, model, reference.texts, request.headsOff, signal),
        0
      )
    : null
  const before = yield* counted(
    rowAfter(context.sessions, plainJob, {}, signal),
    referenceLengths.length
  )
  const after = yield* counted(
    rowAfter(context.sessions, changedJob, {...intervention, ...(headsOff && {headsOff})}, signal),
    referenceLengths.length + 1
  )
  yield {
    kind: 'completed',
    result: await resultOf(context, request, text, {
      ...{position, warnings: [...warnings, ...meanWarnings(reference)], reference},
      ...{before, after},
    }),
  }
}

/** A text whose row after one position is wanted. */
interface TextRow {
  readonly edited: EditedModel
  readonly text: Int32Array
  readonly position: number
}
/** What follows the run that holds the position does not matter to it: `count` positions are run. */
interface RowJob extends TextRow {
  readonly count: number
}

/** Throws a Problem where a run of it has no room. */
function sizedJob({sessions, budget}: InterveneContext, job: TextRow): RowJob {
  const runLength = runLengthOf(sessions, job.edited, job.text.length)
  const count = neededCount(runLength, job.position, job.text.length)
  requireRoom(job.edited, {tokenCount: count, runLength, budgetBytes: budget.maxBytes})
  return {...job, count}
}

/** The logits after one position of a text, [vocabulary]; no other row leaves the run that makes it. */
async function* rowAfter(
  sessions: InstrumentedSessions,
  {edited, text, position, count}: RowJob,
  intervention: Intervention,
  signal: AbortSignal | undefined
): AsyncGenerator<number, Float32Array, undefined> {
  const output = edited.graph.logits
  let row: Float32Array | null = null
  yield* runEdited(
    sessions,
    edited,
    {
      ...{ids: text.subarray(0, count), intervention, outputs: [output]},
      single: {output, position},
      onCaptured({tensors: [tensor]}) {
        if (!tensor) return
        const {data} = tensor
        row = data instanceof Uint16Array ? float32OfFloat16Bits(data) : (data as Float32Array)
      },
    },
    signal
  )
  if (!row) throw new Error(`no run gave the row after position ${position}`)
  return row
}

function subjectOf({model, prompt, ids}: ReadText) {
  return {
    tokenCount: ids.length,
    isCausal: true,
    insertedPositions: prompt.parts.flatMap(({isInserted}, at) => (isInserted ? [at] : [])),
    ...sizesOf(model),
  }
}

function interventionOf(
  request: InterveneRequest,
  tokenCount: number,
  layers: readonly {readonly queryHeadCount: number}[]
): Intervention {
  const {maskKeys, deleteTokens: deleted, cutEdges, headsOff, scaleEmbeddings, exitLayer} = request
  return {
    ...(maskKeys.length > 0 && {maskKeys}),
    ...(deleted.length > 0 && {deleteTokens: deleted}),
    ...(cutEdges.length > 0 && {cutEdges: joinedOverHeads(cutEdges, layers)}),
    ...(headsOff.length > 0 && {headsOff}),
    ...(scaleEmbeddings !== undefined && {
      embeddingScale: new Array<number>(tokenCount).fill(scaleEmbeddings),
    }),
    ...(exitLayer !== undefined && {exitAfterLayer: exitLayer}),
  }
}

function promptOf(request: Partial<InterveneRequest>) {
  const {prompt, messages, chat, noSpecialTokens, parseSpecial, truncate, completionIds} = request
  return {prompt, messages, chat, noSpecialTokens, parseSpecial, truncate, completionIds}
}

async function resultOf(
  {graphs}: InterveneContext,
  request: InterveneRequest,
  text: ReadText,
  found: {
    position: number
    warnings: readonly Warning[]
    reference: ReferenceTexts | null
    before: Float32Array
    after: Float32Array
  }
): Promise<InterveneResult> {
  const tokenizer = (await graphs.tokenizer(text.model))!
  const tableOf = (row: Float32Array) => {
    const {ids, ...columns} = computeNextTokens(row, {topK: request.topK, temperature: 1, topP: 1})
    const tokens = tokenTableOf(vocabularyParts(tokenizer, ids))
    const next = {position: found.position, temperature: 1, topP: 1, tokens, ...columns}
    return {next: nextRows(next, 'raw'), restProb: columns.rawRestProb}
  }
  return {
    schema: 'tokenscope/intervene@1',
    request,
    ...text.provenance,
    warnings: [...text.prompt.warnings, ...text.model.warnings, ...found.warnings],
    status: 'completed',
    tokenCount: text.ids.length,
    position: found.position,
    headMean: found.reference?.facts ?? null,
    before: tableOf(found.before),
    after: tableOf(found.after),
    divergence: divergenceOf(found.before, found.after),
  }
}

function meanWarnings(reference: ReferenceTexts | null): Warning[] {
  if (reference?.facts.kind !== 'mean-of-prompt') return []
  return [
    {
      code: 'non-causal-mean',
      message:
        'Heads are replaced by their mean over this prompt, so that each position holds something of those after it: not what a causal model could compute.',
    },
  ]
}

/** Says how far texts of these lengths are run: gives a wrapper of the run of one of them, by its place. */
function countedFor(lengths: readonly number[], leftAfter: (done: number) => number | null) {
  const countTo = (end: number) => lengths.slice(0, end).reduce((sum, length) => sum + length, 0)
  const total = countTo(lengths.length)
  return async function* counted<Result>(
    run: AsyncGenerator<number, Result, undefined>,
    place: number
  ): AsyncGenerator<InterveneEvent, Result, undefined> {
    for (;;) {
      const step = await run.next()
      if (step.done) return step.value
      const done = countTo(place) + step.value
      yield {kind: 'progress', phase: 'capturing', done, total, secondsLeft: leftAfter(done)}
    }
  }
}

function deletedPosition(position: number): ProblemError {
  return new ProblemError({
    code: 'position-deleted',
    message: 'The table cannot stand after a token that is deleted.',
    field: 'position',
    found: String(position),
    expected: 'a position that stays',
    advice: 'Choose another position, or mask the token instead of deleting it.',
  })
}
