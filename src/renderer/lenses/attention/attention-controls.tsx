import {DialogTrigger, Popover} from 'react-aria-components'
import {
  formatRangeEnd,
  hiddenText,
  isFiltering,
} from '../../../shared/figures/attention/matrix-legend.ts'
import {MOST_CELL_PX} from '../../../shared/figures/attention/overview-layout.ts'
import {formatSetting} from '../../../shared/figures/number-format.ts'
import {CopyMenu} from '../../sharing/copy-menu.tsx'
import {selectShown} from '../../store/attention.ts'
import {requestFilters} from '../../store/attention-pictures.ts'
import {
  type AttentionAggregate,
  type AttentionFilterChoice,
  EVERYTHING,
} from '../../store/attention-state.ts'
import {selectPane} from '../../store/panes.ts'
import {Button} from '../../ui/button.tsx'
import {Check} from '../../ui/check.tsx'
import {Choice} from '../../ui/choice.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {SliderField} from '../../ui/slider-field.tsx'
import {Stepper} from '../../ui/stepper.tsx'
import {usePaneIndex, usePaneRunId, usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {HeadLabelControl} from './head-label-control.tsx'
import {type RangeChoice, rangeOf, type ShownMatrix} from './use-picture.ts'
import {LINES_VIEW, OVERVIEW_VIEW, TWO_HEADS_VIEW} from './views.ts'

const AGGREGATES: readonly {value: AttentionAggregate; text: string; note: string}[] = [
  {value: 'head', text: 'one head', note: ''},
  {value: 'mean', text: 'mean', note: 'of heads'},
  {value: 'max', text: 'largest', note: 'of heads'},
  {value: 'value-weighted', text: 'value-weighted', note: 'sum of A·‖v·W‖'},
  {value: 'attention-rollout', text: 'attention rollout', note: 'through this layer'},
  {value: 'difference', text: 'difference', note: 'of two heads'},
]

/** One line under the figure: which heads, what is hidden, and what can be done. */
export function AttentionControls({matrix}: {readonly matrix: ShownMatrix | null}) {
  const actions = useActions()
  const {captures} = useWorkbench()
  const pane = usePaneIndex()
  const runId = usePaneRunId()
  const suffix = usePaneSuffix()
  const {filters, view, cellPx, ...ranges} = useWorkbenchState((state) => ({
    view: selectPane(state, pane).view,
    cellPx: state.overviewCellPx,
    filters: state.attentionFilters,
    attentionRange: state.attentionRange,
    attentionSteps: state.attentionSteps,
  }))
  const shown = useWorkbenchState((state) => selectShown(state, captures, pane))
  const facts = (runId === null ? undefined : captures.attentionFacts.peek(runId)) ?? []
  const lastLayer = facts.reduce((last, {layer}) => Math.max(last, layer), 0)
  const headsOf = (layer: number) =>
    (facts.find((fact) => fact.layer === layer)?.queryHeadCount ?? 1) - 1
  const areTwo = view === TWO_HEADS_VIEW
  const isOverview = view === OVERVIEW_VIEW
  // These say it in their own legends.
  const saysHidden = !isOverview && view !== LINES_VIEW
  const isOneHead =
    isOverview || areTwo || shown.aggregate === 'head' || shown.aggregate === 'difference'
  const hasScope =
    !isOverview && !areTwo && ['mean', 'max', 'value-weighted'].includes(shown.aggregate)
  const hasLayer = !hasScope || shown.scope === 'layer'
  const placed = matrix?.tiles.whole ?? matrix?.tiles.close
  const summary = placed?.tile.summary
  const request = matrix && requestFilters(filters, matrix.data)
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      {hasLayer && (
        <Stepper
          label="layer"
          value={shown.layer}
          maximum={lastLayer}
          onChange={(layer) => actions.changeAttention({layer}, pane)}
          testId="layer"
        />
      )}
      {isOneHead && (
        <Stepper
          label="head"
          value={shown.head}
          maximum={headsOf(shown.layer)}
          onChange={(head) => actions.changeAttention({head}, pane)}
          testId="head"
        />
      )}
      {isOneHead && <HeadLabelControl head={{layer: shown.layer, head: shown.head}} />}
      {isOverview ? (
        <SliderField
          label="size"
          value={cellPx ?? 0}
          onChange={(size) => actions.sizeOverview(size === 0 ? null : size)}
          minimum={0}
          maximum={MOST_CELL_PX}
          step={4}
          fieldMinimum={0}
          fieldMaximum={MOST_CELL_PX}
          format={(size) => (size === 0 ? 'fit' : `${size} px`)}
          testId="overview-size"
        />
      ) : areTwo ? null : (
        <MenuChoice
          label="What is shown"
          value={shown.aggregate}
          options={AGGREGATES}
          onChange={(aggregate) => actions.changeAttention({aggregate}, pane)}
          testId="aggregate"
        />
      )}
      {hasScope && (
        <MenuChoice
          label="Which heads"
          value={shown.scope}
          options={[
            {value: 'layer', text: 'of this layer'},
            {value: 'model', text: 'of all layers'},
          ]}
          onChange={(scope) => actions.changeAttention({scope}, pane)}
        />
      )}
      {(areTwo || (!isOverview && shown.aggregate === 'difference')) && (
        <>
          <Stepper
            label={areTwo ? 'B layer' : '− layer'}
            value={shown.other.layer}
            maximum={lastLayer}
            onChange={(layer) => actions.changeAttention({other: {...shown.other, layer}}, pane)}
          />
          <Stepper
            label={areTwo ? 'B head' : 'head'}
            value={shown.other.head}
            maximum={headsOf(shown.other.layer)}
            onChange={(head) => actions.changeAttention({other: {...shown.other, head}}, pane)}
          />
        </>
      )}
      <SliderField
        label="mass"
        value={Math.round(filters.mass * 100)}
        onChange={(mass) => actions.changeAttentionFilters({mass: mass / 100})}
        minimum={5}
        maximum={100}
        step={5}
        fieldMinimum={1}
        fieldMaximum={100}
        format={(value) => `${value} %`}
        testId="mass"
      />
      <FiltersMenu filters={filters} matrix={matrix} ranges={ranges} />
      {saysHidden && request && summary && isFiltering(request) && (
        <span
          className="ink-3 hidden-share"
          data-testid="hidden-share"
          data-share={summary.hiddenShare}
        >
          {hiddenText(summary)}
        </span>
      )}
      <div className="control-ends">
        <CopyMenu lens="attention" />
        <Button look="edge" onPress={() => actions.openDialog('export')} testId="export">
          Export <kbd>{shortcutText({key: 'e', mod: true})}</kbd>
        </Button>
      </div>
    </section>
  )
}

interface FiltersMenuProps {
  readonly filters: AttentionFilterChoice
  readonly matrix: ShownMatrix | null
  /** Null where nothing is drawn in its colours. */
  readonly ranges: RangeChoice | null
}

/** What else is hidden, and the range of colours. */
export function FiltersMenu({filters, matrix, ranges}: FiltersMenuProps) {
  const {changeAttentionFilters} = useActions()
  const {threshold, topK, isSinkDropped, areSpecialsHidden, isWithinSentences} = filters
  const count = [
    threshold > 0,
    topK !== null,
    isSinkDropped,
    areSpecialsHidden,
    isWithinSentences,
  ].filter(Boolean).length
  return (
    <DialogTrigger>
      <Button look="filled" testId="filters">
        {count === 0 ? 'Filters' : count === 1 ? '1 filter' : `${count} filters`} <DownIcon />
      </Button>
      <Popover
        className="popover popover-body"
        aria-label="Filters"
        placement="top start"
        offset={4}
      >
        <div className="filter-form">
          <div className="form-row">
            <span className="form-label">at least</span>
            <NumberInput
              label="Smallest weight shown"
              value={threshold}
              onChange={(value) => changeAttentionFilters({threshold: value})}
              minimum={0}
              maximum={1000}
              step={0.01}
              format={formatSetting}
              widthPx={64}
            />
            <span className="ink-3">smaller weights are hidden</span>
          </div>
          <div className="form-row">
            <span className="form-label">at most</span>
            <NumberInput
              label="Keys a row, 0 for all"
              value={topK ?? 0}
              onChange={(value) => changeAttentionFilters({topK: value === 0 ? null : value})}
              minimum={0}
              maximum={100_000}
              step={1}
              isWhole
              format={(value) => (value === 0 ? 'all' : String(value))}
              widthPx={64}
            />
            <span className="ink-3">keys a row, the heaviest</span>
          </div>
          <Check
            isOn={isSinkDropped}
            onChange={(isOn) => changeAttentionFilters({isSinkDropped: isOn})}
          >
            key 0 left out, rows renormalised
          </Check>
          <Check
            isOn={areSpecialsHidden}
            onChange={(isOn) => changeAttentionFilters({areSpecialsHidden: isOn})}
          >
            special tokens hidden
          </Check>
          <Check
            isOn={isWithinSentences}
            onChange={(isOn) => changeAttentionFilters({isWithinSentences: isOn})}
          >
            within sentences only
          </Check>
          {ranges && <RangeRows matrix={matrix} ranges={ranges} />}
          <div className="form-row">
            <Button
              look="edge"
              isDisabled={count === 0 && filters.mass === 1}
              onPress={() => changeAttentionFilters(EVERYTHING)}
            >
              Show everything
            </Button>
          </div>
        </div>
      </Popover>
    </DialogTrigger>
  )
}

interface RangeRowsProps {
  readonly matrix: ShownMatrix | null
  readonly ranges: RangeChoice
}

/** Where the colours end, for which pictures, and how they are cut. */
function RangeRows({matrix, ranges}: RangeRowsProps) {
  const {lockAttentionRange, cutAttentionRange} = useActions()
  const range = rangeOf(matrix?.tiles ?? {}, ranges)
  return (
    <>
      <div className="form-row">
        <span className="form-label">colours to</span>
        <NumberInput
          label="End of the range of colours"
          value={range.maximum}
          onChange={(value) => lockAttentionRange(value)}
          minimum={0.0001}
          maximum={1000}
          step={0.05}
          format={formatRangeEnd}
          widthPx={64}
        />
        <Check
          isOn={ranges.attentionRange !== null}
          onChange={(isOn) => lockAttentionRange(isOn ? range.maximum : null)}
        >
          locked for all heads, panels and runs
        </Check>
      </div>
      <div className="form-row">
        <span className="form-label">cut in</span>
        <Choice
          label="Steps of the colours"
          value={ranges.attentionSteps}
          options={[
            {value: 'square-root', text: 'square-root steps'},
            {value: 'linear', text: 'even steps'},
          ]}
          onChange={cutAttentionRange}
        />
      </div>
    </>
  )
}
