import {readTarget, type Target, type TargetOf} from '../lenses/target.ts'
import {selectInspected} from '../store/selection.ts'
import type {CardTarget} from '../store/state.ts'
import type {Command, TargetCommand} from './command.ts'

/** What the pointer or the focus is on, where it is a token of a list. */
function pointedTarget(): Target | null {
  if (typeof document === 'undefined') return null
  const pointed = [...document.querySelectorAll(':hover')].at(-1)
  for (const element of [pointed, document.activeElement]) {
    const own = element?.closest('[data-target]')
    const target = own ? readTarget(own) : null
    if (target?.kind === 'candidate') return target
  }
  return null
}

/** The card of a target: of a candidate its vocabulary entry, of a token its place. */
export function cardOf(target: TargetOf<'token'> | TargetOf<'candidate'>): CardTarget {
  const {runId} = target
  return target.kind === 'candidate'
    ? {kind: 'entry', runId, tokenId: target.tokenId}
    : {kind: 'place', runId, position: target.position}
}

export const openCard: Command = {
  id: 'token-card',
  title: 'Open the card of the token',
  group: 'view',
  detail: 'id, bytes, how it was made, where it occurs',
  shortcut: {key: 'i'},
  when: (state, {captures}) =>
    pointedTarget() !== null || selectInspected(state, captures) !== null,
  whyNot: () => 'no token is selected',
  run: ({store, captures, actions}) => {
    const target = pointedTarget()
    const place = selectInspected(store.getState(), captures)
    if (target?.kind === 'candidate') actions.openCard(cardOf(target))
    else if (place) actions.openCard({kind: 'place', ...place})
  },
}

const openTokenCard: TargetCommand<'token'> = {
  id: 'token-open-card',
  targets: 'token',
  section: 'do',
  like: 'token-card',
  titleOf: () => 'Open its card',
  run: ({actions}, target) => actions.openCard(cardOf(target)),
}

const openCandidateCard: TargetCommand<'candidate'> = {
  id: 'candidate-open-card',
  targets: 'candidate',
  section: 'do',
  like: 'token-card',
  titleOf: () => 'Open its card',
  run: ({actions}, target) => actions.openCard(cardOf(target)),
}

export const CARD_TARGETS: readonly TargetCommand[] = [
  openTokenCard,
  openCandidateCard,
] as unknown as readonly TargetCommand[]
