import type {LinkData, LinkDataInput, LinkRun} from '../../shared/links/link-data.ts'
import {ATTENTION_LENS} from './attention-state.ts'
import {ATTRIBUTION_LENS} from './attribution-state.ts'
import {promptKeyOf} from './critical-requests.ts'
import {CRITICAL_LENS} from './critical-state.ts'
import {selectRun} from './run-records.ts'
import type {DocumentState, RunId, WorkbenchState} from './state.ts'

/** What lenses hold of a run, as a link restores it: the part of its matrix, the lit weight, what is explained. */
export function runLensesOf(state: WorkbenchState, runId: RunId): Partial<LinkRun> {
  const {attentionWindows, attentionCells, attributionTargets, attributionChanges} = state
  const [window, cell] = [attentionWindows[runId], attentionCells[runId]]
  const [target, changes] = [attributionTargets[runId], attributionChanges[runId]]
  const request = selectRun(state, runId)?.request
  const answer = request && state.criticalAnswers[promptKeyOf(request)]
  return {
    ...(window ? {matrixWindow: {...window}} : {}),
    ...(cell ? {litWeight: {...cell}} : {}),
    ...(target ? {explained: target} : {}),
    ...(changes && changes.length > 0 ? {replaced: changes} : {}),
    ...(answer === undefined ? {} : {answer}),
  }
}

/** What lenses go by whatever the run, where a pane shows them. */
export function lensesOf(
  state: WorkbenchState
): Pick<LinkDataInput, 'attention' | 'attribution' | 'critical'> {
  const has = (lens: string) => state.panes.some(({lensId}) => lensId === lens)
  return {
    ...(has(ATTENTION_LENS) ? {attention: attentionOf(state)} : {}),
    ...(has(ATTRIBUTION_LENS)
      ? {attribution: {choice: state.attributionChoice, looks: state.attributionLooks}}
      : {}),
    ...(has(CRITICAL_LENS) ? {critical: criticalOf(state)} : {}),
  }
}

/** How critical tokens are looked for; models that lie somewhere on this machine are left out. */
function criticalOf({criticalChoice}: WorkbenchState): NonNullable<LinkDataInput['critical']> {
  const nameOf = (model: string | null) => (model !== null && /[\\/]/u.test(model) ? null : model)
  const {positive, negative} = criticalChoice
  return {...criticalChoice, positive: nameOf(positive), negative: nameOf(negative)}
}

/** Heads, filters and colours of attention. */
function attentionOf(state: WorkbenchState): NonNullable<LinkDataInput['attention']> {
  const {attentionShown, attentionCompanions, attentionFilters, attentionRange, attentionSteps} =
    state
  return {
    shown: [{...attentionShown[0]}, {...attentionShown[1]}],
    companions: [[...attentionCompanions[0]], [...attentionCompanions[1]]],
    filters: {...attentionFilters},
    range: attentionRange,
    steps: attentionSteps,
  }
}

/** What a link makes of the lenses; `ids` are those that its runs have here. */
export function lensesPatch(
  state: WorkbenchState,
  {attention, attribution, critical, runs}: LinkData,
  ids: readonly RunId[]
): Partial<DocumentState> {
  const byId = <Value>(entryOf: (run: LinkRun) => Value | undefined) =>
    Object.fromEntries(
      runs.flatMap((run, i) => {
        const value = entryOf(run)
        return value === undefined ? [] : [[ids[i]!, value] as const]
      })
    )
  return {
    attentionWindows: {...state.attentionWindows, ...byId((run) => run.matrixWindow)},
    attentionCells: {...state.attentionCells, ...byId((run) => run.litWeight)},
    attributionTargets: {...state.attributionTargets, ...byId((run) => run.explained)},
    attributionChanges: {...state.attributionChanges, ...byId((run) => run.replaced)},
    criticalAnswers: {
      ...state.criticalAnswers,
      ...Object.fromEntries(
        runs.flatMap(({request, answer}) =>
          answer === undefined ? [] : [[promptKeyOf(request), answer] as const]
        )
      ),
    },
    ...(critical ? {criticalChoice: critical} : {}),
    ...(attention
      ? {
          attentionShown: attention.shown,
          attentionCompanions: attention.companions,
          attentionFilters: attention.filters,
          attentionRange: attention.range,
          attentionSteps: attention.steps,
        }
      : {}),
    ...(attribution
      ? {attributionChoice: attribution.choice, attributionLooks: attribution.looks}
      : {}),
  }
}
