import {expect, test} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {selectResult} from './selectors.ts'
import {selectInsteadTable} from './tables.ts'

type NextInput = Parameters<EngineClient['tokens']['next']>[0]

/** A client that remembers what was asked of it and answers after a while. */
function listening(asked: NextInput[], delayMs: number) {
  return (client: EngineClient): EngineClient => ({
    ...client,
    tokens: {
      ...client.tokens,
      next: async (input, options) => {
        asked.push(input)
        await new Promise((resolve) => setTimeout(resolve, delayMs))
        return client.tokens.next(input, options)
      },
    },
  })
}

test('a slider that is dragged asks for its newest value, not for every one', async () => {
  const asked: NextInput[] = []
  const {actions, captures, until, seen} = await openedWorkbench(
    {},
    memoryStorage(),
    listening(asked, 30)
  )
  await until('the first tables', ({after, instead}) =>
    Boolean(after[0].shownKey && instead.shownKey)
  )
  asked.length = 0
  for (let i = 1; i <= 20; i++) actions.changeParameters({temperature: i / 10})
  const state = await until('the last value', ({after}) =>
    Boolean(after[0].shownKey?.includes(':2:'))
  )
  expect(asked.map((input) => input.temperature)).toEqual([0.1, 2])
  expect(selectResult(state, captures)!.request.temperature).toBe(2)
  expect(seen().runs).toHaveLength(1)
})

test('a value that was shown before is not asked for again', async () => {
  const asked: NextInput[] = []
  const {actions, until} = await openedWorkbench({}, memoryStorage(), listening(asked, 1))
  actions.changeParameters({temperature: 0.5})
  await until('the new table', ({after}) => Boolean(after[0].shownKey?.includes(':0.5:')))
  asked.length = 0
  actions.changeParameters({temperature: 1})
  await until('the old table', ({after}) => Boolean(after[0].shownKey?.includes(':1:')))
  expect(asked).toEqual([])
})

test('instead of a token stands what was predicted before it, raw', async () => {
  const asked: NextInput[] = []
  const {actions, captures, until} = await openedWorkbench({}, memoryStorage(), listening(asked, 1))
  actions.changeParameters({temperature: 0.5, topP: 0.9})
  actions.hover(6)
  const state = await until('the table before 6', ({instead}) =>
    Boolean(instead.shownKey?.includes(':5:'))
  )
  const table = captures.nextTables.peek(state.instead.shownKey!)!
  expect(table).toMatchObject({position: 5, temperature: 1, topP: 1})
  const token = captures.runs.peek(state.activeRunId!)!.tokens[6]!
  const row = table.tokens.ids.indexOf(token.id)
  if (row >= 0) expect(table.rawLogprobs[row]).toBeCloseTo(token.logprob!, 9)
  actions.hover(0)
  await until('nothing before the first', ({instead}) => instead.shownKey === null)
})

test('with top-p the table says what it cuts, and both sums are 1', async () => {
  const {actions, captures, until} = await openedWorkbench()
  actions.changeParameters({topP: 0.5, temperature: 0.8})
  const state = await until('the truncated table', ({after}) =>
    Boolean(after[0].shownKey?.includes(':0.5:'))
  )
  const result = selectResult(state, captures)!
  expect(result.distribution).toBe('truncated')
  const sampled = result.next.reduce((sum, row) => sum + row.prob, 0) + result.restProb!
  const raw = result.next.reduce((sum, row) => sum + row.rawProb, 0) + result.rawRestProb!
  expect(sampled).toBeCloseTo(1, 6)
  expect(raw).toBeCloseTo(1, 6)
  expect(result.keptCount).toBeLessThan(result.next.length + result.restCount!)
})

test('what stands instead belongs to the token of its heading, or is not known yet', async () => {
  const bench = await openedWorkbench()
  const {actions, captures, seen, until} = bench
  const runId = seen().activeRunId!
  actions.lock(6)
  await until('the table before 6', ({instead}) => Boolean(instead.shownKey?.includes(':5:')))
  const tableOf = (position: number, run = runId) =>
    selectInsteadTable(seen(), captures, {runId: run, position})
  expect(tableOf(6)!.position).toBe(5)
  // Another token's table is shown until this one's has come.
  expect(tableOf(4)).toBeUndefined()
  expect(tableOf(6, 'another run')).toBeUndefined()
})

test('what a menu is open about is marked wherever the pointer goes', async () => {
  const {actions, seen} = await openedWorkbench()
  const runId = seen().activeRunId!
  actions.holdHover({runId, position: 3})
  actions.hover(null)
  actions.hover(5)
  expect(seen().hovered).toEqual({runId, position: 3})
  actions.holdHover(null)
  expect(seen().hovered).toBeNull()
  actions.hover(5)
  expect(seen().hovered).toEqual({runId, position: 5})
})
