import {describe, expect, it} from 'vitest'
import {emptyColumns} from '../runtime/row-scorer.ts'
import type {RowsEvent} from '../runtime/worker-protocol.ts'
import {type KeptRun, LogitsStore} from './logits-store.ts'

const WIDTH = 2
const ROW_BYTES = WIDTH * 4

/** Rows whose first logit tells position and run. */
function rows(firstPosition: number, count: number, mark: number, generated: number[] = []) {
  const logits = new Float32Array(count * WIDTH)
  for (let i = 0; i < count; i++) logits[i * WIDTH] = mark + firstPosition + i
  return {
    kind: 'rows',
    phase: generated.length > 0 ? 'generating' : 'prompt',
    firstPosition,
    rowCount: count,
    generatedIds: Int32Array.from(generated),
    columns: emptyColumns(count),
    logSumExps: Float64Array.from({length: count}, (_, i) => firstPosition + i),
    tracked: [],
    logits,
    elapsedMs: 1,
  } satisfies RowsEvent
}

function keep(store: LogitsStore, ids: number[], mark: number, model = 'm'): KeptRun | null {
  const run = store.begin(model, WIDTH, ids)
  if (!run) return null
  store.add(run, rows(0, ids.length, mark))
  store.unpin(run)
  return run
}

describe('kept logits', () => {
  it('are found by the sequence, or by one that begins alike', () => {
    const store = new LogitsStore(1000)
    keep(store, [1, 2, 3, 4], 100)
    keep(store, [1, 2], 200)
    expect(store.find('m', [1, 2], 1)!.row(1)![0]).toBe(201)
    expect(store.find('m', [1, 2, 3, 9], 2)!.row(2)![0]).toBe(102)
    expect(store.find('m', [1, 2, 3, 9], 3)).toBeNull()
    expect(store.find('other', [1, 2], 1)).toBeNull()
    expect(store.find('m', [1, 2, 3, 4], 3)!.logSumExp(3)).toBe(3)
  })

  it('are answered for while the run goes on, and for generated positions', () => {
    const store = new LogitsStore(1000)
    const run = store.begin('m', WIDTH, [5, 6])!
    expect(store.find('m', [5, 6], 0)).toBeNull()
    store.add(run, rows(0, 2, 0))
    expect(store.find('m', [5, 6], 1)).toBe(run)
    store.add(run, rows(2, 2, 0, [7, 8]))
    expect(store.find('m', [5, 6, 7, 8], 3)!.row(3)![0]).toBe(3)
    // Generated positions were not run as a prompt, so a prompt cannot take them up.
    expect(store.findPrompt('m', [5, 6, 7])).toEqual({run, count: 2})
    expect(store.findPrompt('m', [5, 9, 7])).toEqual({run, count: 1})
    expect(store.findPrompt('m', [9])).toBeNull()
  })

  it('stay within the budget: the least recently used goes first, never one in use', () => {
    const store = new LogitsStore(6 * ROW_BYTES)
    keep(store, [1, 1], 0)
    keep(store, [2, 2], 0)
    keep(store, [3, 3], 0)
    expect(store.usedBytes).toBe(6 * ROW_BYTES)
    expect(store.find('m', [1, 1], 1)).not.toBeNull()
    const pinned = store.find('m', [3, 3], 1)!
    pinned.pinCount++
    store.find('m', [1, 1], 1)
    keep(store, [4, 4], 0)
    expect(store.find('m', [2, 2], 1)).toBeNull()
    keep(store, [5, 5], 0)
    expect(store.find('m', [3, 3], 1)).toBe(pinned)
    expect(store.find('m', [1, 1], 1)).toBeNull()
    expect(store.usedBytes).toBeLessThanOrEqual(6 * ROW_BYTES)
  })

  it('are not kept where the prompt alone is over the budget', () => {
    const store = new LogitsStore(6 * ROW_BYTES)
    keep(store, [1, 1], 0)
    expect(store.begin('m', WIDTH, [1, 2, 3, 4, 5, 6, 7])).toBeNull()
    expect(store.find('m', [1, 1], 1)).not.toBeNull()
  })

  it('keep what there is room for of a long completion', () => {
    const store = new LogitsStore(4 * ROW_BYTES)
    const run = store.begin('m', WIDTH, [1, 2])!
    store.add(run, rows(0, 2, 0))
    store.add(run, rows(2, 2, 0, [3, 4]))
    store.add(run, rows(4, 1, 0, [5]))
    store.add(run, rows(5, 1, 0, [6]))
    store.unpin(run)
    expect(run.rowCount).toBe(4)
    expect(run.row(4)).toBeNull()
    expect(store.usedBytes).toBe(4 * ROW_BYTES)
  })

  it('share what two runs have in common, and count it once', () => {
    const store = new LogitsStore(5 * ROW_BYTES)
    const first = store.begin('m', WIDTH, [1, 2, 3])!
    store.add(first, rows(0, 2, 0))
    store.add(first, rows(2, 1, 0))
    store.unpin(first)
    const known = store.findPrompt('m', [1, 2, 9, 9])!
    expect(known).toEqual({run: first, count: 2})
    const second = store.begin('m', WIDTH, [1, 2, 9, 9], known)!
    store.share(second, first, 2)
    expect(second.rowCount).toBe(2)
    store.add(second, rows(2, 2, 50))
    store.unpin(second)
    expect(store.usedBytes).toBe(5 * ROW_BYTES)
    expect(second.row(1)![0]).toBe(1)
    expect(second.row(3)![0]).toBe(53)
    keep(store, [7], 0)
    // The first made room, and what both had is still there for the second.
    expect(store.find('m', [1, 2, 3], 2)).toBeNull()
    expect(second.row(0)![0]).toBe(0)
    expect(store.usedBytes).toBe(5 * ROW_BYTES)
  })

  it('are forgotten with their model', () => {
    const store = new LogitsStore(1000)
    keep(store, [1], 0)
    keep(store, [1], 0, 'other')
    store.forget('m')
    expect(store.find('m', [1], 0)).toBeNull()
    expect(store.find('other', [1], 0)).not.toBeNull()
    expect(store.usedBytes).toBe(ROW_BYTES)
  })

  it('stay for who uses them when their model is forgotten, and are counted until they go', () => {
    const store = new LogitsStore(2 * ROW_BYTES)
    const run = store.begin('m', WIDTH, [1, 2])!
    store.add(run, rows(0, 1, 7))
    store.forget('m')
    store.add(run, rows(1, 1, 7))
    expect(run.row(0)![0]).toBe(7)
    expect(store.usedBytes).toBe(2 * ROW_BYTES)
    store.unpin(run)
    keep(store, [3, 4], 0, 'other')
    expect(run.row(0)).toBeNull()
    expect(store.usedBytes).toBe(2 * ROW_BYTES)
  })
})
