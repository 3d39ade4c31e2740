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
import {isDecoder} from '../model-folder/read-model-files.ts'
import {checkIntervention, deleteTokens} from '../onnx/check-intervention.ts'
import {requestOf} from '../onnx/intervention-feeds.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {type ReadText, readText, type TextContext} from './attention-text.ts'
import {vocabularyParts} from './encode-prompt.ts'
import {editModel, runEdited, sizesOf} from './intervention-run.ts'
import {headMeans, type ReferenceTexts, referenceTexts} from './reference-means.ts'
import {positionBeyond} from './rows.ts'

/** What the command works with. */
export interface InterveneContext extends TextContext {
  readonly sessions: InstrumentedSessions
}

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
  const wanted = interventionOf(request, ids.length)
  const {problems, warnings} = checkIntervention(wanted, subjectOf(text))
  if (problems[0]) throw new ProblemError(problems[0])
  const {tokenIds, intervention, keptPositions} = deleteTokens([...ids], wanted)
  const place = keptPositions.indexOf(position)
  if (place < 0) throw deletedPosition(position)

  const tokenizer = (await context.graphs.tokenizer(model))!
  const {contextLength} = model.files.decoder
  const reference = await referenceTexts(request, {ids, tokenizer, contextLength})
  const referenceCount = reference?.facts.positionCount ?? 0
  const total = referenceCount + ids.length + tokenIds.length
  const headsOff = reference
    ? yield* counted(
        headMeans(context.sessions, model, reference.texts, request.headsOff, signal),
        0,
        total
      )
    : null
  const run = (changed: Intervention, some: Int32Array) =>
    logitsOf(context.sessions, model, changed, some, signal)
  const before = yield* counted(run({}, ids), referenceCount, total)
  const after = yield* counted(
    run({...intervention, ...(headsOff && {headsOff})}, Int32Array.from(tokenIds)),
    referenceCount + ids.length,
    total
  )
  yield {
    kind: 'completed',
    result: await resultOf(context, request, text, {
      ...{position, warnings: [...warnings, ...meanWarnings(reference)], reference},
      before: rowOf(before, position),
      after: rowOf(after, place),
    }),
  }
}

interface Logits {
  readonly values: Float32Array
  readonly width: number
}

/** The rows that a run of a whole text gives, [position, vocabulary]. */
async function* logitsOf(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  intervention: Intervention,
  ids: Int32Array,
  signal: AbortSignal | undefined
): AsyncGenerator<number, Logits, undefined> {
  const edited = editModel(model, requestOf(intervention))
  const parts: Float32Array[] = []
  let width = 0
  yield* runEdited(
    sessions,
    edited,
    {
      ...{ids, intervention, outputs: [edited.graph.logits]},
      onCaptured({tensors}) {
        const {data, dims} = tensors[0]!
        parts.push(
          data instanceof Uint16Array ? float32OfFloat16Bits(data) : (data as Float32Array)
        )
        width = dims.at(-1)!
      },
    },
    signal
  )
  const values = new Float32Array(parts.reduce((sum, {length}) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    values.set(part, at)
    at += part.length
  }
  return {values, width}
}

function subjectOf({model, prompt, ids}: ReadText) {
  return {
    tokenCount: ids.length,
    isCausal: true,
    insertedPositions: prompt.parts.flatMap(({isInserted}, at) => (isInserted ? [at] : [])),
    ...sizesOf(model),
  }
}

function interventionOf(request: InterveneRequest, tokenCount: number): Intervention {
  const {maskKeys, deleteTokens: deleted, cutEdges, headsOff, scaleEmbeddings, exitLayer} = request
  return {
    ...(maskKeys.length > 0 && {maskKeys}),
    ...(deleted.length > 0 && {deleteTokens: deleted}),
    ...(cutEdges.length > 0 && {cutEdges}),
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

function rowOf({values, width}: Logits, position: number): Float32Array {
  return values.subarray(position * width, (position + 1) * width)
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

async function* counted<Result>(
  run: AsyncGenerator<number, Result, undefined>,
  before: number,
  total: number
): AsyncGenerator<InterveneEvent, Result, undefined> {
  for (;;) {
    const step = await run.next()
    if (step.done) return step.value
    const done = before + step.value
    yield {kind: 'progress', phase: 'capturing', done, total, secondsLeft: null}
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
