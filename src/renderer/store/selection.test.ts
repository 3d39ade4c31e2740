import {expect, test} from 'vitest'
import {openedWorkbench} from './fake-workbench.ts'
import {selectInspected} from './selection.ts'

test('walking starts at what is inspected and stops at the ends', async () => {
  const {store, actions, captures} = await openedWorkbench()
  const count = captures.runs.peek(store.getState().activeRunId!)!.tokens.length
  actions.lock(3)
  actions.walk(1)
  expect(store.getState().locked).toBe(4)
  actions.hover(9)
  actions.walk(-1)
  expect(store.getState()).toMatchObject({locked: 8, hovered: null})
  actions.walkTo('first')
  actions.walk(-1)
  expect(store.getState().locked).toBe(0)
  actions.walkTo('last')
  actions.walk(1)
  expect(store.getState().locked).toBe(count - 1)
})

test('a click locks, a second one releases, and Escape releases all', async () => {
  const {store, actions} = await openedWorkbench()
  actions.toggleLock(2)
  expect(store.getState().locked).toBe(2)
  actions.toggleLock(2)
  expect(store.getState().locked).toBeNull()
  actions.toggleLock(5)
  actions.hover(7)
  expect(selectInspected(store.getState())).toBe(7)
  actions.release()
  expect(selectInspected(store.getState())).toBeNull()
})
