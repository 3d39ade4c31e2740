import {tokenByLines} from '../lenses/walk.ts'
import {selectActiveRunId} from '../store/panes.ts'
import {selectHovered, selectInspected, selectLock} from '../store/selection.ts'
import {selectRunData} from '../store/selectors.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Shortcut} from '../ui/shortcut.ts'
import type {Command} from './command.ts'

const hasTokens: Command['when'] = (state, {captures}) =>
  (selectRunData(state, captures)?.tokens.length ?? 0) > 0
const whyNot = () => 'no tokens are shown'

interface Walk {
  readonly id: string
  readonly title: string
  readonly key: string
  run(workbench: Workbench): void
}

const walk = ({id, title, key, run}: Walk): Command => {
  const shortcut: Shortcut = {key}
  return {id, title, group: 'go', detail: 'tokens', shortcut, when: hasTokens, whyNot, run}
}

export const nextToken = walk({
  id: 'next-token',
  title: 'Next token',
  key: 'ArrowRight',
  run: ({actions}) => actions.walk(1),
})

export const previousToken = walk({
  id: 'previous-token',
  title: 'Previous token',
  key: 'ArrowLeft',
  run: ({actions}) => actions.walk(-1),
})

export const firstToken = walk({
  id: 'first-token',
  title: 'First token',
  key: 'Home',
  run: ({actions}) => actions.walkTo('first'),
})

export const lastToken = walk({
  id: 'last-token',
  title: 'Last token',
  key: 'End',
  run: ({actions}) => actions.walkTo('last'),
})

/** Locks the token so many lines of the figure away; at the first or last line, the nearest end. */
function walkLines(workbench: Workbench, lineCount: number): void {
  const {store, captures, actions} = workbench
  const state = store.getState()
  const runId = selectActiveRunId(state)
  const from = selectHovered(state, runId) ?? selectLock(state, captures, runId)
  if (from === null) {
    actions.walkTo(lineCount > 0 ? 'first' : 'last')
    return
  }
  const position = tokenByLines(workbench, state.activePane, from, lineCount)
  if (position !== null) actions.lock(position)
}

const PAGE_LINES = 10

export const tokenBelow = walk({
  id: 'token-below',
  title: 'Token below',
  key: 'ArrowDown',
  run: (workbench) => walkLines(workbench, 1),
})

export const tokenAbove = walk({
  id: 'token-above',
  title: 'Token above',
  key: 'ArrowUp',
  run: (workbench) => walkLines(workbench, -1),
})

export const pageDown = walk({
  id: 'lines-down',
  title: `${PAGE_LINES} lines down`,
  key: 'PageDown',
  run: (workbench) => walkLines(workbench, PAGE_LINES),
})

export const pageUp = walk({
  id: 'lines-up',
  title: `${PAGE_LINES} lines up`,
  key: 'PageUp',
  run: (workbench) => walkLines(workbench, -PAGE_LINES),
})

export const releaseToken: Command = {
  id: 'release-token',
  title: 'Let the token go',
  group: 'go',
  detail: 'tokens',
  shortcut: {key: 'Escape'},
  when: (state, {captures}) => state.drawing !== null || selectInspected(state, captures) !== null,
  whyNot: () => 'no token is held',
  run: ({actions}) => actions.release(),
}
