import {afterAll, expect, it, vi} from 'vitest'
import {
  type CapturedText,
  captureRequestSchema,
  tileRequestSchema,
} from '../../../shared/lenses/attention-maps.ts'
import {lookAtText} from './attention-look.ts'
import {attentionTile, captureAttention} from './attention-maps.ts'
import {attentionContext} from './test-attention.ts'

const MODEL = 'tiny-decoder-kv'
const COUNT = 24
/** Queries and keys of two layers: four query heads and two key-value heads of eight. */
const CAPTURE_BYTES = 2 * (4 + 2) * 8 * COUNT * 4

const made = attentionContext({maxBytes: 5 * CAPTURE_BYTES})
afterAll(() => made.close())

const textOf = (turn: number): CapturedText => ({
  ...{model: MODEL, capture: 'qk'},
  ids: Int32Array.from({length: COUNT}, (_, i) => (i === 0 ? 0 : 5 + ((i * 7 + turn) % 60))),
})
/** How many positions of the model were run for it. */
async function capture(turn: number): Promise<number> {
  let done = 0
  const request = captureRequestSchema.parse(textOf(turn))
  for await (const event of captureAttention(made, request)) {
    if (event.kind === 'progress') done = Math.max(done, event.done)
  }
  return done
}
const tile = (turn: number) =>
  attentionTile(
    made,
    tileRequestSchema.parse({
      ...{...textOf(turn), map: {kind: 'head', layer: 1, head: 2}},
      ...{queries: [0, COUNT], keys: [0, COUNT], rowCount: COUNT, columnCount: COUNT},
    })
  )

it('a text on a screen stays while others come and go; one that is gone comes back by itself', async () => {
  const abort = new AbortController()
  const looking = lookAtText(made, textOf(0), abort.signal)
  expect((await looking.next()).value).toEqual({kind: 'looking'})
  await capture(0)
  const {values} = await tile(0)
  for (let turn = 1; turn <= 8; turn++) expect(await capture(turn)).toBe(COUNT)
  expect(made.budget.usedBytes).toBeLessThanOrEqual(made.budget.maxBytes)
  // Nothing has to be run for it, while the oldest of the others have to be run again.
  expect(await capture(0)).toBe(0)
  expect(await capture(1)).toBe(COUNT)

  abort.abort()
  expect((await looking.next()).done).toBe(true)
  for (let turn = 11; turn <= 18; turn++) await capture(turn)
  const {key: modelKey} = await made.graphs.open({model: MODEL})
  const {ids} = textOf(0)
  const kept = made.store.pin({modelKey, ids, wantsWeights: false})
  expect(kept.layerNumbers).toEqual([])
  made.store.unpin(kept)
  expect((await tile(0)).values).toEqual(values)
})

it('nobody looks at a text of a model that cannot be read', async () => {
  const looking = lookAtText(made, {...textOf(0), model: 'nothing-here'}, undefined)
  await expect(looking.next()).rejects.toThrow()
})

it('a picture that was made is not computed again, nor a coarser one whose cells it has', async () => {
  await capture(20)
  const request = (size: number, changes: object = {}) =>
    tileRequestSchema.parse({
      ...{...textOf(20), map: {kind: 'head', layer: 1, head: 2}},
      ...{queries: [0, COUNT], keys: [0, COUNT], rowCount: size, columnCount: size, ...changes},
    })
  const run = vi.spyOn(made.thread, 'run')
  const fine = await attentionTile(made, request(COUNT))
  expect(run).toHaveBeenCalledTimes(1)
  expect(await attentionTile(made, request(COUNT))).toEqual(fine)
  const coarse = await attentionTile(made, request(6))
  expect(run).toHaveBeenCalledTimes(1)
  for (let cell = 0; cell < 36; cell++) {
    const [row, column] = [4 * Math.floor(cell / 6), 4 * (cell % 6)]
    const weights = Array.from(
      {length: 16},
      (_, i) => fine.values[(row + (i >> 2)) * COUNT + column + (i & 3)]!
    )
    expect(coarse.values[cell]).toBe(Math.max(...weights))
  }
  const filters = {dropSink: false, threshold: 0.2}
  for (const changes of [{filters}, {pooling: 'mean'}, {map: {kind: 'head', layer: 1, head: 1}}]) {
    const before = run.mock.calls.length
    await attentionTile(made, request(6, changes))
    expect(run).toHaveBeenCalledTimes(before + 1)
  }
  run.mockRestore()
})
