import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {hexOfBytes} from '../../../shared/domain/token.ts'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {answerForms, isAnswer, judgeAnswer} from '../../../shared/lenses/judge-answer.ts'
import type {
  PromptListEvent,
  PromptListRequest,
  PromptRow,
  PromptRowResult,
} from '../../../shared/lenses/prompt-list.ts'
import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import type {PromptInput} from '../../../shared/lenses/tokens.ts'
import {exp} from '../../../shared/math/exp.ts'
import type {LoadedModel, Models} from '../runtime/models.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {encodePrompt, encodeText} from './encode-prompt.ts'
import {scoringJob} from './rows.ts'

/** What the job works with. */
export interface PromptListContext {
  readonly models: Models
}

/** Pause between two events that only say how far it got. */
const PROGRESS_INTERVAL_MS = 100
/** Times that a row is begun, where its model goes away under it. */
const MAX_ATTEMPTS = 3

/**
 * Many prompts as one job, one row after another, each waiting behind whatever a person is waiting for.
 * A row that cannot be run is told and the rest goes on; a model that cannot be loaded ends the job with
 * its Problem. What a row gives depends on the row and the request's options alone, so that a job that
 * was cancelled goes on with the rows that are left. Aborted, it throws the signal's reason.
 */
export async function* runPromptList(
  {models}: PromptListContext,
  request: PromptListRequest,
  signal?: AbortSignal
): AsyncGenerator<PromptListEvent, void, undefined> {
  const {rows} = request
  checkRowIds(rows)
  const total = rows.length
  yield {kind: 'progress', done: 0, total, secondsLeft: null}
  // Before the clock of the rows starts.
  await models.load(request, undefined, signal)
  const startedMs = performance.now()
  let toldMs = startedMs
  for (const [done, row] of rows.entries()) {
    const nowMs = performance.now()
    if (done > 0 && nowMs - toldMs >= PROGRESS_INTERVAL_MS) {
      toldMs = nowMs
      const secondsLeft = (((nowMs - startedMs) / done) * (total - done)) / 1000
      yield {kind: 'progress', done, total, secondsLeft}
    }
    const event = await runRow(models, request, row, signal)
    signal?.throwIfAborted()
    yield event
    // The reader may have cancelled while it had the event.
    signal?.throwIfAborted()
  }
  yield {kind: 'progress', done: total, total, secondsLeft: 0}
  yield {kind: 'completed'}
}

async function runRow(
  models: Models,
  request: PromptListRequest,
  row: PromptRow,
  signal: AbortSignal | undefined
): Promise<PromptListEvent> {
  for (let attempt = 1; ; attempt++) {
    // It may have been unloaded since the row before, to make room or by hand.
    const model = await models.load(request, undefined, signal)
    try {
      return {kind: 'row', row: await computeRow(model, request, row, signal)}
    } catch (error) {
      if (error instanceof ProblemError) {
        return {kind: 'row-failed', id: row.id, problem: error.problem}
      }
      // Or since this row was looked at: then it is run on the model as it is loaded again.
      const wasUnloaded =
        !model.session.isAlive && signal?.aborted !== true && attempt < MAX_ATTEMPTS
      if (!wasUnloaded) throw error
    }
  }
}

async function computeRow(
  model: LoadedModel,
  request: PromptListRequest,
  row: PromptRow,
  signal: AbortSignal | undefined
): Promise<PromptRowResult> {
  const {tokenizer, folder, info} = model
  const limits = {contextLength: info.contextLength, vocabularySize: info.vocabularySize}
  const input: PromptInput = {prompt: row.prompt, messages: row.messages, chat: request.chat}
  const {parts, text} = await encodePrompt(input, limits, tokenizer)
  const ids = Int32Array.from(parts, (part) => part.id)
  const answers = await encodeAnswers(input, row.answer, {text, ids}, model)
  const {generate, sample, temperature, topP} = request
  const job = scoringJob(ids, model, {
    answers: answers.map((answer) => answer.ids),
    generation:
      generate > 0
        ? {
            count: generate,
            stopIds: folder.stopIds,
            sampling: sample ? {temperature, topP} : null,
            seed: seedOfRow(request.seed, row.id),
          }
        : null,
  })
  const logprobs: number[] = []
  const answerLogprobs: number[] = []
  const completionIds: number[] = []
  await model.session.run(job, {
    priority: 'batch',
    ...(signal ? {signal} : {}),
    onEvent: (event) => {
      if (event.kind === 'answer') answerLogprobs[event.index] = sumOf(event.logprobs)
      if (event.kind !== 'rows') return
      model.rates.record(event)
      if (event.phase === 'prompt') logprobs.push(...event.columns.logprob)
      else completionIds.push(...event.generatedIds)
    },
  })
  const surprisalsBits = Float32Array.from(logprobs, (logprob, position) =>
    parts[position]!.isInserted ? Number.NaN : -logprob / Math.LN2
  )
  const textIds = completionIds.filter((id) => !tokenizer.isSpecial(id))
  const bytes = Buffer.concat(textIds.map((id) => tokenizer.bytesOf(id)))
  const isCut = !folder.stopIds.includes(completionIds.at(-1) ?? -1)
  const likeliest = likeliestOf(answers, answerLogprobs)
  return {
    id: row.id,
    promptTokenCount: ids.length,
    meanSurprisalBits: meanSurprisalBits(
      logprobs.filter((_, position) => !parts[position]!.isInserted)
    ),
    surprisalsBits,
    completionIds,
    // Special tokens are no text.
    completionHex: hexOfBytes(bytes),
    answer: likeliest && {
      ...likeliest,
      prob: exp(likeliest.logprob),
      verdict: judgeAnswer(row.answer ?? '', {bytes, isCut}),
    },
  }
}

/** An answer as the model may write it. */
interface EncodedAnswer {
  readonly ids: Int32Array
  /** A space was put before it. */
  readonly isSpaced: boolean
}

/** The forms of an answer, as ids; none where there is no answer, or where it has no tokens. */
async function encodeAnswers(
  input: PromptInput,
  answer: string | undefined,
  {text, ids: promptIds}: {readonly text: string; readonly ids: Int32Array},
  {tokenizer, info}: LoadedModel
): Promise<EncodedAnswer[]> {
  if (!isAnswer(answer)) return []
  const answers: EncodedAnswer[] = []
  for (const [i, form] of answerForms(text, answer).entries()) {
    const ids = await encodeAnswer(input, form, promptIds, tokenizer)
    if (i === 0) checkAnswerLength(promptIds.length, ids.length, info.contextLength)
    // The other form may not fit, where the one that was given just does.
    if (ids.length === 0 || promptIds.length + ids.length > info.contextLength) continue
    answers.push({ids, isSpaced: i > 0})
  }
  return answers
}

function likeliestOf(answers: readonly EncodedAnswer[], logprobs: readonly number[]) {
  return answers
    .map(({ids, isSpaced}, i) => ({isSpaced, tokenCount: ids.length, logprob: logprobs[i]!}))
    .reduce<{isSpaced: boolean; tokenCount: number; logprob: number} | null>(
      (best, other) => (best && best.logprob >= other.logprob ? best : other),
      null
    )
}

/**
 * The ids of an answer right after a prompt: those that follow the prompt's own ids when both are
 * encoded as one text. Where the prompt's ids do not begin those (its last token takes in part of the
 * answer, or the tokenizer closes a text with a token), the answer is encoded alone, without inserted
 * tokens. Of a chat the text is the template's output with its generation prompt, where text that
 * looks like a special token is one, in the answer too.
 */
export async function encodeAnswer(
  input: PromptInput,
  answer: string,
  promptIds: ArrayLike<number>,
  tokenizer: Tokenizer
): Promise<Int32Array> {
  const both = (await encodeText(input, tokenizer, answer)).parts.map((part) => part.id)
  const follows =
    both.length > promptIds.length &&
    Array.prototype.every.call(promptIds, (id, i) => both[i] === id)
  if (follows) return Int32Array.from(both.slice(promptIds.length))
  const {parts} = await tokenizer.encode(answer, {noSpecialTokens: true})
  return Int32Array.from(parts, (part) => part.id)
}

const sumOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0)

/** Of the tokens that have one: the first of a sequence has nothing before it. */
function meanSurprisalBits(logprobs: readonly number[]): number | null {
  const defined = logprobs.filter((logprob) => !Number.isNaN(logprob))
  if (defined.length === 0) return null
  return -defined.reduce((sum, logprob) => sum + logprob, 0) / defined.length / Math.LN2
}

function checkAnswerLength(promptCount: number, answerCount: number, contextLength: number): void {
  const overCount = promptCount + answerCount - contextLength
  if (overCount <= 0) return
  throw new ProblemError({
    code: 'answer-too-long',
    message: `The prompt and its answer are ${tokens(overCount)} longer than the model's context.`,
    field: 'answer',
    found: `${tokens(promptCount)} of prompt and ${formatCount(answerCount)} of answer`,
    expected: `at most ${tokens(contextLength)} together`,
    advice: 'Shorten the prompt or the answer.',
  })
}

const tokens = (count: number) => formatMany(count, 'token')

/** Results are told apart by their ids, and draws depend on them. */
function checkRowIds(rows: readonly PromptRow[]): void {
  const seen = new Set<string>()
  for (const {id} of rows) {
    if (seen.has(id)) throw new ProblemError(sameRowTwice(id))
    seen.add(id)
  }
}

function sameRowTwice(id: string): Problem {
  return {
    code: 'row-id-twice',
    message: 'Two rows of the prompt list have the same id.',
    field: 'rows',
    found: `${id} twice`,
    expected: 'an id of its own for every row',
    advice: 'Give every row another id.',
  }
}
