import {useMemo} from 'react'
import {headName} from '../../../shared/figures/attention/map-name.ts'
import {sharedRange} from '../../../shared/figures/attention/overview-scale.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {CapturedLayerFacts} from '../../../shared/lenses/attention.ts'
import type {HeadRef, HeadStatistics, Thumbnail} from '../../../shared/lenses/attention-maps.ts'
import type {ColorRange} from '../../../shared/lenses/attention-picture.ts'
import {selectAttentionRun, selectShown} from '../../store/attention.ts'
import {nameOfProbed, selectHeads, selectProbe} from '../../store/attention-heads.ts'
import {type HeadThumbnails, selectOverviewKey} from '../../store/attention-overview.ts'
import {clampHead} from '../../store/attention-pictures.ts'
import type {Captures} from '../../store/captures.ts'
import {labelWords, selectLabels} from '../../store/head-labels.ts'
import type {PaneIndex, RunId, WorkbenchState} from '../../store/state.ts'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'

/** The heads of a pane's text in small, as far as they are there. */
export interface ShownOverview {
  readonly runId: RunId
  readonly data: TokensRun
  readonly layers: readonly CapturedLayerFacts[]
  readonly thumbnails: HeadThumbnails | undefined
  readonly all: readonly Thumbnail[]
  readonly range: ColorRange
  /** The head that the pane's other views show. */
  readonly shown: HeadRef
}

const NO_THUMBNAILS: readonly Thumbnail[] = []

/** What this pane's overview is made of; null before anything of its text is captured. */
export function useOverview(): ShownOverview | null {
  const pane = usePaneIndex()
  const {store, captures} = useWorkbench()
  const {key, locked, steps} = useWorkbenchState((state) => ({
    key: selectOverviewKey(state, captures, pane),
    locked: state.attentionRange,
    steps: state.attentionSteps,
    revision: state.overviewRevision,
    shown: state.attentionShown[pane],
    heads: state.headsRevision,
    slot: state.attentionSlots[pane],
  }))
  const thumbnails = key === null ? undefined : captures.attentionThumbnails.peek(key)
  const all = useMemo(
    () =>
      thumbnails
        ? [...thumbnails.byLayer.values()].flatMap((heads) => heads.filter(Boolean))
        : NO_THUMBNAILS,
    [thumbnails]
  )
  const range = useMemo(
    (): ColorRange =>
      locked === null
        ? {maximum: sharedRange(all), isLocked: false, steps}
        : {maximum: locked, isLocked: true, steps},
    [all, locked, steps]
  )
  const state = store.getState()
  const found = selectAttentionRun(state, captures, pane)
  const layers = found && captures.attentionFacts.peek(found.run.id)
  if (!found || !layers || layers.length === 0) return null
  const shown = clampHead(layers, selectShown(state, captures, pane))
  return {runId: found.run.id, data: found.data, layers, thumbnails, all, range, shown}
}

/** What is known of each head, by its name. */
export interface KnownHeads {
  readonly statistics: ReadonlyMap<string, HeadStatistics>
  readonly names: ReadonlyMap<string, NonNullable<ReturnType<typeof nameOfProbed>>>
  /** What a person calls it. */
  readonly labels: ReadonlyMap<string, string>
}

export function knownHeads(state: WorkbenchState, captures: Captures, pane: PaneIndex): KnownHeads {
  const statistics = new Map(
    (selectHeads(state, captures) ?? []).map((head) => [headName(head), head])
  )
  const names = new Map(
    (selectProbe(state, captures) ?? []).flatMap((head) => {
      const named = nameOfProbed(head)
      return named ? [[headName(head), named] as const] : []
    })
  )
  const labels = new Map(
    selectLabels(state, captures, pane).map((label) => [headName(label), labelWords(label)])
  )
  return {statistics, names, labels}
}
