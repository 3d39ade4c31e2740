import type {InterveneRequest, InterveneResult} from '../lenses/intervene.ts'
import {FAKE_PROVENANCE} from './fake-model.ts'
import {fakeEncodePrompt} from './fake-prompt.ts'

/** Half of what would follow gives way to something else, whatever is changed. */
export function fakeIntervention(
  request: InterveneRequest,
  contextLength: number
): InterveneResult {
  const tokenCount = fakeEncodePrompt(request, contextLength).parts.length
  const row = (id: number, text: string, prob: number) => ({
    ...{id, text, prob, rawProb: prob, logprob: Math.log(prob)},
    bytesHex: [...new TextEncoder().encode(text)].map((byte) => byte.toString(16)).join(''),
  })
  return {
    schema: 'tokenscope/intervene@1',
    request,
    ...FAKE_PROVENANCE,
    warnings: [],
    status: 'completed',
    tokenCount,
    position: request.position === 'last' ? tokenCount - 1 : request.position,
    before: {next: [row(5, 'a', 0.5), row(6, 'b', 0.25)], restProb: 0.25},
    after: {next: [row(6, 'b', 0.5), row(5, 'a', 0.25)], restProb: 0.25},
    divergence: {klBits: 0.25, totalVariation: 0.25},
  }
}
