import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import type {CriticalRequest} from '../../../shared/lenses/critical.ts'
import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import type {AnswerCheck} from '../critical/answer-check.ts'
import type {BranchingModel} from '../generation/branching-model.ts'
import {type Rollout, type RolloutOptions, rollOut} from '../generation/rollouts.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {checkIds} from './encode-prompt.ts'

/** Responses that are sampled at most in search of a wrong one. */
const MOST_TRIES = 64
/** Of them, so many side by side. */
const TRIES_AT_ONCE = 8

export interface ResponseLimits {
  readonly vocabularySize: number
  /** Tokens that the context has beside the prompt. */
  readonly roomCount: number
}

/** The response of a request that gives one, as ids; null where it is to be sampled. Throws a Problem. */
export async function givenResponse(
  request: CriticalRequest,
  tokenizer: Tokenizer,
  {vocabularySize, roomCount}: ResponseLimits
): Promise<number[] | null> {
  const given = (['response', 'responseIds', 'sampleResponse'] as const).filter(
    (name) => request[name] !== undefined && request[name] !== false
  )
  if (given.length !== 1) throw notOneResponse(given)
  if (request.sampleResponse) return null
  const ids = request.responseIds ?? (await encodedIds(request.response!, tokenizer))
  checkIds(ids, vocabularySize, 'responseIds')
  if (ids.length === 0) throw emptyResponse()
  if (ids.length > roomCount) throw tooLong(ids.length, roomCount)
  return [...ids]
}

/** Warns where the tokenizer would not write a response in these tokens. */
export async function canonicalWarnings(
  ids: readonly number[],
  tokenizer: Tokenizer
): Promise<Warning[]> {
  const textIds = ids.filter((id) => !tokenizer.isSpecial(id))
  const canonical = await encodedIds(textOf(textIds, tokenizer), tokenizer)
  if (canonical.length === textIds.length && canonical.every((id, i) => id === textIds[i])) {
    return []
  }
  const at = textIds.findIndex((id, i) => id !== canonical[i])
  return [
    {
      code: 'response-not-canonical',
      message: `The tokenizer would cut this response otherwise, from its token ${at < 0 ? textIds.length : at} on. Its prefixes are completed as these ids, never re-encoded.`,
    },
  ]
}

/** The text of some ids, special tokens left out. */
export function textOf(ids: readonly number[], tokenizer: Tokenizer): string {
  return new TextDecoder().decode(bytesOfIds(ids, tokenizer))
}

export function bytesOfIds(ids: readonly number[], tokenizer: Tokenizer): Uint8Array {
  return Buffer.concat(
    ids.filter((id) => !tokenizer.isSpecial(id)).map((id) => tokenizer.bytesOf(id))
  )
}

/**
 * A response that was sampled from the prompt: the first wrong one, or the first at all where nothing tells. Throws a
 * Problem where all are right, or none comes to its end.
 */
export async function sampledResponse(
  model: BranchingModel,
  options: RolloutOptions,
  {seed, check, tokenizer}: {seed: number; check: AnswerCheck | null; tokenizer: Tokenizer}
): Promise<{ids: readonly number[]; tryCount: number}> {
  const starts = Array.from({length: MOST_TRIES}, (_, i) => ({
    ...{path: [], seed: seedOfRow(seed, `response ${i}`)},
  }))
  let rightCount = 0
  for (let first = 0; first < MOST_TRIES; first += TRIES_AT_ONCE) {
    const found: Rollout[] = []
    const some = starts.slice(first, first + TRIES_AT_ONCE)
    for await (const rollout of rollOut(model, some, options)) found.push(rollout)
    // They are given as they end.
    found.sort((a, b) => a.index - b.index)
    const whole = found.filter(({ids, stopReason}) => stopReason === 'stop-id' && ids.length >= 2)
    const areRight = await check?.areRight(whole.map(({ids}) => textOf(ids, tokenizer)))
    const wrong = whole.find((_, i) => !areRight?.[i])
    if (wrong) return {ids: wrong.ids, tryCount: first + wrong.index + 1}
    rightCount += whole.length
  }
  throw noWrongResponse(rightCount)
}

async function encodedIds(text: string, tokenizer: Tokenizer): Promise<number[]> {
  const {parts} = await tokenizer.encode(text, {noSpecialTokens: true, isContinued: true})
  return parts.map(({id}) => id)
}

function notOneResponse(given: readonly string[]): ProblemError {
  return new ProblemError({
    code: 'response-missing',
    message:
      given.length === 0
        ? 'There is no response whose critical token could be found.'
        : 'More than one response is given.',
    field: 'response',
    found: given.length === 0 ? 'none' : given.join(' and '),
    expected: 'one of response, responseIds and sampleResponse',
    advice: 'Give a wrong response to the prompt, or have one sampled.',
  })
}

function emptyResponse(): ProblemError {
  return new ProblemError({
    code: 'response-empty',
    message: 'The response has no tokens.',
    field: 'response',
    found: 'no tokens',
    expected: 'at least one',
    advice: 'Give the text that followed the prompt.',
  })
}

function tooLong(tokenCount: number, roomCount: number): ProblemError {
  return new ProblemError({
    code: 'response-too-long',
    message: 'Prompt and response together are longer than the model’s context.',
    field: 'response',
    found: `${tokenCount} tokens`,
    expected: `at most ${roomCount} beside this prompt`,
    advice: 'Shorten the prompt or the response.',
  })
}

function noWrongResponse(rightCount: number): ProblemError {
  return new ProblemError({
    code: 'no-wrong-response',
    message: `Of ${MOST_TRIES} responses that were sampled none came to a wrong end.`,
    field: 'sampleResponse',
    found: `${rightCount} right, ${MOST_TRIES - rightCount} that did not end`,
    expected: 'a wrong response',
    advice: 'Raise the temperature, ask something harder, or allow more new tokens.',
  })
}
