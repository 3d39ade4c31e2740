import type {ColorSteps} from '../../shared/lenses/attention-picture.ts'
import {selectShown} from './attention.ts'
import {clampHead, clampWindow, isWhole} from './attention-pictures.ts'
import type {
  AttentionChoice,
  AttentionFilterChoice,
  AttentionShown,
  MatrixPlace,
  MatrixWindow,
} from './attention-state.ts'
import type {Captures} from './captures.ts'
import type {StoreContext} from './context.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'

export interface AttentionChoiceActions {
  /** Changes what a pane shows; layer and head go to the nearest that exist. */
  changeAttention(change: Partial<AttentionShown>, pane: PaneIndex): void
  changeAttentionFilters(change: Partial<AttentionFilterChoice>): void
  /** Locks the end of the range of colours for all heads, runs and panels; null lets each have its own. */
  lockAttentionRange(maximum: number | null): void
  /** Cuts the range into colours another way. */
  cutAttentionRange(steps: ColorSteps): void
  /** Shows a part of a run's matrix; all of it where it is null or as large. */
  showMatrixWindow(runId: RunId, window: MatrixWindow | null): void
  /** Lights a weight, and with it its query as the selection of all lenses; null lets it go. */
  lightCell(runId: RunId, place: MatrixPlace | null): void
  hoverCell(place: (MatrixPlace & {readonly runId: RunId}) | null): void
}

const NAMES: Readonly<Record<keyof AttentionShown, string>> = {
  layer: 'choose a layer',
  head: 'choose a head',
  aggregate: 'choose what the heads become',
  scope: 'choose which heads',
  other: 'choose the other head',
}
const FILTER_NAMES: Readonly<Record<keyof AttentionFilterChoice, string>> = {
  mass: 'change the share of mass',
  threshold: 'change the threshold',
  topK: 'change the keys a row',
  isSinkDropped: 'take the sink out',
  areSpecialsHidden: 'hide special tokens',
  isWithinSentences: 'stay within sentences',
}

/** What a pane was told to show once something of it is changed: layer and head are the nearest that exist. */
export function choiceAfter(
  state: WorkbenchState,
  captures: Captures,
  change: Partial<AttentionShown>,
  pane: PaneIndex
): AttentionChoice {
  const runId = state.panes[pane]?.runId
  const facts = runId ? captures.attentionFacts.peek(runId) : undefined
  const wanted = {...selectShown(state, captures, pane), ...change}
  const shown =
    facts && facts.length > 0
      ? {...wanted, ...clampHead(facts, wanted), other: clampHead(facts, wanted.other)}
      : wanted
  // Who changes something else has not chosen the head that happens to be shown.
  const isHeadChosen =
    state.attentionShown[pane].layer !== null || 'layer' in change || 'head' in change
  return isHeadChosen ? shown : {...shown, layer: null, head: null}
}

/** What is looked at of attention: all of it can be undone. */
export function createAttentionChoiceActions({
  store,
  set,
  change,
  captures,
}: StoreContext): AttentionChoiceActions {
  const tokenCount = (runId: RunId) => captures.runs.peek(runId)?.tokens.length ?? 0
  return {
    changeAttention(shownChange, pane) {
      const {attentionShown} = store.getState()
      const chosen = attentionShown[pane]
      const next = choiceAfter(store.getState(), captures, shownChange, pane)
      const keys = (Object.keys(next) as (keyof AttentionShown)[]).filter((key) =>
        key === 'other'
          ? next.other.layer !== chosen.other.layer || next.other.head !== chosen.other.head
          : next[key] !== chosen[key]
      )
      if (keys.length === 0) return
      const both =
        pane === 0 ? ([next, attentionShown[1]] as const) : ([attentionShown[0], next] as const)
      change(
        NAMES[keys[0]!],
        {attentionShown: both},
        {merge: `attention ${pane} ${keys.join(' ')}`}
      )
    },
    changeAttentionFilters(filterChange) {
      const {attentionFilters} = store.getState()
      const keys = (Object.keys(filterChange) as (keyof AttentionFilterChoice)[]).filter(
        (key) => !Object.is(attentionFilters[key], filterChange[key])
      )
      if (keys.length === 0) return
      change(
        FILTER_NAMES[keys[0]!],
        {attentionFilters: {...attentionFilters, ...filterChange}},
        {merge: `attention filters ${keys.join(' ')}`}
      )
    },
    lockAttentionRange(maximum) {
      change('lock the range of colours', {attentionRange: maximum}, {merge: 'attention range'})
    },
    cutAttentionRange: (attentionSteps) => change('cut the range of colours', {attentionSteps}),
    showMatrixWindow(runId, window) {
      const {attentionWindows} = store.getState()
      const count = tokenCount(runId)
      const shown = window && clampWindow(window, count)
      const {[runId]: old, ...others} = attentionWindows
      if (!shown || isWhole(shown, count)) {
        if (old) change('zoom', {attentionWindows: others}, {merge: 'attention window'})
        return
      }
      const isSame = old?.query === shown.query && old.key === shown.key && old.span === shown.span
      if (isSame) return
      const attention = {attentionWindows: {...others, [runId]: shown}}
      change('zoom', attention, {merge: 'attention window'})
    },
    lightCell(runId, place) {
      const {attentionCells, locks, hovered, hoveredCell} = store.getState()
      if (hovered !== null || hoveredCell !== null) set({hovered: null, hoveredCell: null})
      const {[runId]: old, ...others} = attentionCells
      if (place === null) {
        if (old) change('let a weight go', {attentionCells: others}, {merge: 'lock'})
        return
      }
      const count = tokenCount(runId)
      if (count === 0) return
      const within = (at: number) => Math.max(0, Math.min(count - 1, at))
      const cell = {query: within(place.query), key: within(place.key)}
      change(
        'light a weight',
        {
          attentionCells: {...others, [runId]: cell},
          locks: {...locks, [runId]: cell.query},
        },
        {merge: 'lock'}
      )
    },
    hoverCell(place) {
      const {hoveredCell} = store.getState()
      const isSame =
        hoveredCell?.runId === place?.runId &&
        hoveredCell?.query === place?.query &&
        hoveredCell?.key === place?.key
      if (isSame) return
      set({
        hoveredCell: place,
        hovered: place && {runId: place.runId, position: place.query},
      })
    },
  }
}
