import type {UnitKind} from '../../shared/units/unit-choice.ts'
import {UNIT_NAMES} from '../../shared/units/unit-words.ts'
import {choiceOfKind, UNIT_CHOICES} from '../lenses/unit-names.ts'
import {selectActiveRunId} from '../store/panes.ts'
import {selectRunData} from '../store/selectors.ts'
import type {WorkbenchState} from '../store/state.ts'
import {selectDrawnSpans} from '../store/unit.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Command} from './command.ts'

const hasTurns = (state: WorkbenchState, {captures}: Workbench) =>
  (selectRunData(state, captures)?.turns.length ?? 0) > 0

/** Shows by a unit; one that has to be told more about opens its editor. */
function showBy({store, actions}: Workbench, kind: UnitKind): void {
  const state = store.getState()
  if (state.unit.kind !== kind) actions.setUnit(choiceOfKind(kind))
  if (kind === 'regex' || kind === 'spans') actions.openUnitEditor()
}

/** Where the unit's short name alone would not say what it is. */
const FULL_NAMES: Partial<Record<UnitKind, string>> = {
  byte: 'byte piece',
  regex: 'match of an expression',
}

const showByKind = (kind: UnitKind): Command => ({
  id: `show-by-${kind}`,
  title: `Show by ${FULL_NAMES[kind] ?? UNIT_NAMES[kind].one}`,
  group: 'view',
  detail: 'text unit',
  keywords: 'unit aggregate sum',
  when: (state, workbench) => kind !== 'turn' || hasTurns(state, workbench),
  whyNot: () => 'the prompt is not a chat',
  run: (workbench) => showBy(workbench, kind),
})

/** Shows scores by each of the units. */
export const SHOW_BY: readonly Command[] = UNIT_CHOICES.map(({kind}) => showByKind(kind))

/** Units that can be shown without being told more. */
function readyKinds(state: WorkbenchState, workbench: Workbench): UnitKind[] {
  const hasSpans = selectDrawnSpans(state, selectActiveRunId(state)).length > 0
  return UNIT_CHOICES.map(({kind}) => kind).filter((kind) => {
    if (kind === 'turn') return hasTurns(state, workbench)
    if (kind === 'regex') return false
    return kind !== 'spans' || hasSpans
  })
}

export const nextUnit: Command = {
  id: 'next-text-unit',
  title: 'Show by the next text unit',
  group: 'view',
  detail: 'byte piece, token, word, …',
  shortcut: {key: 'u'},
  when: () => true,
  run: (workbench) => {
    const state = workbench.store.getState()
    const kinds = readyKinds(state, workbench)
    const kind = kinds[(kinds.indexOf(state.unit.kind) + 1) % kinds.length]!
    workbench.actions.setUnit(choiceOfKind(kind))
  },
}

export const chooseUnit: Command = {
  id: 'choose-text-unit',
  title: 'Choose the text unit',
  group: 'view',
  shortcut: {key: 'u', shift: true},
  when: (state, {captures}) => (selectRunData(state, captures)?.tokens.length ?? 0) > 0,
  whyNot: () => 'no tokens are shown',
  run: ({actions}) => actions.openUnitEditor(),
}
