import {
  type AttributeResult,
  type AttributionRow,
  attributeRequestSchema,
} from '../../lenses/attribute.ts'

const WORDS = ['<s>', 'Mira', ' keeps', ' coins', '.', ' Tom', ' keeps']
const hexOf = (text: string) =>
  Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** A row whose context is the six tokens after the begin token; values in their order. */
export function sampleRow(
  values: readonly number[],
  changes: Partial<AttributionRow> = {}
): AttributionRow {
  return {
    target: {positions: [7], tokenIds: [9], contrastId: null, prob: 0.75, contrastProb: null},
    values: values.map((value, i) => ({
      ...{position: i + 1, value, low: value - 0.1, high: value + 0.2},
    })),
    released: values.map((_, i) => ({position: i + 1, value: 1 / 6})),
    ...{stepCount: 12, stopReason: 'converged'},
    probes: [
      {stepCount: 5, converged: true, probDrop: 0.2},
      {stepCount: 12, converged: false, probDrop: 0.1},
    ],
    ...{rationale: [3], redrawnCount: 1, probDrop: 0.15, startLevel: 0.25},
    work: {sequenceCount: 1, tokenCount: 7, setupTokenCount: 0},
    ...changes,
  }
}

/** A result for tests and for looking at figures; its numbers are plausible and never measured. */
export function sampleResult(row: AttributionRow | null): AttributeResult {
  let byteEnd = 0
  const tokens = WORDS.map((text, position) => {
    const isSpecial = position === 0
    const byteStart = byteEnd
    if (!isSpecial) byteEnd += text.length
    return {
      ...{position, id: position + 10, text, bytesHex: hexOf(text), byteStart, byteEnd},
      ...{isSpecial, isInserted: isSpecial, spanClass: 'lossless' as const},
    }
  })
  return {
    schema: 'tokenscope/attribute@1',
    request: attributeRequestSchema.parse({model: 'm', prompt: WORDS.slice(1).join('')}),
    model: {id: 'm', path: '/somewhere/m', sha256: 'a'.repeat(64)},
    tokenizer: {id: 'm', sha256: 'b'.repeat(64)},
    versions: {tokenscope: '0', onnxruntime: '0', schema: '1'},
    ...{warnings: [], status: 'completed', text: WORDS.slice(1).join(''), promptTokenCount: 7},
    ...{tokens, method: 'reagent'},
    settings: {
      ...{ratio: 0.3, keepCount: 2, overlap: 2, stopK: 3, maxSteps: 12, probes: 2, testEvery: 1},
      ...{sampler: 'uniform', mlm: null},
    },
    ...row,
  } as AttributeResult
}
