import {LENSES} from '../lenses/registry.ts'
import {arrangeFrame, DEFAULT_FRAME} from '../store/frame.ts'
import {LIST_VIEW, selectPane} from '../store/panes.ts'
import type {PaneIndex, Side, WorkbenchState} from '../store/state.ts'
import {focusLandmark, focusNextLandmark} from '../ui/landmarks.ts'
import type {Command} from './command.ts'

const areTwo = ({panes}: WorkbenchState) => panes.length === 2
const onlyOne = () => 'one lens is shown'

/** What stands beside the first: the lens beside the prompt list, else what the first does not show. */
function secondView(state: WorkbenchState): string | null {
  const {lensId, view} = selectPane(state)
  if (view === LIST_VIEW) return null
  const views = LENSES.find((lens) => lens.id === lensId)?.views ?? []
  const shown = Math.max(
    0,
    views.findIndex(({id}) => id === view)
  )
  const other = (shown + 1) % Math.max(1, views.length)
  return other === 0 ? null : views[other]!.id
}

export const toggleSplit: Command = {
  id: 'split',
  title: (state) => (areTwo(state) ? 'Close the other lens' : 'Two lenses side by side'),
  plainTitle: 'Two lenses side by side, or one',
  group: 'view',
  keywords: 'split pane compare beside',
  shortcut: {key: '\\', mod: true},
  worksInText: true,
  when: () => true,
  run: ({store, actions}) => actions.toggleSplit(secondView(store.getState())),
}

export const swapPanes: Command = {
  id: 'swap-panes',
  title: 'Swap the two lenses',
  group: 'view',
  keywords: 'pane exchange sides',
  when: areTwo,
  whyNot: onlyOne,
  run: ({actions}) => actions.swapPanes(),
}

export const equalPanes: Command = {
  id: 'equal-panes',
  title: 'Make the two lenses equally large',
  group: 'view',
  keywords: 'pane halves separator',
  when: (state) => areTwo(state) && state.frame.splitShare !== DEFAULT_FRAME.splitShare,
  whyNot: (state) => (areTwo(state) ? 'they are' : 'one lens is shown'),
  run: ({actions}) => actions.resizeSplit(DEFAULT_FRAME.splitShare),
}

const goToPane = (index: PaneIndex, title: string): Command => ({
  id: `go-to-pane-${index + 1}`,
  title,
  group: 'go',
  keywords: 'pane lens focus',
  shortcut: {key: String(index + 1)},
  when: areTwo,
  whyNot: onlyOne,
  run: ({actions}) => {
    actions.activatePane(index)
    // The other may not be drawn before it is the active one.
    requestAnimationFrame(() => focusLandmark(`pane-${index + 1}`))
  },
})

export const goToFirstPane = goToPane(0, 'Go to the first lens')
export const goToSecondPane = goToPane(1, 'Go to the second lens')

const stepLens = (id: string, title: string, by: 1 | -1, key: string, macKey: string): Command => ({
  id,
  title,
  group: 'go',
  keywords: 'tab lens',
  shortcut: {key, mod: true, on: 'others'},
  otherShortcuts: [{key: macKey, mod: true, alt: true, on: 'mac'}],
  when: () => LENSES.length > 1,
  whyNot: () => 'there is one lens',
  run: ({store, actions}) => {
    const {lensId} = selectPane(store.getState())
    const index = LENSES.findIndex((lens) => lens.id === lensId)
    const next = LENSES[(index + by + LENSES.length) % LENSES.length]
    if (next) actions.changePane({lensId: next.id})
  },
})

export const nextLens = stepLens('next-lens', 'Next lens', 1, ']', 'ArrowRight')
export const previousLens = stepLens('previous-lens', 'Previous lens', -1, '[', 'ArrowLeft')

const toggleSide = (side: Side, name: string, alt: boolean): Command => ({
  id: `toggle-${side}-pane`,
  title: (state) =>
    arrangeFrame(state)[side] === 'open' || state.drawer === side ? `Hide ${name}` : `Show ${name}`,
  plainTitle: `Show or hide ${name}`,
  group: 'view',
  keywords: 'side pane bar collapse expand rail drawer',
  shortcut: {key: 'b', mod: true, alt},
  worksInText: true,
  when: () => true,
  run: ({actions}) => actions.toggleSide(side),
})

export const toggleLeftPane = toggleSide('left', 'models, prompt and history', false)
export const toggleInspector = toggleSide('right', 'the inspector', true)

const stepLandmark = (id: string, title: string, by: 1 | -1): Command => ({
  id,
  title,
  group: 'go',
  keywords: 'focus landmark region',
  shortcut: {key: 'F6', shift: by === -1},
  worksInText: true,
  when: () => true,
  run: ({actions}) => {
    actions.setDrawer(null)
    focusNextLandmark(by)
  },
})

export const nextPart = stepLandmark('next-part', 'Next part of the window', 1)
export const previousPart = stepLandmark('previous-part', 'Previous part of the window', -1)
