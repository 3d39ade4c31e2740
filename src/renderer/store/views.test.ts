import {expect, test} from 'vitest'
import type {Pages} from './context.ts'
import {type FakeWorkbench, fakeWorkbench, memoryStorage} from './fake-workbench.ts'
import {canGoBack, canGoForward} from './views.ts'

/** A browser's history of one tab: entries, and where it is. It outlives the page. */
function tabHistory() {
  const entries: (number | null)[] = [null]
  let index = 0
  let listener: (viewId: number) => void = () => undefined
  const pages: Pages = {
    current: () => entries[index] ?? null,
    replace: (viewId) => {
      entries[index] = viewId
    },
    push(viewId) {
      entries.splice(index + 1, entries.length, viewId)
      index++
    },
    go(delta) {
      index = Math.max(0, Math.min(entries.length - 1, index + delta))
      const viewId = entries[index]
      if (viewId !== null && viewId !== undefined) listener(viewId)
    },
    onGo(next) {
      listener = next
    },
  }
  return {pages, entries, place: () => index}
}

const storage = () => ({storage: memoryStorage(), session: memoryStorage()})

async function opened(
  kept: ReturnType<typeof storage>,
  pages: Pages,
  runCount: number
): Promise<FakeWorkbench> {
  const workbench = fakeWorkbench({}, kept.storage, undefined, kept.session, pages)
  workbench.actions.start()
  await workbench.until('the shown run', ({runs, activeRunId, viewIndex}) => {
    const phase = runs.find(({id}) => id === activeRunId)?.phase.kind
    return runs.length === runCount && phase === 'completed' && viewIndex >= 0
  })
  // The opening is over once nothing of it can be undone.
  await workbench.until('the opening', ({past, views}) => past.length === 0 && views.length > 0)
  return workbench
}

async function runAnother(workbench: FakeWorkbench, text: string) {
  workbench.actions.setPromptText(text)
  workbench.actions.runPrompt()
  const count = workbench.seen().runs.length
  await workbench.until(
    'the run',
    ({runs}) => runs[0]?.phase.kind === 'completed' && runs.length === count
  )
  return workbench.seen().activeRunId
}

test('opening is one place: nothing to go back to, and the browser’s Back leaves at once', async () => {
  const {pages, entries} = tabHistory()
  const workbench = await opened(storage(), pages, 1)
  expect(workbench.store.getState().views).toHaveLength(1)
  expect(canGoBack(workbench.store.getState())).toBe(false)
  expect(entries).toEqual([workbench.store.getState().views[0]!.id])
})

test('the browser’s pages and the views go together, a new place forgets what was ahead', async () => {
  const tab = tabHistory()
  const workbench = await opened(storage(), tab.pages, 1)
  const first = workbench.seen().activeRunId
  const second = await runAnother(workbench, 'Tom has a coin.')
  const third = await runAnother(workbench, 'Ana has a box.')
  tab.pages.go(-2)
  expect(workbench.seen().activeRunId).toBe(first)
  expect(canGoBack(workbench.store.getState())).toBe(false)
  workbench.actions.goForward()
  expect(workbench.seen().activeRunId).toBe(second)
  expect(tab.place()).toBe(1)
  const fourth = await runAnother(workbench, 'Odo has a cup.')
  expect(canGoForward(workbench.store.getState())).toBe(false)
  expect(tab.entries).toHaveLength(3)
  const places = workbench.store.getState().views.map(({panes}) => panes[0]!.runId)
  expect(places).toEqual([first, second, fourth])
  tab.pages.go(-1)
  expect(workbench.seen().activeRunId).toBe(second)
  tab.pages.go(1)
  expect(workbench.seen().activeRunId).toBe(fourth)
  expect(workbench.seen().runs.some(({id}) => id === third)).toBe(true)
})

test('after a reload in the middle, Back and Forward go on from there', async () => {
  const tab = tabHistory()
  const kept = storage()
  const before = await opened(kept, tab.pages, 1)
  const first = before.seen().activeRunId
  const second = await runAnother(before, 'Tom has a coin.')
  const third = await runAnother(before, 'Ana has a box.')
  before.actions.goBack()
  before.actions.keepDocument()

  const after = await opened(kept, tab.pages, 3)
  expect(after.seen().activeRunId).toBe(second)
  expect(tab.entries).toHaveLength(3)
  after.actions.goBack()
  expect(after.seen().activeRunId).toBe(first)
  expect(canGoBack(after.store.getState())).toBe(false)
  tab.pages.go(2)
  expect(after.seen().activeRunId).toBe(third)
  expect(canGoForward(after.store.getState())).toBe(false)
})

test('a tab that comes from elsewhere has no views of another', async () => {
  const kept = storage()
  const before = await opened(kept, tabHistory().pages, 1)
  await runAnother(before, 'Tom has a coin.')
  before.actions.keepDocument()
  // The session is copied when a tab is duplicated without its history.
  const after = await opened(kept, tabHistory().pages, 2)
  expect(after.store.getState().views).toHaveLength(1)
  after.actions.goBack()
  expect(after.store.getState().viewIndex).toBe(0)
})

test('going back to a run brings its prompt back; a place of the same run leaves what is typed', async () => {
  const workbench = await opened(storage(), tabHistory().pages, 1)
  const {actions, store} = workbench
  const first = store.getState().promptText
  await runAnother(workbench, 'Tom has a lamp.')
  actions.setPromptText('Tom has a lamp. A draft')
  actions.goBack()
  expect(store.getState().promptText).toBe(first)
  actions.goForward()
  expect(store.getState().promptText).toBe('Tom has a lamp.')
  actions.changePane({view: 'table'})
  actions.setPromptText('Another draft')
  actions.goBack()
  expect(store.getState().promptText).toBe('Another draft')
})
