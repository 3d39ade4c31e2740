import {tokenTableOf} from '../domain/token.ts'
import type {
  AttentionEvent,
  AttentionRequest,
  AttentionRows,
  CapturedLayerFacts,
} from '../lenses/attention.ts'
import {FAKE_MODEL, FAKE_PROVENANCE} from './fake-model.ts'
import {fakeEncodePrompt} from './fake-prompt.ts'

/** A capture of the one model that there is, whose every query looks at all keys before it alike. */
export async function* runFakeAttention(
  request: AttentionRequest,
  {contextLength, pause}: {contextLength: number; pause: (signal: AbortSignal) => Promise<void>},
  signal: AbortSignal
): AsyncGenerator<AttentionEvent, void, undefined> {
  const {text, parts} = fakeEncodePrompt(request, contextLength)
  const layers = request.layers ?? Array.from({length: FAKE_MODEL.layerCount}, (_, layer) => layer)
  await pause(signal)
  yield {
    kind: 'tokenized',
    text,
    promptTokenCount: parts.length,
    tokens: tokenTableOf(parts),
    turns: [],
    ...FAKE_PROVENANCE,
    warnings: [],
    layerCount: FAKE_MODEL.layerCount,
  }
  for (const [i, layer] of layers.entries()) {
    await pause(signal)
    yield {kind: 'progress', phase: 'capturing', done: i, total: layers.length, secondsLeft: null}
    yield {
      kind: 'captured',
      layers: [fakeCapturedLayer(layer)],
    }
  }
  yield {
    kind: 'completed',
    partCount: 1,
    bytes: 0,
    timing: {captureMs: 1, totalMs: 2},
  }
}

/** How a layer of the one model is captured. */
export function fakeCapturedLayer(layer: number): CapturedLayerFacts {
  return {
    layer,
    source: 'queries-keys',
    queryHeadCount: FAKE_MODEL.queryHeadCount,
    keyValueHeadCount: FAKE_MODEL.keyValueHeadCount,
    dtype: 'float32',
  }
}

/** Rows of any head: what a query may see, evenly. */
export function fakeAttentionRows(
  keyCount: number,
  [queryStart, queryEnd]: readonly [number, number]
): AttentionRows {
  const weights = new Float32Array((queryEnd - queryStart) * keyCount)
  for (let query = queryStart; query < queryEnd; query++) {
    const row = (query - queryStart) * keyCount
    weights.fill(1 / (query + 1), row, row + query + 1)
  }
  return {queryStart, queryEnd, keyCount, weights}
}
