import {useEffect, useMemo} from 'react'
import {rowsOfResult} from '../../../shared/figures/attribution/value-rows.ts'
import type {TokenNames} from '../../../shared/figures/attribution/words.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {
  AttributeResult,
  AttributionRow,
  AttributionTarget,
} from '../../../shared/lenses/attribute.ts'
import type {BesideMethod} from '../../../shared/lenses/attribution-picture.ts'
import {type ShownAttribution, selectShown} from '../../store/attribution.ts'
import {
  selectAttributionRun,
  selectAttributionWish,
  selectBesideWishes,
} from '../../store/attribution-requests.ts'
import {type Captures, vocabularyKey} from '../../store/captures.ts'
import {selectLock} from '../../store/selection.ts'
import type {PaneIndex, WorkbenchState} from '../../store/state.ts'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'

/** What a pane shows of an attribution. */
export interface PaneAttribution {
  readonly data: TokensRun
  readonly main: ShownAttribution | null
  readonly beside: readonly ShownAttribution[]
  readonly result: AttributeResult | null
  /** The target that is looked at: the one at the lock where there are several, else the first. */
  readonly rowIndex: number
  readonly row: AttributionRow | null
}

/** What a pane shows; null where its lens is another, or its run still runs. */
export function selectPaneAttribution(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): PaneAttribution | null {
  const shown = selectAttributionRun(state, captures, pane)
  if (!shown) return null
  const wish = selectAttributionWish(state, captures, pane)
  const main = wish && selectShown(state, captures, wish)
  const beside = selectBesideWishes(state, captures, pane).map((one) =>
    selectShown(state, captures, one)
  )
  const result = main?.result ?? null
  const rows = result ? rowsOfResult(result) : []
  const locked = selectLock(state, captures, shown.run.id)
  const at = rows.findIndex(({target}) => target.positions[0] === locked)
  const rowIndex = Math.max(0, at)
  return {data: shown.data, main, beside, result, rowIndex, row: rows[rowIndex] ?? null}
}

/** The attribution of this pane; the component renders again with every frame that brings something. */
export function useAttribution(): PaneAttribution | null {
  const {captures, store} = useWorkbench()
  const pane = usePaneIndex()
  useWorkbenchState((state) => ({
    jobs: state.attributionJobs,
    choice: state.attributionChoice,
    targets: state.attributionTargets,
    panes: state.panes,
    locks: state.locks,
    states: state.runStates,
  }))
  return selectPaneAttribution(store.getState(), captures, pane)
}

/** Methods beside the main one that have something to show. */
export function besideMethods(beside: readonly ShownAttribution[]): BesideMethod[] {
  return beside.flatMap(({wish, result}) => {
    const [row] = result ? rowsOfResult(result) : []
    return row && row.values.length > 0 ? {method: wish.request.method, row} : []
  })
}

const NONE: readonly number[] = []

/** Names of tokens that may stand nowhere in the text, by id. */
export function useTokenNames(model: string | undefined, ids: readonly number[]): TokenNames {
  const {captures, actions} = useWorkbench()
  const revision = useWorkbenchState((state) => state.vocabularyRevision)
  const key = ids.join(',')
  useEffect(() => {
    const wanted = key === '' ? NONE : key.split(',').map(Number)
    if (model !== undefined && wanted.length > 0) void actions.describeTokens(model, wanted)
  }, [model, key, actions])
  return useMemo(() => {
    void revision
    const names = new Map<number, string>()
    for (const id of key === '' ? NONE : key.split(',').map(Number)) {
      const entry = model === undefined ? null : captures.vocabulary.peek(vocabularyKey(model, id))
      if (entry) names.set(id, plainGlyphs({...entry, isSpecial: true}) || `#${id}`)
    }
    return names
  }, [captures, model, key, revision])
}

/** Ids whose names a target needs. */
export function idsOfTarget(target: AttributionTarget | null | undefined): number[] {
  if (!target) return []
  return [...target.tokenIds, ...(target.contrastId === null ? [] : [target.contrastId])]
}
