import {useMemo} from 'react'
import type {TokenWindow} from '../../../shared/figures/attention/graph-columns-layout.ts'
import type {GraphTrack} from '../../../shared/figures/attention/graph-tracks.ts'
import {FORM_WORDS} from '../../../shared/figures/attention/graph-words.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {AttentionGraph} from '../../../shared/lenses/attention-graph.ts'
import type {Importance} from '../../../shared/lenses/attention-maps.ts'
import {flowSeconds, flowWork} from '../../../shared/math/attention/attention-flow.ts'
import {selectAttentionRun} from '../../store/attention.ts'
import {selectGraphWindow, selectShownGraph} from '../../store/attention-graph.ts'
import type {GraphSlot} from '../../store/attention-graph-state.ts'
import {
  type ImportanceSpec,
  importanceKey,
  isOnDemand,
  selectImportances,
} from '../../store/attention-importance.ts'
import {selectLock} from '../../store/selection.ts'
import type {RunId, WorkbenchState} from '../../store/state.ts'
import type {Workbench} from '../../store/workbench.ts'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'

/** What a pane draws of the attention graph. */
export interface ShownGraph {
  readonly runId: RunId
  readonly data: TokensRun
  readonly layers: readonly number[]
  readonly window: TokenWindow
  /** Null before the first. */
  readonly graph: AttentionGraph | null
  /** Whose reading the drawn graph follows. */
  readonly into: number | null
  /** It is of what is wanted, not of what was shown before. */
  readonly isCurrent: boolean
  readonly slot: GraphSlot
  /** The selected token, and after how many layers it is looked at. */
  readonly locked: number | null
  readonly level: number
  readonly tracks: readonly GraphTrack[]
  readonly specs: readonly ImportanceSpec[]
  readonly importance: Importance | null
}

/** The attention graph that this pane shows; null until the text is captured. */
export function useShownGraph(): ShownGraph | null {
  const pane = usePaneIndex()
  const workbench = useWorkbench()
  const {store, captures} = workbench
  const found = useWorkbenchState((state) => {
    const shown = selectAttentionRun(state, captures, pane)
    const runId = shown?.run.id ?? null
    const drawn = selectShownGraph(state, captures, pane)
    return {
      runId,
      data: shown?.data ?? null,
      facts: runId === null ? null : (captures.attentionFacts.peek(runId) ?? null),
      window: runId === null ? undefined : state.graphWindows[runId],
      level: runId === null ? undefined : state.graphLevels[runId],
      locked: selectLock(state, captures, runId),
      graph: drawn?.graph ?? null,
      into: drawn?.into ?? null,
      isCurrent: drawn?.isCurrent ?? false,
      slot: state.graphSlots[pane],
      form: state.graphImportance,
      phases: state.importancePhases,
      revision: state.importanceRevision,
    }
  })
  const {runId, data, facts, locked, phases, revision, form} = found
  // biome-ignore lint/correctness/useExhaustiveDependencies: these say that what is read has changed.
  const own = useMemo(
    () => tracksOf(store.getState(), workbench, pane),
    [store, workbench, pane, runId, data, facts, locked, phases, revision, form]
  )
  const layers = useMemo(() => (facts ?? []).map(({layer}) => layer), [facts])
  const tokenCount = data?.tokens.length ?? 0
  const window = useMemo(
    () =>
      selectGraphWindow(
        {graphWindows: runId && found.window ? {[runId]: found.window} : {}},
        runId ?? '',
        tokenCount
      ),
    [runId, found.window, tokenCount]
  )
  if (runId === null || !data || !facts || facts.length === 0) return null
  return {
    ...{runId, data, layers, window, locked},
    level: Math.max(1, Math.min(layers.length, found.level ?? layers.length)),
    graph: found.graph,
    into: found.into,
    isCurrent: found.isCurrent,
    slot: found.slot,
    ...own,
  }
}

/** The rows under the columns: the chosen form, then rollout and flow of the selected token. */
function tracksOf(
  state: WorkbenchState,
  {captures}: Workbench,
  pane: 0 | 1
): Pick<ShownGraph, 'tracks' | 'specs' | 'importance'> {
  const specs = selectImportances(state, captures, pane)
  const tokens = captures.runs.peek(specs[0]?.runId ?? '')?.tokens ?? []
  const layerCount = captures.attentionFacts.peek(specs[0]?.runId ?? '')?.length ?? 1
  const nameOf = (at: number) => {
    const token = tokens[at]
    return `of ${token ? plainGlyphs(token) || '∅' : ''} at ${formatCount(at)}`
  }
  const tracks = specs.map((spec, i): GraphTrack => {
    const key = importanceKey(spec)
    const importance = captures.attentionImportances.peek(key) ?? null
    const phase = state.importancePhases[key]
    const {title, note} = FORM_WORDS[spec.form]
    const seconds = flowSeconds(flowWork(layerCount, spec.query ?? 0))
    const words = importance
      ? null
      : phase?.kind === 'failed'
        ? `${phase.problem.message} ${phase.problem.found ?? ''}. ${phase.problem.advice}`
        : phase?.kind === 'running'
          ? `computing, ${formatCount(phase.done)} of ${formatCount(phase.total)}`
          : phase?.kind === 'cancelled'
            ? 'cancelled'
            : isOnDemand(spec, layerCount)
              ? `takes about ${formatCount(Math.max(1, Math.ceil(seconds)))} s`
              : 'waits for the graph'
    return {
      id: spec.form,
      title,
      note: spec.query === null ? note : nameOf(spec.query),
      isMain: i === 0,
      importance,
      words,
    }
  })
  return {tracks, specs, importance: tracks[0]?.importance ?? null}
}
