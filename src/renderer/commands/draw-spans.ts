import {tokenByLines} from '../lenses/walk.ts'
import {selectActiveRunId} from '../store/panes.ts'
import {selectLock} from '../store/selection.ts'
import {selectRunData} from '../store/selectors.ts'
import {selectDrawnSpans} from '../store/unit.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Command} from './command.ts'

const hasTokens: Command['when'] = (state, {captures}) =>
  (selectRunData(state, captures)?.tokens.length ?? 0) > 0
const whyNot = () => 'no tokens are shown'

const extend = (
  id: string,
  title: string,
  key: string,
  run: (workbench: Workbench) => void
): Command => ({
  id,
  title,
  group: 'edit',
  detail: 'drawn spans',
  shortcut: {key, shift: true},
  when: hasTokens,
  whyNot,
  run,
})

/** Stretches the span to the token so many lines away. */
function extendLines(workbench: Workbench, lineCount: number): void {
  const {store, captures, actions} = workbench
  const state = store.getState()
  const runId = selectActiveRunId(state)
  const begun = state.drawing?.runId === runId ? state.drawing?.to : undefined
  const from = begun ?? selectLock(state, captures, runId) ?? 0
  const to = tokenByLines(workbench, state.activePane, from, lineCount)
  if (to !== null) actions.drawFromLock(to)
}

export const extendRight = extend(
  'extend-span-right',
  'Stretch a span one token on',
  'ArrowRight',
  ({actions}) => actions.extendDrawing(1)
)
export const extendLeft = extend(
  'extend-span-left',
  'Stretch a span one token back',
  'ArrowLeft',
  ({actions}) => actions.extendDrawing(-1)
)
export const extendDown = extend(
  'extend-span-down',
  'Stretch a span one line down',
  'ArrowDown',
  (workbench) => extendLines(workbench, 1)
)
export const extendUp = extend(
  'extend-span-up',
  'Stretch a span one line up',
  'ArrowUp',
  (workbench) => extendLines(workbench, -1)
)

export const keepSpan: Command = {
  id: 'keep-span',
  title: 'Keep the span that is being drawn',
  group: 'edit',
  detail: 'drawn spans',
  shortcut: {key: 'Enter'},
  when: (state) => state.drawing !== null,
  whyNot: () => 'no span is being drawn',
  run: ({actions}) => actions.keepDrawing(),
}

export const clearSpans: Command = {
  id: 'clear-spans',
  title: 'Clear the drawn spans',
  group: 'edit',
  detail: 'drawn spans',
  when: (state) => selectDrawnSpans(state, selectActiveRunId(state)).length > 0,
  whyNot: () => 'no span is drawn',
  run: ({actions}) => actions.clearDrawnSpans(),
}
