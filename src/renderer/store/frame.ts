import type {KeyValueStorage, StoreContext} from './context.ts'
import {readFrame, writeFrame} from './persistence.ts'
import type {FrameSizes, FrameState, PanesState, Side, WorkbenchState} from './state.ts'

/** Narrower than this a lens is not made by what stands beside it. */
export const LEAST_LENS_PX = 480
/** Lower than this two lenses do not stand one above the other. */
const LEAST_STACKED_PX = 260
/** Below this width both side panes are rails. */
export const NARROW_PX = 1200
export const RAIL_PX = 40
/** A separator between two panes. */
const LINE_PX = 1
/** Top bar, strip, tabs and job line, about. */
const CHROME_PX = 200

export const SIDE_LIMITS: Readonly<Record<Side, {readonly least: number; readonly most: number}>> =
  {
    left: {least: 200, most: 480},
    right: {least: 240, most: 560},
  }

export const DEFAULT_FRAME: FrameSizes = {
  leftPx: 232,
  rightPx: 268,
  splitShare: 0.5,
  isLeftCollapsed: false,
  isRightCollapsed: false,
}
export const initialFrame: FrameState = {
  frame: DEFAULT_FRAME,
  viewport: {widthPx: 1440, heightPx: 900},
}

/** How the frame stands in the room that there is. */
export interface Arrangement {
  readonly left: 'open' | 'rail'
  readonly right: 'open' | 'rail'
  /** Whether there is room for the side pane to be open beside the lenses. */
  readonly hasLeftRoom: boolean
  readonly hasRightRoom: boolean
  /** How two lenses stand; `single`: the active one alone, for want of room. */
  readonly panes: 'beside' | 'stacked' | 'single'
}

type FrameParts = FrameState & Pick<PanesState, 'panes'>

/**
 * Panes collapse before they squeeze: where lenses would be narrower than {@link LEAST_LENS_PX}, first the
 * inspector becomes a rail, then the left pane, then the second lens stands under the first, and at last
 * the active one is alone.
 */
export function arrangeFrame({frame, viewport, panes}: FrameParts): Arrangement {
  const {widthPx, heightPx} = viewport
  const lensesPx = panes.length * LEAST_LENS_PX + (panes.length - 1) * LINE_PX
  const isNarrow = widthPx < NARROW_PX
  const leftPx = frame.isLeftCollapsed ? RAIL_PX : frame.leftPx + LINE_PX
  const hasRightRoom = !isNarrow && leftPx + lensesPx + LINE_PX + frame.rightPx <= widthPx
  const right = hasRightRoom && !frame.isRightCollapsed ? 'open' : 'rail'
  const rightPx = right === 'open' ? frame.rightPx + LINE_PX : RAIL_PX
  const hasLeftRoom = !isNarrow && frame.leftPx + LINE_PX + lensesPx + rightPx <= widthPx
  const left = hasLeftRoom && !frame.isLeftCollapsed ? 'open' : 'rail'
  const canStandBeside = lensesPx + 2 * RAIL_PX <= widthPx
  const canStack = heightPx - CHROME_PX >= 2 * LEAST_STACKED_PX
  return {
    left,
    right,
    hasLeftRoom,
    hasRightRoom,
    panes: canStandBeside ? 'beside' : canStack ? 'stacked' : 'single',
  }
}

/** The most that a side pane may be widened to without anything collapsing for it. */
export function mostSidePx(state: FrameParts, side: Side): number {
  const {frame, viewport, panes} = state
  const {left, right} = arrangeFrame(state)
  const otherPx =
    side === 'left'
      ? right === 'open'
        ? frame.rightPx + LINE_PX
        : RAIL_PX
      : left === 'open'
        ? frame.leftPx + LINE_PX
        : RAIL_PX
  const lensesPx = panes.length * LEAST_LENS_PX + (panes.length - 1) * LINE_PX
  const {least, most} = SIDE_LIMITS[side]
  return Math.max(least, Math.min(most, viewport.widthPx - otherPx - lensesPx - LINE_PX))
}

export interface FrameActions {
  /** The window's inner size in pixels of the interface, that is without the text's enlargement. */
  setViewport(widthPx: number, heightPx: number): void
  /** Sets the width of a side pane, within its limits. */
  resizeSide(side: Side, px: number): void
  /** Sets the first lens's share of the room that two have, within its limits. */
  resizeSplit(share: number): void
  /** Makes an open side pane a rail; opens it again, as a drawer where there is no room for more. */
  toggleSide(side: Side): void
  /** Puts a side pane there, as a drawer where there is no room for more. */
  showSide(side: Side): void
}

/** The frame that this window had, else the one that was last used in any; null in the very first. */
export function readStartFrame(
  session: KeyValueStorage,
  storage: KeyValueStorage
): FrameSizes | null {
  return readFrame(session) ?? readFrame(storage)
}

/** Side panes where nobody has set them yet: a wide window gives them a little of its width. */
export function defaultFrameOf(widthPx: number): FrameSizes {
  const share = (least: number, of: number, most: number) =>
    Math.round(Math.min(most, Math.max(least, of * widthPx)))
  return {
    ...DEFAULT_FRAME,
    leftPx: share(DEFAULT_FRAME.leftPx, 0.1, 340),
    rightPx: share(DEFAULT_FRAME.rightPx, 0.12, 400),
  }
}

/** Neither lens may get less than this of what two have. */
export const LEAST_SHARE = 0.2

export function createFrameActions({store, set, deps}: StoreContext): FrameActions {
  let isSet = readStartFrame(deps.session, deps.storage) !== null
  const changeFrame = (change: Partial<FrameSizes>) => {
    isSet = true
    set(({frame}) => ({frame: {...frame, ...change}}))
    const {frame} = store.getState()
    writeFrame(deps.session, frame)
    writeFrame(deps.storage, frame)
  }
  const arrangement = () => arrangeFrame(store.getState())
  const isCollapsed = (state: WorkbenchState, side: Side) =>
    side === 'left' ? state.frame.isLeftCollapsed : state.frame.isRightCollapsed
  const setCollapsed = (side: Side, is: boolean) =>
    changeFrame(side === 'left' ? {isLeftCollapsed: is} : {isRightCollapsed: is})

  const showSide = (side: Side) => {
    const {left, right, hasLeftRoom, hasRightRoom} = arrangement()
    if ((side === 'left' ? left : right) === 'open') return
    if (side === 'left' ? hasLeftRoom : hasRightRoom) setCollapsed(side, false)
    else set({drawer: side})
  }
  return {
    showSide,
    setViewport(widthPx, heightPx) {
      const {viewport} = store.getState()
      if (viewport.widthPx === widthPx && viewport.heightPx === heightPx) return
      set({viewport: {widthPx, heightPx}, ...(isSet ? {} : {frame: defaultFrameOf(widthPx)})})
      const {left, right} = arrangement()
      const {drawer} = store.getState()
      if (drawer !== null && (drawer === 'left' ? left : right) === 'open') set({drawer: null})
    },
    resizeSide(side, px) {
      const {least} = SIDE_LIMITS[side]
      const sizePx = Math.round(Math.max(least, Math.min(mostSidePx(store.getState(), side), px)))
      changeFrame(side === 'left' ? {leftPx: sizePx} : {rightPx: sizePx})
    },
    resizeSplit(share) {
      changeFrame({splitShare: Math.max(LEAST_SHARE, Math.min(1 - LEAST_SHARE, share))})
    },
    toggleSide(side) {
      const state = store.getState()
      const shown = arrangement()[side]
      if (shown === 'open') setCollapsed(side, true)
      else if (state.drawer === side) set({drawer: null})
      else {
        // Opened in a window without room, it is open where there is room too.
        if (isCollapsed(state, side)) setCollapsed(side, false)
        if (arrangement()[side] === 'rail') set({drawer: side})
      }
    },
  }
}
