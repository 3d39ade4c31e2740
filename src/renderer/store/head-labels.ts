import type {HeadRef} from '../../shared/lenses/attention-statistics.ts'
import {type HeadLabel, readHeadLabels, sortedLabels} from '../../shared/lenses/head-labels.ts'
import {selectAttentionRun, selectShown} from './attention.ts'
import type {Captures} from './captures.ts'
import {type StoreContext, shownProblem} from './context.ts'
import {writeHeadLabels} from './head-labels-kept.ts'
import type {PaneIndex, WorkbenchState} from './state.ts'

/** Document: what a person calls heads. */
export interface HeadLabelsState {
  /** By the model's SHA-256: labels by layer and head. */
  readonly headLabels: Readonly<Record<string, readonly HeadLabel[]>>
}

export const initialHeadLabels: HeadLabelsState = {headLabels: {}}

/** Session. */
export interface HeadLabelsWorkState {
  /** The pane whose head is being labelled. */
  readonly labelEditor: PaneIndex | null
}

export const initialHeadLabelsWork: HeadLabelsWorkState = {labelEditor: null}

/** The model that a pane's attention is of; null before it is known. */
export function selectLabelledModel(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): {readonly id: string; readonly sha256: string} | null {
  const model = selectAttentionRun(state, captures, pane)?.data.provenance?.model
  return model ? {id: model.id, sha256: model.sha256} : null
}

const NO_LABELS: readonly HeadLabel[] = []

/** Labels of the heads of the model that a pane shows. */
export function selectLabels(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): readonly HeadLabel[] {
  const model = selectLabelledModel(state, captures, pane)
  return (model && state.headLabels[model.sha256]) ?? NO_LABELS
}

export function labelOf(
  labels: readonly HeadLabel[],
  {layer, head}: HeadRef
): HeadLabel | undefined {
  return labels.find((label) => label.layer === layer && label.head === head)
}

/** `★ copies · copying`, as lists of heads show it; empty where a head has no label. */
export function labelWords(label: HeadLabel | undefined): string {
  if (!label) return ''
  const words = [label.name.trim(), label.group.trim()].filter((text) => text !== '').join(' · ')
  return [label.isStarred ? '★' : '', words].filter((text) => text !== '').join(' ')
}

/** The words that a filter of heads finds a label by. */
export const labelSearchText = (label: HeadLabel | undefined) =>
  label ? `${label.name} ${label.group} ${label.isStarred ? '★ starred' : ''}` : ''

/** Groups that some head of a model has, in the order of the alphabet. */
export function groupsOf(labels: readonly HeadLabel[]): string[] {
  const groups = new Set(labels.map(({group}) => group.trim()).filter((group) => group !== ''))
  return [...groups].sort((a, b) => a.localeCompare(b, 'en'))
}

export interface HeadLabelActions {
  /** Keeps labels for later visits. */
  watchHeadLabels(): void
  /** Names, groups or stars a head of the model that a pane shows. */
  labelHead(
    head: HeadRef,
    change: Partial<Omit<HeadLabel, 'layer' | 'head'>>,
    pane: PaneIndex
  ): void
  /** Stars the head that a pane shows, or not any more. */
  toggleStar(pane: PaneIndex): void
  /** Takes the labels of a file; what they say of a head goes before what was there. */
  importHeadLabels(name: string, source: string | File): Promise<void>
  editHeadLabel(pane: PaneIndex | null): void
}

export function createHeadLabelActions({
  store,
  set,
  change,
  captures,
  deps,
}: StoreContext): HeadLabelActions {
  const label: HeadLabelActions['labelHead'] = (head, labelChange, pane) => {
    const state = store.getState()
    const model = selectLabelledModel(state, captures, pane)
    if (!model) return
    const {layer, head: own} = head
    const {headLabels} = state
    const labels = headLabels[model.sha256] ?? NO_LABELS
    const before = labelOf(labels, head)
    const blank = {layer, head: own, name: '', group: '', isStarred: false}
    const next = {...(before ?? blank), ...labelChange}
    const keys = Object.keys(labelChange) as (keyof typeof labelChange)[]
    if (keys.every((key) => next[key] === (before ?? blank)[key])) return
    const what = keys[0] === 'isStarred' ? `${next.isStarred ? 'star' : 'unstar'}` : 'label'
    change(
      `${what} L${layer}.H${own}`,
      {headLabels: {...headLabels, [model.sha256]: sortedLabels([...labels, next])}},
      keys[0] === 'isStarred' ? {} : {merge: `label ${layer}.${own} ${keys.join(' ')}`}
    )
  }
  return {
    watchHeadLabels() {
      store.subscribe((state, previous) => {
        if (state.headLabels === previous.headLabels) return
        writeHeadLabels(deps.storage, state.headLabels, previous.headLabels)
      })
    },
    labelHead: label,
    toggleStar(pane) {
      const state = store.getState()
      const {layer, head} = selectShown(state, captures, pane)
      const own = labelOf(selectLabels(state, captures, pane), {layer, head})
      label({layer, head}, {isStarred: !own?.isStarred}, pane)
    },
    async importHeadLabels(name, source) {
      try {
        const text = typeof source === 'string' ? source : await source.text()
        const {model, labels} = readHeadLabels(text, name)
        const state = store.getState()
        const {headLabels} = state
        const both = sortedLabels([...(headLabels[model.sha256] ?? NO_LABELS), ...labels])
        change('open labels of heads', {headLabels: {...headLabels, [model.sha256]: both}})
        const shown = selectLabelledModel(state, captures, state.activePane)
        const of =
          shown?.sha256 === model.sha256
            ? ''
            : ` of ${model.id}, another model than the one that is shown`
        set({notice: `opened ${labels.length} labels${of}`})
      } catch (error) {
        set({openProblem: shownProblem(error), dialog: 'open-problem'})
      }
    },
    editHeadLabel: (labelEditor) => set({labelEditor}),
  }
}
