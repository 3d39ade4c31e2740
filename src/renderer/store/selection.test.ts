import {expect, test} from 'vitest'
import {openedWorkbench} from './fake-workbench.ts'
import {MOST_PINS, pinnedPairs, pinnedPositions, selectInspected, selectPins} from './selection.ts'

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

test('a pair joins the last pin and another token, which is pinned too; once more parts them', async () => {
  const {store, seen, actions} = await openedWorkbench()
  const runId = seen().activeRunId!
  const pins = () => selectPins(store.getState(), runId)
  actions.togglePair(4)
  expect(pins()).toEqual([])
  actions.togglePin({kind: 'token', position: 2})
  actions.togglePair(5)
  expect(pinnedPositions(pins())).toEqual([2, 5])
  expect(pinnedPairs(pins())).toEqual([{kind: 'pair', from: 2, to: 5}])
  actions.togglePin({kind: 'token', position: 7})
  actions.togglePair(2)
  expect(pinnedPairs(pins())).toContainEqual({kind: 'pair', from: 7, to: 2})
  actions.togglePair(2)
  expect(pinnedPairs(pins())).toEqual([{kind: 'pair', from: 2, to: 5}])
  for (let position = 0; position < 200; position++)
    actions.togglePin({kind: 'pair', from: 0, to: position})
  expect(pins().length).toBe(MOST_PINS)
})

test('the card of a token locks it, that of an entry leaves the lock', async () => {
  const {seen, actions} = await openedWorkbench()
  const runId = seen().activeRunId!
  actions.lock(3)
  actions.openCard({kind: 'entry', runId, tokenId: 7})
  expect(seen()).toMatchObject({locked: 3, card: {kind: 'entry', tokenId: 7}})
  actions.openCard({kind: 'place', runId, position: 5})
  expect(seen()).toMatchObject({locked: 5, card: {position: 5}})
  actions.closeCard()
  expect(seen()).toMatchObject({locked: 5, card: null})
})
