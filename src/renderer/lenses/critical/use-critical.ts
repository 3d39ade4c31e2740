import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {CriticalResult} from '../../../shared/lenses/critical.ts'
import {isAnswered} from '../../../shared/lenses/critical-checker.ts'
import type {Captures} from '../../store/captures.ts'
import {mergedResult, type ShownCritical, selectShownCritical} from '../../store/critical.ts'
import {
  selectAnswer,
  selectCriticalRun,
  selectCriticalWishes,
} from '../../store/critical-requests.ts'
import type {PaneIndex, RunId, WorkbenchState} from '../../store/state.ts'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'

/** What a pane shows of critical tokens. */
export interface PaneCritical {
  readonly runId: RunId
  readonly data: TokensRun
  readonly answer: string
  readonly isAnswered: boolean
  readonly hasResponse: boolean
  readonly rollout: ShownCritical | null
  readonly contrast: ShownCritical | null
  /** Both as one; null before either has come. */
  readonly result: CriticalResult | null
}

/** What a pane shows; null where its lens is another, or its run still runs. */
export function selectPaneCritical(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): PaneCritical | null {
  const shown = selectCriticalRun(state, captures, pane)
  if (!shown) return null
  const {run, data} = shown
  const wishes = selectCriticalWishes(state, captures, pane).map((wish) =>
    selectShownCritical(state, captures, wish)
  )
  const rollout = wishes.find(({wish}) => wish.kind === 'rollout') ?? null
  const contrast = wishes.find(({wish}) => wish.kind === 'contrast') ?? null
  const answer = selectAnswer(state, data.request)
  return {
    ...{runId: run.id, data, answer, rollout, contrast},
    isAnswered: isAnswered(state.criticalChoice.checker, answer),
    hasResponse: data.tokens.length > data.promptTokenCount,
    result: mergedResult(rollout?.result ?? null, contrast?.result ?? null),
  }
}

/** The critical tokens of this pane; the component renders again with every frame that brings something. */
export function useCritical(): PaneCritical | null {
  const {captures, store} = useWorkbench()
  const pane = usePaneIndex()
  useWorkbenchState((state) => ({
    jobs: state.criticalJobs,
    choice: state.criticalChoice,
    answers: state.criticalAnswers,
    rows: state.listRows,
    panes: state.panes,
    states: state.runStates,
  }))
  return selectPaneCritical(store.getState(), captures, pane)
}
