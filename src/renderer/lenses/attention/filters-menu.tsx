import {memo} from 'react'
import {DialogTrigger, Popover} from 'react-aria-components'
import {formatRangeEnd} from '../../../shared/figures/attention/matrix-legend.ts'
import {formatSetting} from '../../../shared/figures/number-format.ts'
import {EVERYTHING} from '../../store/attention-state.ts'
import {Button} from '../../ui/button.tsx'
import {Check} from '../../ui/check.tsx'
import {Choice} from '../../ui/choice.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {rangeOf, useMatrix} from './use-picture.ts'

interface FiltersMenuProps {
  /** Something is drawn in the colours of a range. */
  readonly hasRanges: boolean
}

/** What else is hidden, and the range of colours. */
export const FiltersMenu = memo(function FiltersMenu({hasRanges}: FiltersMenuProps) {
  const {changeAttentionFilters} = useActions()
  const filters = useWorkbenchState((state) => state.attentionFilters)
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
          {hasRanges && <RangeRows />}
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
})

/** Where the colours end, for which pictures, and how they are cut. */
function RangeRows() {
  const {lockAttentionRange, cutAttentionRange} = useActions()
  const matrix = useMatrix()
  const ranges = useWorkbenchState(({attentionRange, attentionSteps}) => ({
    attentionRange,
    attentionSteps,
  }))
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
