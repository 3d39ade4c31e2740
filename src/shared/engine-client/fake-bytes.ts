import {bytesOfHex, hexOfBytes} from '../domain/token.ts'
import type {BytesRequest, BytesResult} from '../lenses/bytes.ts'
import {FAKE_PROVENANCE} from './fake-model.ts'

/** A space follows half of the time, an “e” a quarter of it; the text ends in an eighth. */
export function fakeBytes(request: BytesRequest): BytesResult {
  const text = request.prompt ?? ''
  const prefix = [...new TextEncoder().encode(text), ...bytesOfHex(request.prefixHex ?? '')]
  const probs = new Map([
    [0x20, 0.5],
    [0x65, 0.25],
  ])
  return {
    schema: 'tokenscope/bytes@1',
    request,
    ...FAKE_PROVENANCE,
    ...{warnings: [], status: 'completed'},
    prefix: {text, bytesHex: hexOfBytes(Uint8Array.from(prefix)), fixedIds: [0], fixedByteEnd: 0},
    bytes: Array.from({length: 256}, (_, byte) => {
      const prob = probs.get(byte) ?? 0
      return {byte, prob, tokenProb: byte === 0x20 ? 0.75 : 0}
    }),
    ...{endProb: 0.125, leakProb: 0.125},
    covers: [{ids: [5], logprob: Math.log(0.5)}],
    ...{coverCount: 1, prefixLogprob: Math.log(0.5), totalVariation: 0.25},
  }
}
