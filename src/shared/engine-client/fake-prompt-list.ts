import {type Problem, ProblemError} from '../domain/problem.ts'
import {hexOfBytes} from '../domain/token.ts'
import {answerForms, isAnswer, judgeAnswer} from '../lenses/judge-answer.ts'
import type {
  PromptListEvent,
  PromptListRequest,
  PromptRow,
  PromptRowResult,
} from '../lenses/prompt-list.ts'
import {seedOfRow} from '../lenses/row-seed.ts'
import type {PromptInput} from '../lenses/tokens.ts'
import {computeRowStatistics} from '../math/distribution.ts'
import {exp} from '../math/exp.ts'
import {drawToken, likeliestId} from '../math/sample.ts'
import {createSeededRandom} from '../math/seeded-random.ts'
import {FAKE_END_ID, fakeBytesOf, fakeLogits} from './fake-language.ts'

export interface FakePromptListOptions {
  /** Ids of a prompt; throws a ProblemError for one that cannot be encoded. */
  readonly encodeRow: (input: PromptInput) => number[]
  /** Ids of the answer, encoded alone. */
  readonly encodeAnswer: (answer: string) => number[]
  readonly pause: (signal?: AbortSignal) => Promise<void>
  /** The problem of a row that is to fail. */
  readonly failRow: (row: PromptRow) => Problem | null
  readonly delayMs: number
}

/** The prompt list as the engine runs it: row after row, a failed one told and passed over. */
export async function* runFakePromptList(
  request: PromptListRequest,
  options: FakePromptListOptions,
  signal?: AbortSignal
): AsyncGenerator<PromptListEvent> {
  const total = request.rows.length
  for (const [done, row] of request.rows.entries()) {
    const secondsLeft = done > 0 ? ((total - done) * options.delayMs) / 1000 : null
    yield {kind: 'progress', done, total, secondsLeft}
    await options.pause(signal)
    yield eventOf(row, request, options)
    signal?.throwIfAborted()
  }
  yield {kind: 'progress', done: total, total, secondsLeft: 0}
  yield {kind: 'completed'}
}

function eventOf(
  row: PromptRow,
  request: PromptListRequest,
  options: FakePromptListOptions
): PromptListEvent {
  const failure = options.failRow(row)
  if (failure) return {kind: 'row-failed', id: row.id, problem: failure}
  try {
    return {kind: 'row', row: resultOf(row, request, options)}
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return {kind: 'row-failed', id: row.id, problem: error.problem}
  }
}

function resultOf(
  row: PromptRow,
  request: PromptListRequest,
  {encodeRow, encodeAnswer}: FakePromptListOptions
): PromptRowResult {
  const input = {prompt: row.prompt, messages: row.messages, chat: request.chat}
  const promptIds = encodeRow(input)
  const scored = promptIds.slice(1).map((_, i) => logprobAt(promptIds, i + 1))
  const completionIds = continued(promptIds, request, row.id)
  const textIds = completionIds.filter((id) => id !== FAKE_END_ID)
  const bytes = Uint8Array.from(textIds.flatMap((id) => [...fakeBytesOf(id)]))
  return {
    id: row.id,
    promptTokenCount: promptIds.length,
    meanSurprisalBits:
      scored.length > 0
        ? -scored.reduce((sum, value) => sum + value, 0) / scored.length / Math.LN2
        : null,
    surprisalsBits: Float32Array.of(Number.NaN, ...scored.map((value) => -value / Math.LN2)),
    completionIds,
    completionHex: hexOfBytes(bytes),
    answer: isAnswer(row.answer)
      ? {
          ...likeliestForm(row.answer, promptIds, encodeAnswer),
          verdict: judgeAnswer(row.answer, {
            bytes,
            isCut: completionIds.at(-1) !== FAKE_END_ID,
          }),
        }
      : null,
  }
}

function likeliestForm(
  answer: string,
  promptIds: readonly number[],
  encodeAnswer: FakePromptListOptions['encodeAnswer']
) {
  const before = new TextDecoder().decode(fakeBytesOf(promptIds.at(-1)!))
  const [first, ...others] = answerForms(before, answer).map((form, i) => {
    const answerIds = encodeAnswer(form)
    const whole = [...promptIds, ...answerIds]
    const logprob = answerIds.reduce((sum, _, j) => sum + logprobAt(whole, promptIds.length + j), 0)
    return {isSpaced: i > 0, tokenCount: answerIds.length, logprob, prob: exp(logprob)}
  })
  return others.reduce((best, form) => (form.logprob > best.logprob ? form : best), first!)
}

function continued(promptIds: readonly number[], request: PromptListRequest, rowId: string) {
  const random = createSeededRandom(seedOfRow(request.seed, rowId))
  const ids = [...promptIds]
  for (let i = 0; i < request.generate && ids.at(-1) !== FAKE_END_ID; i++) {
    const logits = fakeLogits(ids)
    ids.push(request.sample ? drawToken(logits, request, random) : likeliestId(logits))
  }
  return ids.slice(promptIds.length)
}

function logprobAt(ids: readonly number[], position: number): number {
  const logits = fakeLogits(ids.slice(0, position))
  return computeRowStatistics(logits, 0, logits.length, ids[position]!, []).logprob
}
