import {tokenTableOf} from '../domain/token.ts'
import type {
  CriticalEvent,
  CriticalRequest,
  CriticalResponse,
  CriticalToken,
} from '../lenses/critical.ts'
import {FAKE_PROVENANCE} from './fake-model.ts'
import {fakeEncodePrompt} from './fake-prompt.ts'

/** Right completions of 16, by prefix; the last of them is critical. */
const SUCCESSES = [11, 9, 0]

/** A run whose third response token is the critical one, by numbers that were never measured. */
export async function* runFakeCritical(
  request: CriticalRequest,
  {contextLength, pause}: {contextLength: number; pause: (signal: AbortSignal) => Promise<void>},
  signal: AbortSignal
): AsyncGenerator<CriticalEvent, void, undefined> {
  const {text, parts} = fakeEncodePrompt(request, contextLength)
  const response = fakeResponseParts(request, contextLength)
  const responseStart = parts.length
  await pause(signal)
  yield {
    ...{kind: 'tokenized', text, responseStart, verdict: 'wrong', contrast: null},
    tokens: tokenTableOf([...parts, ...response]),
    ...{turns: [], provenance: FAKE_PROVENANCE, warnings: []},
  }
  if (request.method !== 'rollout') yield fakeContrast(responseStart, response.length, request.beta)
  if (request.method === 'contrastive') {
    yield fakeCompleted([])
    return
  }
  yield {
    kind: 'prompt',
    success: {successCount: 12, sampleCount: 16, low: 0.5, high: 0.9},
  }
  for (const [i, successCount] of SUCCESSES.entries()) {
    await pause(signal)
    yield {kind: 'progress', phase: 'sampling', done: 16 * (i + 1), total: 48, secondsLeft: 2 - i}
    const position = responseStart + i
    const value = successCount / 16
    const share = {successCount, sampleCount: 16, low: value / 2, high: (1 + value) / 2}
    yield {
      kind: 'scores',
      scores: [{position, method: 'rollout', value, ...share}],
      examples: [{position, isRight: successCount > 0, ids: [5], bytesHex: '2033'}],
    }
  }
  const position = responseStart + SUCCESSES.length - 1
  yield fakeCompleted([{method: 'rollout', rule: 'released', position}])
}

function fakeCompleted(critical: CriticalToken[]): CriticalEvent {
  return {
    kind: 'completed',
    ...{critical, agreement: null, isRecoverable: true, completionCount: 64, warnings: []},
    timing: {runMs: 1, totalMs: 2},
  }
}

/** 1 − s grows from token to token, the faster the larger β is. */
function fakeContrast(first: number, count: number, beta: number): CriticalEvent {
  const scores = Array.from({length: count}, (_, i) => ({
    ...{position: first + i, method: 'contrastive' as const},
    value: 1 - 1 / (1 + beta * (i + 1)),
  }))
  return {kind: 'scores', scores, examples: []}
}

function fakeResponseParts(request: CriticalRequest, contextLength: number) {
  const {responseIds, response} = request
  return responseIds
    ? fakeEncodePrompt(
        {prompt: '', noSpecialTokens: true, completionIds: responseIds},
        contextLength
      ).parts
    : fakeEncodePrompt({prompt: response ?? 'a b c d', noSpecialTokens: true}, contextLength).parts
}

/** The response as ids; a sampled one is wrong. */
export function fakeResponse(request: CriticalRequest, contextLength: number): CriticalResponse {
  const ids = fakeResponseParts(request, contextLength).map(({id}) => id)
  return {
    ...{responseIds: ids, verdict: request.checker ? 'wrong' : 'unchecked'},
    tryCount: request.sampleResponse ? 2 : null,
  }
}
