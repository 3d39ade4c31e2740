import {memo} from 'react'
import {headName} from '../../../shared/figures/attention/map-name.ts'
import {SHORT_HEAD_NAMES} from '../../../shared/figures/attention/overview-words.ts'
import {formatFixed} from '../../../shared/figures/number-format.ts'
import {CHIP_STEP_COUNT, stepOf} from '../../../shared/figures/palette.ts'
import type {HeadStatistics, ProbedHead} from '../../../shared/lenses/attention-maps.ts'
import type {HeadLabel} from '../../../shared/lenses/head-labels.ts'
import {type HeadColumn, isScore, nameOfProbed} from '../../store/attention-heads.ts'
import type {PaneIndex} from '../../store/state.ts'
import {useActions} from '../use-workbench.ts'
import {LabelWords, StarButton} from './head-label-control.tsx'

export interface Column {
  readonly id: HeadColumn
  readonly title: string
  readonly unit: string
  readonly decimals: number
}

/** Fewer positions are too few to rest a score on. */
export const LEAST_POSITIONS = 5

export interface HeadRowProps {
  readonly head: HeadStatistics
  readonly pane: PaneIndex
  readonly columns: readonly Column[]
  readonly probed: ProbedHead | null
  readonly label: HeadLabel | undefined
  readonly hasNames: boolean
  /** It is the head that the pane shows. */
  readonly isShown: boolean
}

/** One head of the table. It listens to nothing, so that a switch of heads renders two rows and not all. */
export const HeadRow = memo(function HeadRow(props: HeadRowProps) {
  const {head, pane, columns, probed, label, hasNames, isShown} = props
  const {changeAttention, labelHead} = useActions()
  const named = probed && nameOfProbed(probed)
  const {layer} = head
  return (
    <tr className={isShown ? 'on' : ''} data-head={headName(head)}>
      <th scope="row" className="word">
        <span className="head-name-cell">
          <StarButton
            head={head}
            isOn={label?.isStarred ?? false}
            onChange={(isStarred) => labelHead(head, {isStarred}, pane)}
          />
          <button
            type="button"
            className="head-choice"
            aria-pressed={isShown}
            onClick={() => changeAttention({layer, head: head.head, aggregate: 'head'}, pane)}
          >
            {headName(head)}
          </button>
        </span>
      </th>
      {hasNames && (
        <td className="word ink-3">
          <LabelWords label={label} />{' '}
          {named ? `${SHORT_HEAD_NAMES[named.name]} ${formatFixed(named.score, 2)}` : ''}
        </td>
      )}
      {columns.map(({id, decimals}) => {
        const value = id === 'head' ? null : head[id]
        const score = isScore(id)
        const isHollow = score && head.positionCounts[id] < LEAST_POSITIONS
        const above = score && value !== null ? value - (head.chance[id] ?? 0) : 0
        const step = above > 0.05 ? stepOf(value!, 1, CHIP_STEP_COUNT) : -1
        return (
          <td key={id} data-value={value ?? ''} data-column={id}>
            <span
              className={`score ${isHollow ? 'hollow' : ''}`}
              style={
                step >= 0 && !isHollow
                  ? {background: `var(--seq-${step + 1})`, color: 'var(--seq-ink-low)'}
                  : undefined
              }
            >
              {formatFixed(value, decimals)}
            </span>
          </td>
        )
      })}
    </tr>
  )
})
