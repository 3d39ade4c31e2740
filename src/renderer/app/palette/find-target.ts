import {readTarget, type Target} from '../../lenses/target.ts'
import {selectPane} from '../../store/panes.ts'
import {selectInspected, selectLock} from '../../store/selection.ts'
import type {RunId} from '../../store/state.ts'
import type {Workbench} from '../../store/workbench.ts'

/** Where the browser's own menu has more to offer: spelling, paste. */
const TEXT = 'input, textarea, [contenteditable=""], [contenteditable="true"]'
/** What draws tokens as one thing; each token in it has its position. */
const TOKEN_PLACES =
  '[data-testid="strip"], [data-testid="token-text"], [data-target-place="tokens"]'

/** What an element is or stands in. */
export function targetAt(element: Element, workbench: Workbench): Target | null {
  if (element.closest(TEXT)) return null
  const marked = element.closest('[data-target]')
  if (marked) return readTarget(marked)
  const place = element.closest(TOKEN_PLACES)
  const position = element.closest('[data-position]')?.getAttribute('data-position')
  const runId = place && runOf(place, workbench)
  if (!place || runId === null || position === null || position === undefined) return null
  return {kind: 'token', runId, position: Number(position)}
}

/** The run that the half of the centre shows which an element stands in; outside of both the active one's. */
function runOf(element: Element, {store}: Workbench): RunId | null {
  const pane = element.closest('[data-pane]')?.getAttribute('data-pane')
  const isSecond = pane === '1' || element.closest('[data-testid="centre-2"]') !== null
  const isFirst = pane === '0' || element.closest('[data-testid="centre"]') !== null
  const state = store.getState()
  return selectPane(state, isSecond ? 1 : isFirst ? 0 : state.activePane).runId
}

/** What the focus is on; of a text or strip its locked token, and of the page the one that is inspected. */
export function targetOfFocus(focused: Element, workbench: Workbench): Target | null {
  if (focused.closest(`${TEXT}, [role=menu], [role=dialog]:not(.drawer)`)) {
    const marked = focused.closest('[data-target]')
    return marked ? readTarget(marked) : null
  }
  const marked = focused.closest('[data-target]')
  if (marked) return readTarget(marked)
  const {store, captures} = workbench
  const state = store.getState()
  const place = focused.closest(TOKEN_PLACES)
  if (place) {
    const runId = runOf(place, workbench)
    const position = selectLock(state, captures, runId)
    return runId === null || position === null ? null : {kind: 'token', runId, position}
  }
  if (state.dialog !== null) return null
  const inspected = selectInspected(state, captures)
  return inspected && {kind: 'token', ...inspected}
}

/** Where a menu by key opens: under what it is about. */
export function placeOfFocus(
  focused: Element,
  target: Target
): {readonly xPx: number; readonly yPx: number} {
  const within = focused === document.body ? document.querySelector(TOKEN_PLACES) : focused
  const token =
    target.kind === 'token'
      ? within?.closest(TOKEN_PLACES)?.querySelector(`[data-position="${target.position}"]`)
      : null
  const {left, bottom} = (token ?? focused).getBoundingClientRect()
  return {
    xPx: Math.max(8, Math.min(left, window.innerWidth - 8)),
    yPx: Math.max(8, Math.min(bottom, window.innerHeight - 8)),
  }
}
