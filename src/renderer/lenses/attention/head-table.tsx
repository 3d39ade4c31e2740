import {headName} from '../../../shared/figures/attention/map-name.ts'
import {SHORT_HEAD_NAMES} from '../../../shared/figures/attention/overview-words.ts'
import {
  formatCount,
  formatFixed,
  formatMany,
  NO_VALUE,
} from '../../../shared/figures/number-format.ts'
import {CHIP_STEP_COUNT, stepOf} from '../../../shared/figures/palette.ts'
import type {HeadStatistics, ProbedHead} from '../../../shared/lenses/attention-maps.ts'
import {selectPicture, selectShown} from '../../store/attention.ts'
import {
  type HeadColumn,
  isScore,
  nameOfProbed,
  selectHeads,
  selectProbe,
} from '../../store/attention-heads.ts'
import {Button} from '../../ui/button.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {HeadStar, HeadWords, useHeadLabels} from './head-label-control.tsx'
import {listedHeads} from './listed-heads.ts'
import {ProbeControl} from './probe-control.tsx'

interface Column {
  readonly id: HeadColumn
  readonly title: string
  readonly unit: string
  readonly decimals: number
}

const COLUMNS: readonly Column[] = [
  {id: 'normalizedEntropy', title: 'entropy', unit: '÷ log₂ n', decimals: 2},
  {id: 'meanDistance', title: 'distance', unit: 'all keys', decimals: 1},
  {id: 'meanDistanceWithoutSink', title: 'distance', unit: 'no key 0', decimals: 1},
  {id: 'previousTokenScore', title: 'previous', unit: '', decimals: 2},
  {id: 'duplicateTokenScore', title: 'duplicate', unit: '', decimals: 2},
  {id: 'inductionScore', title: 'induction', unit: '', decimals: 2},
  {id: 'firstTokenScore', title: 'first', unit: '', decimals: 2},
]
const BRIEF: readonly HeadColumn[] = ['previousTokenScore', 'inductionScore', 'firstTokenScore']
/** Fewer positions are too few to rest a score on. */
const LEAST_POSITIONS = 5

/** Every head with its scores, chance beside them, sorted by what they are above it; names from the probe alone. */
export function HeadTable({isBrief = false}: {readonly isBrief?: boolean}) {
  const {captures, store} = useWorkbench()
  const {filterHeads, askHeadsAgain} = useActions()
  const {revision, phase, sort, filter} = useWorkbenchState((state) => ({
    revision: state.headsRevision,
    phase: state.headsPhase,
    sort: state.headSort,
    filter: state.headFilter,
    panes: state.panes,
    slots: state.attentionSlots,
  }))
  const labels = useHeadLabels()
  const heads = selectHeads(store.getState(), captures)
  const probe = selectProbe(store.getState(), captures)
  const names = probe && new Map(probe.map((head) => [headName(head), head]))
  const hasNames = names !== null || labels.some(({name, group}) => name !== '' || group !== '')
  const columns = isBrief ? COLUMNS.filter(({id}) => BRIEF.includes(id)) : COLUMNS
  const shown = listedHeads({heads: heads ?? [], probe, labels, sort, filter})
  return (
    <section
      className={`heads ${isBrief ? 'brief' : ''}`}
      aria-label="Heads"
      data-testid="heads"
      data-revision={revision}
    >
      <div className="heads-head">
        <span className="strong">Heads</span>
        <span className="ink-3 small">
          {heads
            ? `${shown.length === heads.length ? '' : `${formatCount(shown.length)} of `}${formatCount(heads.length)}${isBrief ? '' : `, sorted by ${isScore(sort.column) ? 'score − chance' : 'the column'}`}`
            : ''}
        </span>
        <span className="grow" />
        {!isBrief && (
          <input
            className="field heads-filter"
            aria-label="Filter heads"
            placeholder="l3 h5, induction, ★ …"
            value={filter}
            onChange={(event) => filterHeads(event.target.value)}
          />
        )}
        <LikeThis />
        <ProbeControl isBrief={isBrief} />
      </div>
      {phase.kind === 'failed' ? (
        <div className="lens-wait" role="alert">
          <p>
            <span className="failed">✕</span> {phase.problem.message} {phase.problem.advice}
          </p>
          <Button look="edge" onPress={askHeadsAgain}>
            Try again
          </Button>
        </div>
      ) : heads ? (
        <HintArea>
          <div
            className="heads-scroll"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
            tabIndex={0}
          >
            <table className="head-table">
              <HeadRow columns={columns} heads={heads} hasNames={hasNames} />
              <tbody>
                {shown.map((head) => (
                  <Row
                    key={headName(head)}
                    head={head}
                    columns={columns}
                    probed={names?.get(headName(head)) ?? null}
                    hasNames={hasNames}
                  />
                ))}
              </tbody>
            </table>
          </div>
          <Positions heads={heads} />
        </HintArea>
      ) : (
        <p className="ink-3" role="status">
          {phase.kind === 'running'
            ? `Scoring heads: ${formatCount(phase.done)} of ${formatCount(phase.total)}.`
            : 'Scored when the picture is there.'}
        </p>
      )}
    </section>
  )
}

/** Asks for the heads like the one that is shown. */
function LikeThis() {
  const pane = usePaneIndex()
  const {findSimilar} = useActions()
  const {captures} = useWorkbench()
  const {layer, head} = useWorkbenchState((state) => {
    const map = selectPicture(state, captures, pane)?.map
    return map?.kind === 'head' ? {layer: map.layer, head: map.head} : {layer: null, head: null}
  })
  if (layer === null || head === null) return null
  return (
    <Button look="edge" onPress={() => findSimilar({layer, head})} testId="like-this">
      Like {headName({layer, head})}
    </Button>
  )
}

interface HeadRowProps {
  readonly columns: readonly Column[]
  readonly heads: readonly HeadStatistics[]
  readonly hasNames: boolean
}

/** Names of columns, each with what chance would give. */
function HeadRow({columns, heads, hasNames}: HeadRowProps) {
  const {sortHeadsBy} = useActions()
  const sort = useWorkbenchState((state) => state.headSort)
  const ordered = (column: HeadColumn) =>
    sort.column !== column ? 'none' : sort.isDescending ? 'descending' : 'ascending'
  return (
    <thead>
      <tr>
        <th scope="col" className="word" aria-sort={ordered('head')}>
          <SortButton
            column="head"
            title="head"
            unit=""
            isOn={sort.column === 'head'}
            onSort={sortHeadsBy}
          />
        </th>
        {hasNames && (
          <th scope="col" className="word">
            name
            <br />
            {columns.length > BRIEF.length ? 'own, by the probe' : '\u00a0'}
          </th>
        )}
        {columns.map(({id, title, unit}) => (
          <th key={id} scope="col" aria-sort={ordered(id)} data-hint={HINTS[id]}>
            <SortButton
              column={id}
              title={title}
              unit={isScore(id) ? chanceText(heads, id) : unit}
              isOn={sort.column === id}
              onSort={sortHeadsBy}
            />
          </th>
        ))}
      </tr>
    </thead>
  )
}

interface SortButtonProps {
  readonly column: HeadColumn
  readonly title: string
  readonly unit: string
  readonly isOn: boolean
  readonly onSort: (column: HeadColumn) => void
}

function SortButton({column, title, unit, isOn, onSort}: SortButtonProps) {
  return (
    <button
      type="button"
      className={`sort-button ${isOn ? 'on' : ''}`}
      onClick={() => onSort(column)}
    >
      {title}
      <span className="chance">{unit || '\u00a0'}</span>
    </button>
  )
}

/** What chance gives: of all heads alike, else its range. */
function chanceText(heads: readonly HeadStatistics[], column: HeadColumn): string {
  if (!isScore(column)) return ''
  const chances = heads.flatMap(({chance}) => chance[column] ?? [])
  if (chances.length === 0) return NO_VALUE
  const least = formatFixed(Math.min(...chances), 2)
  const most = formatFixed(Math.max(...chances), 2)
  return least === most ? least : `${least}–${most}`
}

interface RowProps {
  readonly head: HeadStatistics
  readonly columns: readonly Column[]
  readonly probed: ProbedHead | null
  readonly hasNames: boolean
}

function Row({head, columns, probed, hasNames}: RowProps) {
  const pane = usePaneIndex()
  const {changeAttention} = useActions()
  const isShown = useWorkbenchState((state, {captures}) => {
    const shown = selectShown(state, captures, pane)
    const isOne = shown.layer === head.layer && shown.head === head.head
    return isOne && shown.aggregate === 'head'
  })
  const named = probed && nameOfProbed(probed)
  const {layer} = head
  return (
    <tr className={isShown ? 'on' : ''} data-head={headName(head)}>
      <th scope="row" className="word">
        <span className="head-name-cell">
          <HeadStar head={head} />
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
          <HeadWords head={head} />{' '}
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
}

/** On how many positions the scores rest. */
function Positions({heads}: {readonly heads: readonly HeadStatistics[]}) {
  const counts = heads[0]?.positionCounts
  if (!counts) return null
  const few = [
    ['previous', counts.previousTokenScore],
    ['duplicate', counts.duplicateTokenScore],
    ['induction', counts.inductionScore],
    ['first', counts.firstTokenScore],
  ] as const
  const broken = heads.reduce((sum, {nonFiniteCount}) => sum + nonFiniteCount, 0)
  return (
    <p className="ink-3 small heads-foot">
      Positions each score rests on:{' '}
      {few.map(([name, count]) => `${name} ${formatCount(count)}`).join(', ')}.
      {few.some(([, count]) => count < LEAST_POSITIONS) && ' Fewer than 5: hollow.'}
      {broken > 0 && ` ${formatMany(broken, 'weight')} NaN or infinite.`}
    </p>
  )
}

const HINTS: Readonly<Record<HeadColumn, string>> = {
  head: 'Layer and head, both from 0.',
  normalizedEntropy:
    'Mean over rows of the entropy of a row divided by log₂ of the keys it may see: 0 looks at one key, 1 at all alike.',
  meanDistance: 'Mean over rows of the weighted distance from query to key, in tokens.',
  meanDistanceWithoutSink:
    'The same with key 0 left out and rows renormalised; “—” where key 0 holds over 90 %.',
  previousTokenScore:
    'Mean weight on the token before. Under it what uniform attention would give.',
  duplicateTokenScore:
    'Mean weight on earlier copies of the same token, where there are any. Under it what uniform attention would give.',
  inductionScore:
    'Mean weight on what followed earlier copies of the same token. Under it what uniform attention would give.',
  firstTokenScore: 'Mean weight on the first token. Under it what uniform attention would give.',
}
