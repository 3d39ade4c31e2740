import {expect, test} from 'vitest'
import {SAMPLES} from '../../shared/samples/samples.ts'
import {fakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {selectResult} from './selectors.ts'

test('it opens with the first sample run, the last token of the prompt locked', async () => {
  const {seen, captures, until} = await openedWorkbench()
  const {promptText, runs, activeRunId, locked} = seen()
  expect(promptText).toBe(SAMPLES[0]!.prompt)
  expect(runs).toHaveLength(1)
  const data = captures.runs.peek(activeRunId!)!
  expect(data.tokens.length).toBe(data.promptTokenCount + 5)
  expect(locked).toBe(data.promptTokenCount - 1)

  const state = await until('both tables', ({after, instead}) =>
    Boolean(after[0].shownKey && instead.shownKey)
  )
  const result = selectResult(state, captures)!
  expect(result.position).toBe(locked)
  const sum = result.next.reduce((total, row) => total + row.prob, 0)
  expect(sum + result.restProb!).toBeCloseTo(1, 6)
})

test('the likeliest next tokens are followed until others are chosen', async () => {
  const {seen, captures, actions, until} = await openedWorkbench()
  let state = await until('suggested tokens', ({trackedSlots}) => trackedSlots[0].shownKey !== null)
  const result = selectResult(state, captures)!
  expect(result.tracked!.map((entry) => entry.tokenId)).toEqual(
    result.next.slice(0, 3).map((row) => row.id)
  )
  const last = result.tracked![0]!.positions[result.position!]!
  expect(last.prob).toBeCloseTo(result.next[0]!.rawProb, 9)
  expect(last.rank).toBe(0)

  actions.setTracked('micro-base', [300])
  state = await until('the chosen token', ({trackedSlots}) =>
    Boolean(trackedSlots[0].shownKey?.endsWith(':300'))
  )
  expect(selectResult(state, captures)!.tracked!.map((entry) => entry.tokenId)).toEqual([300])
  actions.setTracked('micro-base', null)
  await until('the suggested ones again', ({trackedSlots}) =>
    Boolean(trackedSlots[0].shownKey && !trackedSlots[0].shownKey.endsWith(':300'))
  )
  expect(seen().parameters.tracked).toEqual({})
})

test('a second visit has the prompt, the settings and the history, and runs what was there', async () => {
  const storage = memoryStorage()
  const first = await openedWorkbench({}, storage)
  first.actions.setPromptText('Tom has a coin.')
  first.actions.changeParameters({temperature: 0.7})
  first.actions.changePreferences({theme: 'dark'})
  first.actions.runPrompt()
  await first.until('the second run', ({runs}) => runs[0]?.phase.kind === 'completed')

  first.actions.keepDocument()

  // Before the engine has told what is on disk, the page has its theme.
  expect(fakeWorkbench({}, storage).seen().preferences.theme).toBe('dark')
  const second = await openedWorkbench({}, storage)
  const {promptText, parameters, runs, activeRunId} = second.seen()
  expect(promptText).toBe('Tom has a coin.')
  // Parameters belong to the document: another tab begins with those that any begins with.
  expect(parameters.temperature).toBe(1)
  expect(runs).toHaveLength(2)
  expect(activeRunId).toBe(runs[0]!.id)
  expect(runs[1]!.phase.kind).toBe('kept')
})

test('what is in storage may be anything', async () => {
  const storage = memoryStorage({
    'tokenscope.preferences': '{"theme": 3}',
    'tokenscope.document': '{"panes": []}',
    'tokenscope.history': '[{"id": 4}]',
    'tokenscope.last': 'not json',
  })
  const {seen} = await openedWorkbench({}, storage)
  const {preferences, runs} = seen()
  expect(preferences.theme).toBe('system')
  expect(runs).toHaveLength(1)
})

test('an engine that is lost and comes back is told of, and nothing is run unasked', async () => {
  const {seen, engineIs, redialFails} = await openedWorkbench()
  engineIs('lost')
  expect(seen().connection).toBe('lost')
  // A host starts another at once; only one that is not found may have ended itself.
  expect(seen().engineStop).toMatchObject({isRunningAgain: false, isHostMissing: false})
  redialFails()
  expect(seen().engineStop).toMatchObject({isRunningAgain: false, isHostMissing: true})
  const before = seen().runs
  engineIs('connected')
  expect(seen().connection).toBe('connected')
  expect(seen().runs).toEqual(before)
})

test('without a model there is nothing to run and nothing fails', async () => {
  const workbench = fakeWorkbench({}, memoryStorage(), (client) => ({
    ...client,
    models: {...client.models, list: async () => []},
  }))
  workbench.actions.start()
  await workbench.until('the empty list', (state) => state.areListingsKnown)
  workbench.actions.runPrompt()
  expect(workbench.seen().runs).toEqual([])
})
