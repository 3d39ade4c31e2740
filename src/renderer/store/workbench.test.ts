import {expect, test} from 'vitest'
import {fakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {SAMPLES} from './samples.ts'
import {selectResult} from './selectors.ts'

test('it opens with the first sample run, the last token of the prompt locked', async () => {
  const {store, captures, until} = await openedWorkbench()
  const {promptText, runs, activeRunId, locked} = store.getState()
  expect(promptText).toBe(SAMPLES[0]!.text)
  expect(runs).toHaveLength(1)
  const data = captures.runs.peek(activeRunId!)!
  expect(data.tokens.length).toBe(data.promptTokenCount + 5)
  expect(locked).toBe(data.promptTokenCount - 1)

  const state = await until('both tables', ({next}) =>
    Boolean(next.after.shownKey && next.instead.shownKey)
  )
  const result = selectResult(state, captures)!
  expect(result.position).toBe(locked)
  const sum = result.next.reduce((total, row) => total + row.prob, 0)
  expect(sum + result.restProb!).toBeCloseTo(1, 6)
})

test('the likeliest next tokens are followed until others are chosen', async () => {
  const {store, captures, actions, until} = await openedWorkbench()
  let state = await until('suggested tokens', ({trackedShownKey}) => trackedShownKey !== null)
  const result = selectResult(state, captures)!
  expect(result.tracked!.map((entry) => entry.tokenId)).toEqual(
    result.next.slice(0, 3).map((row) => row.id)
  )
  const last = result.tracked![0]!.positions[result.position!]!
  expect(last.prob).toBeCloseTo(result.next[0]!.rawProb, 9)
  expect(last.rank).toBe(0)

  actions.setTracked('micro-base', [300])
  state = await until('the chosen token', ({trackedShownKey}) =>
    Boolean(trackedShownKey?.endsWith(':300'))
  )
  expect(selectResult(state, captures)!.tracked!.map((entry) => entry.tokenId)).toEqual([300])
  actions.setTracked('micro-base', null)
  await until('the suggested ones again', ({trackedShownKey}) =>
    Boolean(trackedShownKey && !trackedShownKey.endsWith(':300'))
  )
  expect(store.getState().settings.tracked).toEqual({})
})

test('a second visit has the prompt, the settings and the history, and runs what was there', async () => {
  const storage = memoryStorage()
  const first = await openedWorkbench({}, storage)
  first.actions.setPromptText('Tom has a coin.')
  first.actions.changeSettings({temperature: 0.7, theme: 'dark'})
  first.actions.runPrompt()
  await first.until('the second run', ({runs}) => runs[0]?.phase.kind === 'completed')

  const second = await openedWorkbench({}, storage)
  const {promptText, settings, runs, activeRunId} = second.store.getState()
  expect(promptText).toBe('Tom has a coin.')
  expect(settings.temperature).toBe(0.7)
  expect(settings.theme).toBe('dark')
  expect(runs).toHaveLength(2)
  expect(activeRunId).toBe(runs[0]!.id)
  expect(runs[1]!.phase.kind).toBe('kept')
})

test('what is in storage may be anything', async () => {
  const storage = memoryStorage({
    'tokenscope.settings': '{"temperature": -3, "tracks": ["nonsense"], "theme": "dark"}',
    'tokenscope.history': '[{"id": 4}]',
    'tokenscope.prompt': 'not json',
  })
  const {store} = await openedWorkbench({}, storage)
  const {settings, runs} = store.getState()
  expect(settings.temperature).toBe(1)
  expect(settings.tracks).toEqual(['surprisal', 'entropy', 'rank'])
  expect(settings.theme).toBe('dark')
  expect(runs).toHaveLength(1)
})

test('an engine that is lost and comes back is told of, and nothing is run unasked', async () => {
  const {store, engineIs} = await openedWorkbench()
  engineIs('lost')
  expect(store.getState().connection).toBe('lost')
  expect(store.getState().engineStop).toMatchObject({isRunningAgain: false})
  const before = store.getState().runs
  engineIs('connected')
  expect(store.getState().connection).toBe('connected')
  expect(store.getState().runs).toBe(before)
})

test('without a model there is nothing to run and nothing fails', async () => {
  const workbench = fakeWorkbench({}, memoryStorage(), (client) => ({
    ...client,
    models: {...client.models, list: async () => []},
  }))
  workbench.actions.start()
  await workbench.until('the empty list', (state) => state.areListingsKnown)
  workbench.actions.runPrompt()
  expect(workbench.store.getState().runs).toEqual([])
})
