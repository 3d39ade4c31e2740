import {expect, test} from 'vitest'
import {openedWorkbench} from './fake-workbench.ts'
import {selectInspected} from './selection.ts'

test('walking starts at what is inspected and stops at the ends', async () => {
  const {seen, actions, captures} = await openedWorkbench()
  const count = captures.runs.peek(seen().activeRunId!)!.tokens.length
  actions.lock(3)
  actions.walk(1)
  expect(seen().locked).toBe(4)
  actions.hover(9)
  actions.walk(-1)
  expect(seen()).toMatchObject({locked: 8, hovered: null})
  actions.walkTo('first')
  actions.walk(-1)
  expect(seen().locked).toBe(0)
  actions.walkTo('last')
  actions.walk(1)
  expect(seen().locked).toBe(count - 1)
})

test('a click locks, a second one releases, and Escape releases all', async () => {
  const {seen, actions, captures} = await openedWorkbench()
  actions.toggleLock(2)
  expect(seen().locked).toBe(2)
  actions.toggleLock(2)
  expect(seen().locked).toBeNull()
  actions.toggleLock(5)
  actions.hover(7)
  expect(selectInspected(seen(), captures)).toMatchObject({position: 7})
  actions.release()
  expect(selectInspected(seen(), captures)).toBeNull()
})
