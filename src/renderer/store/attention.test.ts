import {AsyncIteratorClass} from '@orpc/client'
import {expect, test} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {HeadStatistics, HeadsEvent} from '../../shared/lenses/attention-maps.ts'
import {selectBestHead, selectPicture, selectShown} from './attention.ts'
import {matchesFilter, selectHeads, sortHeads} from './attention-heads.ts'
import {clampWindow, covers, pictureKey, tileAround} from './attention-pictures.ts'
import {memoryStorage, openedWorkbench} from './fake-workbench.ts'

type TileInput = Parameters<EngineClient['attention']['picture']>[0]

/** A client that remembers which tiles were asked for, and answers after a while. */
function listening(asked: TileInput[], delayMs: number, fails: () => boolean = () => false) {
  return (client: EngineClient): EngineClient => ({
    ...client,
    attention: {
      ...client.attention,
      picture: async (input, options) => {
        asked.push(input)
        await new Promise((resolve) => setTimeout(resolve, delayMs))
        if (fails()) throw new Error('it broke')
        return client.attention.picture(input, options)
      },
      heads: async (input, options) => {
        const events = await client.attention.heads(input, options)
        return new AsyncIteratorClass<HeadsEvent, unknown, void>(
          async () => {
            const next = await events.next()
            if (next.done || next.value.kind !== 'heads') return next
            return {...next, value: {...next.value, heads: next.value.heads.map(withInduction)}}
          },
          async () => void (await events.return(undefined))
        )
      },
    },
  })
}

/** The last head of each layer but the first copies. */
const withInduction = (head: HeadStatistics): HeadStatistics =>
  head.layer > 0 && head.head === 3
    ? {
        ...head,
        inductionScore: 0.5 + 0.1 * head.layer,
        positionCounts: {...head.positionCounts, inductionScore: 8},
      }
    : head

async function openedLens(asked: TileInput[], delayMs = 1, fails?: () => boolean) {
  const workbench = await openedWorkbench({}, memoryStorage(), listening(asked, delayMs, fails))
  workbench.actions.changePane({lensId: 'attention'}, 0)
  workbench.actions.measureMatrix(0, 600)
  return workbench
}

test('the lens captures the run that is shown, then draws it, then scores its heads', async () => {
  const asked: TileInput[] = []
  const {until, captures, seen} = await openedLens(asked)
  const state = await until('the picture', ({attentionSlots}) => {
    const [slot] = attentionSlots
    return slot.shownKey !== null && !slot.isBehind
  })
  const spec = selectPicture(state, captures, 0)!
  const [whole] = asked
  expect(spec.map).toEqual(whole!.map)
  const tile = captures.attentionTiles.peek(pictureKey(spec))!.whole!
  expect(tile.queries).toEqual([0, spec.tokenCount])
  await until('the heads', () => selectHeads(seen(), captures) !== null)
})

test('it opens on the best head of each text, until a head is chosen', async () => {
  const asked: TileInput[] = []
  const workbench = await openedLens(asked)
  const {until, actions, captures, seen} = workbench
  await until('the picture', ({attentionSlots}) => attentionSlots[0].shownKey !== null)
  const headsOf = () => selectHeads(seen(), captures)!
  const [first] = sortHeads(headsOf(), {column: 'inductionScore', isDescending: true})
  const {layer, head} = first!
  expect(layer).toBeGreaterThan(0)
  const best = selectBestHead(seen(), captures, 0)
  expect(best).toMatchObject({layer, head, score: 'inductionScore', value: first!.inductionScore})
  expect(asked.every(({map}) => map.kind === 'head' && map.head === head)).toBe(true)
  // Another picture of the same heads is no choice of a head.
  actions.changeAttention({aggregate: 'mean'}, 0)
  actions.changeAttention({aggregate: 'head'}, 0)
  expect(seen().attentionShown[0]).toMatchObject({layer: null, head: null})
  expect(selectShown(seen(), captures, 0)).toMatchObject({layer, head})
  // Choosing what is shown already is one.
  const steps = seen().past.length
  actions.changeAttention({layer, head}, 0)
  expect(seen().past.length).toBe(steps + 1)
  expect(selectBestHead(seen(), captures, 0)).toBeNull()
  actions.setPromptText('One. Two. Three. Four. Five. Six. Seven. Eight.')
  actions.runPrompt()
  await until('another picture', ({attentionSlots, runs}) =>
    Boolean(attentionSlots[0].shownKey?.startsWith(`${runs[0]!.id}:`))
  )
  expect(selectShown(seen(), captures, 0)).toMatchObject({layer, head})
  actions.undo()
  actions.undo()
  actions.undo()
  expect(seen().attentionShown[0]).toMatchObject({layer: null, head: null})
})

test('of heads that are flipped through the last is drawn, and undo goes back', async () => {
  const asked: TileInput[] = []
  const {until, actions, captures, seen} = await openedLens(asked, 20)
  await until('the picture', ({attentionSlots}) => attentionSlots[0].shownKey !== null)
  actions.changeAttention({layer: 0, head: 0}, 0)
  await until('the first head', ({attentionSlots}) =>
    Boolean(attentionSlots[0].shownKey?.includes(':0.0:'))
  )
  asked.length = 0
  for (let head = 1; head <= 3; head++) actions.changeAttention({head}, 0)
  await until('the last head', ({attentionSlots}) =>
    Boolean(attentionSlots[0].shownKey?.includes(':0.3:'))
  )
  // At most the first was under way; those between were never asked for.
  const heads = asked.map(({map}) => (map.kind === 'head' ? map.head : -1))
  expect(heads.at(-1)).toBe(3)
  expect(heads).not.toContain(2)
  actions.changeAttention({head: 99, layer: 99}, 0)
  const facts = captures.attentionFacts.peek(seen().activeRunId!)!
  const last = facts.at(-1)!
  expect(seen().attentionShown[0]).toMatchObject({
    layer: last.layer,
    head: last.queryHeadCount - 1,
  })
  actions.undo()
  expect(seen().attentionShown[0]).toMatchObject({layer: 0, head: 3})
})

test('a picture that cannot be had says why, and is asked for again when told', async () => {
  let isBroken = true
  const asked: TileInput[] = []
  const {until, actions} = await openedLens(asked, 1, () => isBroken)
  const state = await until('the failure', ({attentionSlots}) => {
    return attentionSlots[0].phase.kind === 'failed'
  })
  expect(state.attentionSlots[0].phase).toMatchObject({problem: {found: 'it broke'}})
  const count = asked.length
  actions.hover(2)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(asked).toHaveLength(count)
  isBroken = false
  actions.askAttentionAgain(0)
  await until('the picture', ({attentionSlots}) => attentionSlots[0].shownKey !== null)
})

test('a head that the model lacks, as a link may ask for, is said and not silently another', async () => {
  const workbench = await openedWorkbench({}, memoryStorage(), listening([], 1))
  const {actions, captures, until} = workbench
  actions.changeAttention({layer: 90, head: 70}, 0)
  actions.changePane({lensId: 'attention'}, 0)
  actions.measureMatrix(0, 600)
  const state = await until('the notice', ({notice}) => notice !== null && /has no/.test(notice))
  const spec = selectPicture(state, captures, 0)!
  expect(spec.map).toMatchObject({kind: 'head', layer: expect.any(Number)})
  const {layer, head} = spec.map as {layer: number; head: number}
  expect(layer).toBeLessThan(90)
  expect(state.notice).toContain(`has no L90.H70: L${layer}.H${head}, the nearest, is shown.`)
})

test('a weight that is lit locks its query for every lens', async () => {
  const {until, actions, seen} = await openedLens([])
  await until('the picture', ({attentionSlots}) => attentionSlots[0].shownKey !== null)
  const runId = seen().activeRunId!
  actions.lightCell(runId, {query: 3, key: 1})
  expect(seen().locked).toBe(3)
  actions.hoverCell({runId, query: 5, key: 2})
  expect(seen().hovered).toEqual({runId, position: 5})
  actions.release()
  expect(seen().hovered).toBeNull()
})

test('a window stays in its matrix, and a tile around it lets it move a little', () => {
  expect(clampWindow({query: -3, key: 990, span: 100}, 1000)).toEqual({
    query: 0,
    key: 900,
    span: 100,
  })
  expect(clampWindow({query: 5, key: 5, span: 1}, 1000).span).toBe(4)
  const window = {query: 500, key: 400, span: 100}
  const {queries, keys, rowCount, columnCount} = tileAround(window, 1000, 600)
  expect({queries, keys, rowCount, columnCount}).toEqual({
    queries: [475, 625],
    keys: [375, 525],
    rowCount: 150,
    columnCount: 150,
  })
  const tile = {rowCount, columnCount, values: new Float32Array(0), minimum: 0, maximum: 1}
  const summary = {
    ...{rowCount: 0, hiddenShare: 0, sinkOnlyRowCount: 0},
    ...{nowhereShare: null, nonFiniteCount: 0},
  }
  const placed = {queries, keys, tile: {...tile, summary}}
  expect(covers(placed, window, 600)).toBe(true)
  expect(covers(placed, {...window, query: 520}, 600)).toBe(true)
  expect(covers(placed, {...window, query: 530}, 600)).toBe(false)
  // 1,000 tokens on 600 pixels: cells that are too coarse do not do.
  expect(covers({...placed, tile: {...tile, summary, rowCount: 60}}, window, 600)).toBe(false)
})

test('heads sort by what they are above chance, and those without a score come last', () => {
  const head = (layer: number, inductionScore: number | null, chance: number) =>
    ({
      ...{layer, head: 0, inductionScore},
      chance: {inductionScore: chance},
    }) as HeadStatistics
  const heads = [head(0, 0.6, 0.4), head(1, null, 0.1), head(2, 0.3, 0.05), head(3, 0.2, 0.1)]
  const sort = {column: 'inductionScore', isDescending: true} as const
  expect(sortHeads(heads, sort).map(({layer}) => layer)).toEqual([2, 0, 3, 1])
  expect(sortHeads(heads, {...sort, isDescending: false}).map(({layer}) => layer)).toEqual([
    3, 0, 2, 1,
  ])
})

test('a filter takes layers, heads and words of names', () => {
  const head = {layer: 3, head: 5}
  for (const filter of ['l3', 'h5', 'l3 h5', 'L3.H5', 'induct', 'l3 induction']) {
    expect(matchesFilter(head, 'induction', filter), filter).toBe(true)
  }
  for (const filter of ['l33', 'h3', 'previous', 'l3 h4']) {
    expect(matchesFilter(head, 'induction', filter), filter).toBe(false)
  }
})
