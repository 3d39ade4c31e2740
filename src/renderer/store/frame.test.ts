import fc from 'fast-check'
import {expect, test} from 'vitest'
import {fakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {arrangeFrame, DEFAULT_FRAME, LEAST_LENS_PX, mostSidePx, SIDE_LIMITS} from './frame.ts'
import type {FrameSizes, Pane} from './state.ts'

const pane: Pane = {lensId: 'tokens', runId: null, view: null}
const stateOf = (
  widthPx: number,
  heightPx: number,
  lensCount: 1 | 2,
  frame: Partial<FrameSizes> = {}
) => ({
  frame: {...DEFAULT_FRAME, ...frame},
  viewport: {widthPx, heightPx},
  panes: lensCount === 1 ? [pane] : [pane, pane],
})
const standing = (...args: Parameters<typeof stateOf>) => {
  const {left, right, panes} = arrangeFrame(stateOf(...args))
  return `${left} ${panes} ${right}`
}

test('the inspector collapses first, then the left pane, then lenses stack, then one is alone', () => {
  expect(standing(1440, 900, 1)).toBe('open beside open')
  expect(standing(1200, 900, 1)).toBe('open beside open')
  expect(standing(1199, 900, 1)).toBe('rail beside rail')
  expect(standing(1600, 900, 2)).toBe('open beside open')
  expect(standing(1440, 900, 2)).toBe('open beside rail')
  expect(standing(1200, 900, 2)).toBe('rail beside rail')
  expect(standing(1100, 700, 2)).toBe('rail beside rail')
  expect(standing(900, 800, 2)).toBe('rail stacked rail')
  expect(standing(720, 450, 2)).toBe('rail single rail')
})

test('what a person collapsed gives its room to the other side', () => {
  expect(standing(1440, 900, 2, {isLeftCollapsed: true})).toBe('rail beside open')
  expect(standing(1600, 900, 2, {isRightCollapsed: true})).toBe('open beside rail')
})

const frames = fc.record({
  leftPx: fc.integer({min: SIDE_LIMITS.left.least, max: SIDE_LIMITS.left.most}),
  rightPx: fc.integer({min: SIDE_LIMITS.right.least, max: SIDE_LIMITS.right.most}),
  isLeftCollapsed: fc.boolean(),
  isRightCollapsed: fc.boolean(),
})

test('no lens is ever narrower than the least beside an open side pane', () => {
  fc.assert(
    fc.property(
      fc.integer({min: 320, max: 4000}),
      fc.constantFrom<1 | 2>(1, 2),
      frames,
      (widthPx, lensCount, frame) => {
        const state = stateOf(widthPx, 900, lensCount, frame)
        const {left, right, panes} = arrangeFrame(state)
        if (left === 'rail' && right === 'rail') return
        const leftPx = left === 'open' ? state.frame.leftPx + 1 : 40
        const rightPx = right === 'open' ? state.frame.rightPx + 1 : 40
        expect(panes).toBe('beside')
        expect((widthPx - leftPx - rightPx - (lensCount - 1)) / lensCount).toBeGreaterThanOrEqual(
          LEAST_LENS_PX
        )
      }
    )
  )
})

test('an open side pane can be widened to the most that it is told without anything collapsing', () => {
  fc.assert(
    fc.property(
      fc.integer({min: 1200, max: 4000}),
      fc.constantFrom<1 | 2>(1, 2),
      frames,
      fc.constantFrom<'left' | 'right'>('left', 'right'),
      (widthPx, lensCount, frame, side) => {
        const state = stateOf(widthPx, 900, lensCount, frame)
        const before = arrangeFrame(state)
        if (before[side] !== 'open') return
        const mostPx = mostSidePx(state, side)
        const key = side === 'left' ? 'leftPx' : 'rightPx'
        const after = arrangeFrame({...state, frame: {...state.frame, [key]: mostPx}})
        expect([after.left, after.right]).toEqual([before.left, before.right])
      }
    )
  )
})

test('a side pane is a rail or open where there is room, a drawer where there is none', async () => {
  const {store, actions} = await openedWorkbench()
  actions.setViewport(1440, 900)
  actions.toggleSide('left')
  expect(store.getState().frame.isLeftCollapsed).toBe(true)
  actions.toggleSide('left')
  expect(store.getState()).toMatchObject({frame: {isLeftCollapsed: false}, drawer: null})
  actions.setViewport(1100, 700)
  actions.toggleSide('right')
  expect(store.getState()).toMatchObject({frame: {isRightCollapsed: false}, drawer: 'right'})
  actions.setViewport(1440, 900)
  expect(store.getState().drawer).toBeNull()
})

test('sizes keep to their limits and are not undone', async () => {
  const {store, actions} = await openedWorkbench()
  actions.setViewport(1440, 900)
  actions.resizeSide('left', 10_000)
  expect(store.getState().frame.leftPx).toBe(480)
  actions.resizeSide('left', 10)
  actions.resizeSplit(0.01)
  expect(store.getState().frame).toMatchObject({leftPx: 200, splitShare: 0.2})
  expect(store.getState().past).toEqual([])
})

test('a window keeps its own sizes over a reload; a new one begins with the last used', () => {
  const storage = memoryStorage()
  const open = (session = memoryStorage()) => fakeWorkbench({}, storage, undefined, session)
  const first = open()
  first.actions.setViewport(1440, 900)
  first.actions.resizeSide('left', 300)
  const second = open()
  expect(second.store.getState().frame.leftPx).toBe(300)
  second.actions.setViewport(1440, 900)
  second.actions.resizeSide('left', 260)
  expect(open(first.session).store.getState().frame.leftPx).toBe(300)
  expect(open().store.getState().frame.leftPx).toBe(260)
  storage.setItem('tokenscope.frame', '{"leftPx": "wide"}')
  expect(open().store.getState().frame).toEqual(DEFAULT_FRAME)
})

test('until somebody sets them, side panes take a part of a wide window', () => {
  const {store, actions} = fakeWorkbench()
  actions.setViewport(3440, 1440)
  const {leftPx, rightPx} = store.getState().frame
  expect([leftPx, rightPx]).toEqual([340, 400])
  actions.setViewport(1440, 900)
  expect(store.getState().frame).toEqual(DEFAULT_FRAME)
  actions.resizeSide('right', 300)
  actions.setViewport(3440, 1440)
  expect(store.getState().frame.rightPx).toBe(300)
})
