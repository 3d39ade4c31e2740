import {describe, expect, it} from 'vitest'
import type {AttentionCapture} from './attention-capture.ts'
import {AttentionStore, type CaptureKey} from './attention-store.ts'
import {LogitsStore} from './logits-store.ts'
import {MemoryBudget} from './memory-budget.ts'

const TOKENS = 4
const LAYER_BYTES = TOKENS * TOKENS * 4

const key = (first: number, changes: Partial<CaptureKey> = {}): CaptureKey => ({
  modelKey: 'm',
  ids: Int32Array.of(first, 2, 3, 4),
  wantsWeights: true,
  ...changes,
})

/** One head a layer, every weight of which is the layer's number. */
function capture(...layers: number[]): AttentionCapture {
  return {
    dtype: 'float32',
    tokenCount: TOKENS,
    layers: layers.map((layer) => ({
      layer,
      queryHeadCount: 1,
      sites: [
        {
          queryHeadCount: 1,
          attention: {
            kind: 'weights',
            weights: new Float32Array(TOKENS * TOKENS).fill(layer),
          },
          valueNorms: null,
          keysBeforeRotary: null,
        },
      ],
    })),
  }
}

function keep(store: AttentionStore, wanted: CaptureKey, ...layers: number[]) {
  const kept = store.pin(wanted)
  const isKept = store.add(kept, capture(...layers))
  store.unpin(kept)
  return {kept, isKept}
}
const row = (layer: number) => ({layer, head: 0, queryStart: 1, queryEnd: 2})

describe('kept attention', () => {
  it('is found by model, text and route, and grows by layers', () => {
    const store = new AttentionStore(new MemoryBudget(10 * LAYER_BYTES))
    const {kept} = keep(store, key(1), 0)
    expect(store.pin(key(1))).toBe(kept)
    for (const other of [key(9), key(1, {modelKey: 'n'}), key(1, {wantsWeights: false})]) {
      expect(store.pin(other)).not.toBe(kept)
    }
    store.add(kept, capture(3))
    expect([kept.has(0), kept.has(1), kept.has(3)]).toEqual([true, false, true])
    expect([...kept.rows(row(3))!]).toEqual([3, 3, 3, 3])
    expect(kept.rows(row(1))).toBeNull()
    expect(kept.factsOf(3)).toEqual({
      queryHeadCount: 1,
      keyValueHeadCount: null,
      dtype: 'float32',
    })
    expect(kept.byteLength).toBe(2 * LAYER_BYTES)
  })

  it('gives way to newer ones, the one that was not used for longest first', () => {
    const budget = new MemoryBudget(2 * LAYER_BYTES)
    const store = new AttentionStore(budget)
    const first = keep(store, key(1), 0).kept
    const second = keep(store, key(2), 0).kept
    store.unpin(store.pin(key(1)))
    keep(store, key(3), 0)
    expect([first.has(0), second.has(0)]).toEqual([true, false])
    expect(budget.usedBytes).toBe(2 * LAYER_BYTES)
  })

  it('that is on a screen gives way last, and as any other once it is not', () => {
    const store = new AttentionStore(new MemoryBudget(2 * LAYER_BYTES))
    const stop = store.look(key(1))
    const stopOther = store.look(key(1))
    const shown = keep(store, key(1), 0).kept
    const second = keep(store, key(2), 0).kept
    keep(store, key(3), 0)
    expect([shown.has(0), second.has(0)]).toEqual([true, false])
    stop()
    keep(store, key(4), 0)
    expect(shown.has(0)).toBe(true)
    // It comes back by itself when it is asked for; another text may need all the room there is.
    expect(keep(store, key(5), 0, 1).isKept).toBe(true)
    expect(shown.has(0)).toBe(false)
    const again = keep(store, key(1), 0).kept
    const later = keep(store, key(6), 0).kept
    stopOther()
    keep(store, key(7), 0)
    expect([again.has(0), later.has(0)]).toEqual([false, true])
  })

  it('stays while it is used, and what has no room is not kept', () => {
    const budget = new MemoryBudget(2 * LAYER_BYTES)
    const store = new AttentionStore(budget)
    const used = store.pin(key(1))
    store.add(used, capture(0, 1))
    expect(keep(store, key(2), 0).isKept).toBe(false)
    expect(used.has(1)).toBe(true)
    store.drop(used, [0])
    expect(keep(store, key(2), 0).isKept).toBe(true)
    budget.setMaxBytes(1)
    expect([budget.usedBytes, used.has(1)]).toEqual([LAYER_BYTES, true])
    store.unpin(used)
    expect([budget.usedBytes, used.has(1)]).toEqual([0, false])
  })

  it('shares its room with kept logits: whichever is older gives way', () => {
    const budget = new MemoryBudget(3 * LAYER_BYTES)
    const store = new AttentionStore(budget)
    const logits = new LogitsStore(budget)
    const old = keep(store, key(1), 0, 1).kept
    const run = logits.begin('m', LAYER_BYTES / 8, [1, 2])
    // Two rows of a sixteenth of a layer's bytes more than is left.
    expect(run).not.toBeNull()
    logits.add(run!, {
      ...{kind: 'rows', phase: 'prompt', firstPosition: 0, rowCount: 2, elapsedMs: 1},
      ...{generatedIds: new Int32Array(0), tracked: [], columns: {} as never},
      logSumExps: new Float64Array(2),
      logits: new Float32Array(LAYER_BYTES / 4),
    })
    logits.unpin(run!)
    expect(budget.usedBytes).toBe(3 * LAYER_BYTES)
    const young = keep(store, key(2), 0).kept
    expect([old.has(0), run!.rowCount, young.has(0)]).toEqual([false, 2, true])
    keep(store, key(3), 0, 1)
    expect([run!.rowCount, young.has(0)]).toEqual([0, true])
  })

  it('of a model is forgotten, except what is in use', () => {
    const budget = new MemoryBudget(10 * LAYER_BYTES)
    const store = new AttentionStore(budget)
    const used = store.pin(key(1))
    store.add(used, capture(0))
    keep(store, key(2), 0)
    const other = keep(store, key(1, {modelKey: 'n'}), 0).kept
    store.forget('m')
    expect([used.has(0), other.has(0), budget.usedBytes]).toEqual([true, true, 2 * LAYER_BYTES])
  })
})
