import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {selectPicture} from './attention.ts'
import {pictureKey} from './attention-pictures.ts'
import {memoryStorage, openedWorkbench} from './fake-workbench.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Lets a promise come by the tests' own clock alone. */
async function clocked<Value>(promise: Promise<Value>): Promise<Value> {
  let isDone = false
  const done = () => {
    isDone = true
  }
  promise.then(done, done)
  while (!isDone) await vi.advanceTimersByTimeAsync(1)
  return promise
}

/** The lens on layer 0, head 0, with pictures that take `delays.picture` ms; `lines` are counted. */
async function openedLens(delays: {picture: number}) {
  const lines: number[] = []
  const pictures: {layer: number; head: number}[] = []
  const wrap = (client: EngineClient): EngineClient => ({
    ...client,
    attention: {
      ...client.attention,
      picture: async (input, options) => {
        const {picture: delayMs} = delays
        if (input.map.kind === 'head') pictures.push(input.map)
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
        return client.attention.picture(input, options)
      },
      line: (input, options) => {
        lines.push(input.map.kind === 'head' ? input.map.head : -1)
        return client.attention.line(input, options)
      },
    },
  })
  const workbench = await clocked(openedWorkbench({}, memoryStorage(), wrap))
  const {actions} = workbench
  const until: typeof workbench.until = (what, isSo) => clocked(workbench.until(what, isSo))
  actions.changePane({lensId: 'attention'}, 0)
  actions.measureMatrix(0, 600)
  actions.changeAttention({layer: 0, head: 0}, 0)
  await until('the first head', ({attentionSlots}) =>
    Boolean(attentionSlots[0].shownKey?.includes(':0.0:') && !attentionSlots[0].isBehind)
  )
  await vi.advanceTimersByTimeAsync(100)
  return {...workbench, until, lines, pictures}
}

test('a head that a key flips to is shown together with its picture, and told of when the flipping ends', async () => {
  const delays = {picture: 0}
  const {store, captures, actions, seen, until, lines} = await openedLens(delays)
  await vi.advanceTimersByTimeAsync(2000)
  // Of those around the head nothing is left to be asked for: go where nothing is known.
  delays.picture = 30
  lines.length = 0
  const withoutPicture: string[] = []
  store.subscribe((state) => {
    const spec = selectPicture(state, captures, 0)!
    if (!captures.attentionTiles.peek(pictureKey(spec))) withoutPicture.push(pictureKey(spec))
  })
  // The next one was fetched while nothing was to do: it is there at once.
  actions.flipAttention(0, ({head}) => ({head: head + 1}))
  expect(seen().attentionShown[0]).toMatchObject({layer: 0, head: 1})
  const steps = seen().past.length
  actions.flipAttention(0, ({head}) => ({head: head + 1}))
  expect(seen().attentionShown[0]).toMatchObject({layer: 0, head: 1})
  // Pressed again before it is there: one further.
  actions.flipAttention(0, ({head}) => ({head: head + 1}))
  await until('the third', ({attentionShown}) => attentionShown[0].head === 3)
  expect(seen().attentionSlots[0]).toMatchObject({isBehind: false})
  expect(seen().attentionSlots[0].shownKey).toContain(':0.3:')
  expect(withoutPicture).toEqual([])
  expect(lines).toEqual([])
  // All in a row is one step back.
  expect(seen().past.length).toBe(steps)
  await vi.advanceTimersByTimeAsync(400)
  expect(lines).toContain(3)
  expect(lines).not.toContain(2)
})

test('the picture that a held key asks for next is fetched meanwhile, and asked for once', async () => {
  const delays = {picture: 40}
  const {actions, seen, until, pictures} = await openedLens(delays)
  const heads = () => pictures.map(({layer, head}) => `${layer}.${head}`)
  pictures.length = 0
  actions.flipAttention(0, ({layer}) => ({layer: layer + 1, head: 1}))
  await until('the first', ({attentionShown}) => attentionShown[0].layer === 1)
  actions.changeAttention({head: 1, layer: 0}, 0)
  await until('back', ({attentionSlots}) => !attentionSlots[0].isBehind)
  await vi.advanceTimersByTimeAsync(1000)
  pictures.length = 0
  actions.flipAttention(0, ({head}) => ({head: head + 1}))
  await until('the next', ({attentionShown}) => attentionShown[0].head === 2)
  // While this one is painted, before anything is said of it.
  await vi.advanceTimersByTimeAsync(20)
  expect(heads()).toContain('0.3')
  // Pressed before it is there: it is waited for.
  actions.flipAttention(0, ({head}) => ({head: head + 1}))
  await until('the one after', ({attentionShown}) => attentionShown[0].head === 3)
  expect(seen().attentionSlots[0].shownKey).toContain(':0.3:')
  expect(heads().filter((name) => name === '0.3')).toHaveLength(1)
})

test('a picture that is long in coming is not waited for', async () => {
  const delays = {picture: 0}
  const {actions, seen, until} = await openedLens(delays)
  delays.picture = 700
  actions.flipAttention(0, ({layer}) => ({layer: layer + 1, head: 2}))
  await until('the name of the head', ({attentionShown}) => attentionShown[0].layer === 1)
  expect(seen().attentionShown[0]).toMatchObject({layer: 1, head: 2})
  expect(seen().attentionSlots[0]).toMatchObject({isBehind: true})
  expect(seen().attentionSlots[0].shownKey).toContain(':0.0:')
  await until('its picture', ({attentionSlots}) =>
    Boolean(attentionSlots[0].shownKey?.includes(':1.2:'))
  )
  expect(seen().attentionSlots[0]).toMatchObject({isBehind: false})
})

test('another choice meanwhile is what counts', async () => {
  const delays = {picture: 0}
  const {actions, seen, until} = await openedLens(delays)
  delays.picture = 50
  actions.flipAttention(0, () => ({layer: 1, head: 2}))
  actions.changeAttention({layer: 1, head: 3}, 0)
  await until('its picture', ({attentionSlots}) =>
    Boolean(attentionSlots[0].shownKey?.includes(':1.3:'))
  )
  await vi.advanceTimersByTimeAsync(1000)
  expect(seen().attentionShown[0]).toMatchObject({layer: 1, head: 3})
  // At an end a key has nothing to flip to.
  const {past} = seen()
  actions.flipAttention(0, () => ({layer: 1, head: 3}))
  await vi.advanceTimersByTimeAsync(1000)
  expect(seen().past).toBe(past)
})
