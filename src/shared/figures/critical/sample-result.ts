import {
  type CriticalResult,
  type CriticalScore,
  type CriticalToken,
  criticalRequestSchema,
} from '../../lenses/critical.ts'

const WORDS = ['Kai', ' has', ' 3', '?', ' So', ' we', ' add', '.', ' 4', '.']
const RESPONSE_START = 4
const hexOf = (text: string) =>
  Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** A success rate of a prefix of 64 completions; its interval is made up. */
export function sampleSuccess(position: number, successCount: number): CriticalScore {
  const value = successCount / 64
  return {
    ...{position, method: 'rollout', value, successCount, sampleCount: 64},
    ...{low: Math.max(0, value - 0.1), high: Math.min(1, value + 0.1)},
  }
}

/** A result for tests and for looking at figures; its numbers are plausible and never measured. */
export function sampleCritical(
  scores: readonly CriticalScore[],
  critical: readonly CriticalToken[],
  changes: Partial<CriticalResult> = {}
): CriticalResult {
  let byteEnd = 0
  const tokens = WORDS.map((text, position) => {
    const byteStart = byteEnd
    byteEnd += text.length
    return {
      ...{position, id: position + 10, text, bytesHex: hexOf(text), byteStart, byteEnd},
      ...{isSpecial: false, isInserted: false, spanClass: 'lossless' as const},
    }
  })
  return {
    schema: 'tokenscope/critical@1',
    request: criticalRequestSchema.parse({
      ...{model: 'm', prompt: WORDS.slice(0, RESPONSE_START).join('')},
      ...{responseIds: tokens.slice(RESPONSE_START).map(({id}) => id), answer: '5'},
    }),
    model: {id: 'm', path: '/somewhere/m', sha256: 'a'.repeat(64)},
    tokenizer: {id: 'm', sha256: 'b'.repeat(64)},
    versions: {tokenscope: '0', onnxruntime: '0', schema: '1'},
    ...{warnings: [], status: 'completed', text: WORDS.slice(0, RESPONSE_START).join('')},
    ...{responseStart: RESPONSE_START, tokens, verdict: 'wrong', contrast: null},
    promptSuccess: {successCount: 48, sampleCount: 64, low: 0.63, high: 0.84},
    isRecoverable: true,
    ...{scores: [...scores], critical: [...critical], agreement: null, examples: []},
    ...changes,
  }
}
