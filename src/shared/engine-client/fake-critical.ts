import {tokenTableOf} from '../domain/token.ts'
import type {CriticalEvent, CriticalRequest} from '../lenses/critical.ts'
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
  const response = fakeEncodePrompt({prompt: request.response ?? 'a b c d'}, contextLength).parts
  const responseStart = parts.length
  await pause(signal)
  yield {
    ...{kind: 'tokenized', text, responseStart, verdict: 'wrong', contrast: null},
    tokens: tokenTableOf([...parts, ...response]),
    ...{turns: [], provenance: FAKE_PROVENANCE, warnings: []},
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
  const critical = responseStart + SUCCESSES.length - 1
  yield {
    kind: 'completed',
    critical: [{method: 'rollout', rule: 'released', position: critical}],
    ...{agreement: null, isRecoverable: true, completionCount: 64, warnings: []},
    timing: {runMs: 1, totalMs: 2},
  }
}
