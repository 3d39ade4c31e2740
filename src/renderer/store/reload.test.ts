import {expect, test} from 'vitest'
import type {FakeEngineOptions} from '../../shared/engine-client/fake.ts'
import {fakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {readHistory, readLastPrompt} from './persistence.ts'

const newestIsDone = ({runs}: {runs: readonly {phase: {kind: string}}[]}) =>
  runs[0]?.phase.kind === 'completed'

/** The page as it is after a reload, once the model is there and what follows has had its time. */
async function reloaded(
  {
    storage,
    session,
    actions,
  }: Pick<ReturnType<typeof fakeWorkbench>, 'storage' | 'session' | 'actions'>,
  options: FakeEngineOptions = {}
) {
  actions.keepDocument()
  const workbench = fakeWorkbench(options, storage, undefined, session)
  workbench.actions.start()
  await workbench.until('the count', ({promptTokenCount}) => promptTokenCount !== null)
  return workbench
}

test.each(['cancelled', 'running'] as const)('a run left %s is not run again', async (left) => {
  const first = await openedWorkbench({delayMs: 10})
  first.actions.setPromptText('Mira has a lamp. '.repeat(30))
  first.actions.runPrompt()
  const {id} = first.seen().runs[0]!
  if (left === 'cancelled') first.actions.cancelRun(id)

  const second = await reloaded(first)
  const {runs, activeRunId} = second.seen()
  expect(activeRunId).toBe(id)
  expect(runs.map((run) => run.phase.kind)).toEqual(['cancelled', 'kept'])
  await second.actions.openRun(id)
  expect(second.seen().runs[0]!.phase.kind).toBe('cancelled')
  second.actions.runAgain(id)
  await second.until('the run', newestIsDone)
  first.actions.cancelRun(id)
})

test('a run that failed has its problem after a reload', async () => {
  const first = await openedWorkbench({failAfter: 16})
  const second = await reloaded(first)
  expect(second.seen().runs[0]!.phase).toMatchObject({
    kind: 'failed',
    problem: {code: 'engine-lost'},
  })
})

test('a completed run has its time and its lock again, on a generated token or released', async () => {
  const first = await openedWorkbench()
  const {runs, activeRunId} = first.seen()
  const {tokens} = first.captures.runs.peek(activeRunId!)!
  for (const locked of [3, tokens.length - 2, null]) {
    if (locked === null) first.actions.release()
    else first.actions.lock(locked)
    const again = await reloaded(first)
    const state = await again.until('the run', newestIsDone)
    expect(state).toMatchObject({activeRunId, locked})
    expect(state.runs[0]!.startedAt).toBe(runs[0]!.startedAt)
  }
})

test('two pages keep each other’s runs, and each its own prompt', async () => {
  const storage = memoryStorage()
  const one = await openedWorkbench({}, storage)
  const two = await openedWorkbench({}, storage)
  for (const [page, text] of [
    [one, 'Tom has a coin.'],
    [two, 'Ana has a box.'],
    [one, 'Mira has a lamp.'],
  ] as const) {
    page.actions.setPromptText(text)
    page.actions.runPrompt()
    await page.until('the run', newestIsDone)
    page.actions.keepDocument()
  }
  const labels = readHistory(storage).runs.map((run) => run.label)
  expect(labels.slice(0, 3)).toEqual(['Mira has a lamp.', 'Ana has a box.', 'Tom has a coin.'])
  expect(new Set(readHistory(storage).runs.map((run) => run.id)).size).toBe(labels.length)
  expect((await reloaded(two)).seen().promptText).toBe('Ana has a box.')
  expect(readLastPrompt(storage)!.promptText).toBe('Mira has a lamp.')

  two.actions.clearRuns()
  expect(readHistory(storage).runs).toEqual([])
})

test('a tab keeps its own parameters over a reload, a copy of it begins with them, a new one does not', async () => {
  const storage = memoryStorage()
  const first = await openedWorkbench({}, storage)
  const defaults = first.seen().parameters
  first.actions.changeParameters({temperature: 0.7, isSampled: true, seed: 5, tracks: ['rank']})
  const own = first.seen().parameters
  first.actions.keepDocument()
  const fresh = await openedWorkbench({}, storage)
  expect(fresh.seen().parameters).toEqual(defaults)
  fresh.actions.changeParameters({temperature: 1.4})
  fresh.actions.keepDocument()
  expect((await reloaded(first)).seen().parameters).toEqual(own)
  // A tab that is duplicated takes what its storage holds along.
  const document = first.session.getItem('tokenscope.document')!
  const session = memoryStorage({'tokenscope.document': document})
  const copy = await reloaded({...first, session, actions: {...first.actions, keepDocument() {}}})
  expect(copy.seen().parameters).toEqual(own)
})

test('damaged parameters of a document are those that any begins with, one by one', async () => {
  const first = await openedWorkbench()
  first.actions.keepDocument()
  const document = JSON.parse(first.session.getItem('tokenscope.document')!)
  document.parameters = {temperature: -3, tracks: ['nonsense'], topP: 0.5}
  const session = memoryStorage({'tokenscope.document': JSON.stringify(document)})
  const {parameters} = fakeWorkbench({}, first.storage, undefined, session).seen()
  expect(parameters).toMatchObject({temperature: 1, topP: 0.5, topK: 10})
  expect(parameters.tracks).toEqual(['surprisal', 'entropy', 'rank'])
})
