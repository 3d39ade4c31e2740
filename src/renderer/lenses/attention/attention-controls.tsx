import {memo} from 'react'
import {hiddenText, isFiltering} from '../../../shared/figures/attention/matrix-legend.ts'
import {MOST_CELL_PX} from '../../../shared/figures/attention/overview-layout.ts'
import type {CapturedLayerFacts} from '../../../shared/lenses/attention.ts'
import {selectShown} from '../../store/attention.ts'
import {hidesAny, requestFilters} from '../../store/attention-pictures.ts'
import type {AttentionAggregate, AttentionShown} from '../../store/attention-state.ts'
import {selectPane} from '../../store/panes.ts'
import type {PaneIndex} from '../../store/state.ts'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {SliderField} from '../../ui/slider-field.tsx'
import {Stepper} from '../../ui/stepper.tsx'
import {usePaneIndex, usePaneRunId, usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {ControlEnds} from './control-ends.tsx'
import {FiltersMenu} from './filters-menu.tsx'
import {HeadLabelControl} from './head-label-control.tsx'
import {useMatrix} from './use-picture.ts'
import {LINES_VIEW, OVERVIEW_VIEW, TWO_HEADS_VIEW} from './views.ts'

const AGGREGATES: readonly {value: AttentionAggregate; text: string; note: string}[] = [
  {value: 'head', text: 'one head', note: ''},
  {value: 'mean', text: 'mean', note: 'of heads'},
  {value: 'max', text: 'largest', note: 'of heads'},
  {value: 'value-weighted', text: 'value-weighted', note: 'sum of A·‖v·W‖'},
  {value: 'attention-rollout', text: 'attention rollout', note: 'through this layer'},
  {value: 'difference', text: 'difference', note: 'of two heads'},
]

/**
 * One line under the figure: which heads, what is hidden, and what can be done. Each control listens to its
 * own value alone, so that a key that flips through heads renders no other.
 */
export const AttentionControls = memo(function AttentionControls() {
  const {changeAttention} = useActions()
  const {captures} = useWorkbench()
  const pane = usePaneIndex()
  const runId = usePaneRunId()
  const suffix = usePaneSuffix()
  const view = useWorkbenchState((state) => selectPane(state, pane).view)
  const {layer, head, aggregate, scope, otherLayer, otherHead} = useWorkbenchState((state) => {
    const {other, ...shown} = selectShown(state, captures, pane)
    return {...shown, otherLayer: other.layer, otherHead: other.head}
  })
  const facts = useWorkbenchState(() =>
    runId === null ? NO_FACTS : (captures.attentionFacts.peek(runId) ?? NO_FACTS)
  )
  const lastLayer = facts.reduce((last, fact) => Math.max(last, fact.layer), 0)
  const headsOf = (at: number) => (facts.find((fact) => fact.layer === at)?.queryHeadCount ?? 1) - 1
  const areTwo = view === TWO_HEADS_VIEW
  const isOverview = view === OVERVIEW_VIEW
  const isOneHead = isOverview || areTwo || aggregate === 'head' || aggregate === 'difference'
  const hasScope = !isOverview && !areTwo && ['mean', 'max', 'value-weighted'].includes(aggregate)
  const hasLayer = !hasScope || scope === 'layer'
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      {hasLayer && (
        <Stepper
          label="layer"
          value={layer}
          maximum={lastLayer}
          onChange={(to) => changeAttention({layer: to}, pane)}
          testId="layer"
        />
      )}
      {isOneHead && (
        <Stepper
          label="head"
          value={head}
          maximum={headsOf(layer)}
          onChange={(to) => changeAttention({head: to}, pane)}
          testId="head"
        />
      )}
      {isOneHead && <HeadLabelControl layer={layer} index={head} />}
      {isOverview ? (
        <OverviewSize />
      ) : areTwo ? null : (
        <AggregateChoice pane={pane} aggregate={aggregate} />
      )}
      {hasScope && <ScopeChoice pane={pane} scope={scope} />}
      {(areTwo || (!isOverview && aggregate === 'difference')) && (
        <>
          <Stepper
            label={areTwo ? 'B layer' : '− layer'}
            value={otherLayer}
            maximum={lastLayer}
            onChange={(to) => changeAttention({other: {layer: to, head: otherHead}}, pane)}
          />
          <Stepper
            label={areTwo ? 'B head' : 'head'}
            value={otherHead}
            maximum={headsOf(otherLayer)}
            onChange={(to) => changeAttention({other: {layer: otherLayer, head: to}}, pane)}
          />
        </>
      )}
      <MassField />
      <FiltersMenu hasRanges />
      {/* These say it in their own legends. */}
      {!isOverview && view !== LINES_VIEW && <HiddenShare />}
      <ControlEnds />
    </section>
  )
})
const NO_FACTS: readonly CapturedLayerFacts[] = []

const OverviewSize = memo(function OverviewSize() {
  const {sizeOverview} = useActions()
  const cellPx = useWorkbenchState((state) => state.overviewCellPx)
  return (
    <SliderField
      label="size"
      value={cellPx ?? 0}
      onChange={(size) => sizeOverview(size === 0 ? null : size)}
      minimum={0}
      maximum={MOST_CELL_PX}
      step={4}
      fieldMinimum={0}
      fieldMaximum={MOST_CELL_PX}
      format={(size) => (size === 0 ? 'fit' : `${size} px`)}
      testId="overview-size"
    />
  )
})

interface AggregateChoiceProps {
  readonly pane: PaneIndex
  readonly aggregate: AttentionAggregate
}

const AggregateChoice = memo(function AggregateChoice({pane, aggregate}: AggregateChoiceProps) {
  const {changeAttention} = useActions()
  return (
    <MenuChoice
      label="What is shown"
      value={aggregate}
      options={AGGREGATES}
      onChange={(next) => changeAttention({aggregate: next}, pane)}
      testId="aggregate"
    />
  )
})

interface ScopeChoiceProps {
  readonly pane: PaneIndex
  readonly scope: AttentionShown['scope']
}

const ScopeChoice = memo(function ScopeChoice({pane, scope}: ScopeChoiceProps) {
  const {changeAttention} = useActions()
  return (
    <MenuChoice
      label="Which heads"
      value={scope}
      options={[
        {value: 'layer', text: 'of this layer'},
        {value: 'model', text: 'of all layers'},
      ]}
      onChange={(next) => changeAttention({scope: next}, pane)}
    />
  )
})

const MassField = memo(function MassField() {
  const {changeAttentionFilters} = useActions()
  const mass = useWorkbenchState((state) => state.attentionFilters.mass)
  return (
    <SliderField
      label="mass"
      value={Math.round(mass * 100)}
      onChange={(percent) => changeAttentionFilters({mass: percent / 100})}
      minimum={5}
      maximum={100}
      step={5}
      fieldMinimum={1}
      fieldMaximum={100}
      format={(percent) => `${percent} %`}
      testId="mass"
    />
  )
})

/** How much of the shown matrix the filters hide; nothing where none is on. */
function HiddenShare() {
  // Without any, a switch of heads has nothing to do here.
  const hides = useWorkbenchState((state) => hidesAny(state.attentionFilters))
  return hides ? <ShownShare /> : null
}

function ShownShare() {
  const matrix = useMatrix()
  const placed = matrix?.tiles.whole ?? matrix?.tiles.close
  if (!matrix || !placed || !isFiltering(requestFilters(matrix.spec.filters, matrix.data))) {
    return null
  }
  const {summary} = placed.tile
  return (
    <span
      className="ink-3 hidden-share"
      data-testid="hidden-share"
      data-share={summary.hiddenShare}
    >
      {hiddenText(summary)}
    </span>
  )
}
