import {memo, useMemo} from 'react'
import {headName} from '../../../shared/figures/attention/map-name.ts'
import {
  formatCount,
  formatFixed,
  formatMany,
  NO_VALUE,
} from '../../../shared/figures/number-format.ts'
import type {HeadStatistics} from '../../../shared/lenses/attention-maps.ts'
import {selectPicture, selectShown} from '../../store/attention.ts'
import {type HeadColumn, isScore, selectHeads, selectProbe} from '../../store/attention-heads.ts'
import {labelOf} from '../../store/head-labels.ts'
import {selectPane} from '../../store/panes.ts'
import {selectRun} from '../../store/run-records.ts'
import {Button} from '../../ui/button.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {useHeadLabels} from './head-label-control.tsx'
import {type Column, HeadRow, LEAST_POSITIONS} from './head-row.tsx'
import {listedHeads} from './listed-heads.ts'
import {ProbeControl} from './probe-control.tsx'

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
const BRIEF_COLUMNS = COLUMNS.filter(({id}) => BRIEF.includes(id))

/** Rows that are painted together: marking another head paints two of these and not all. */
const GROUP_ROWS = 16

function groupsOf<Head>(heads: readonly Head[]): Head[][] {
  return Array.from({length: Math.ceil(heads.length / GROUP_ROWS)}, (_, at) =>
    heads.slice(at * GROUP_ROWS, (at + 1) * GROUP_ROWS)
  )
}

interface HeadTableProps {
  readonly isBrief?: boolean
}

/** Every head with its scores, chance beside them, sorted by what they are above it; names from the probe alone. */
export const HeadTable = memo(function HeadTable({isBrief = false}: HeadTableProps) {
  const pane = usePaneIndex()
  const {captures} = useWorkbench()
  const {filterHeads, askHeadsAgain} = useActions()
  const {revision, phase, sort, filter, heads, probe, isWritten} = useWorkbenchState((state) => ({
    revision: state.headsRevision,
    phase: state.headsPhase,
    sort: state.headSort,
    filter: state.headFilter,
    heads: selectHeads(state, captures),
    probe: selectProbe(state, captures),
    isWritten: selectRun(state, selectPane(state).runId)?.phase.kind === 'running',
  }))
  const shownName = useWorkbenchState((state) => {
    const {aggregate, ...head} = selectShown(state, captures, pane)
    return aggregate === 'head' ? headName(head) : null
  })
  const labels = useHeadLabels()
  const names = useMemo(
    () => probe && new Map(probe.map((head) => [headName(head), head])),
    [probe]
  )
  const hasNames = names !== null || labels.some(({name, group}) => name !== '' || group !== '')
  const columns = isBrief ? BRIEF_COLUMNS : COLUMNS
  const shown = useMemo(
    () => listedHeads({heads: heads ?? [], probe, labels, sort, filter}),
    [heads, probe, labels, sort, filter]
  )
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
              <ColumnHeads columns={columns} heads={heads} hasNames={hasNames} />
              {groupsOf(shown).map((group, at) => (
                <tbody key={at}>
                  {group.map((head) => (
                    <HeadRow
                      key={headName(head)}
                      head={head}
                      pane={pane}
                      columns={columns}
                      probed={names?.get(headName(head)) ?? null}
                      label={labelOf(labels, head)}
                      hasNames={hasNames}
                      isShown={headName(head) === shownName}
                    />
                  ))}
                </tbody>
              ))}
            </table>
          </div>
          <Positions heads={heads} />
        </HintArea>
      ) : (
        <p className="ink-3" role="status">
          {phase.kind === 'running'
            ? `Scoring heads: ${formatCount(phase.done)} of ${formatCount(phase.total)}.`
            : isWritten
              ? 'Scored when the text is whole.'
              : 'Scored when the picture is there.'}
        </p>
      )}
    </section>
  )
})

/** Asks for the heads like the one that is shown. */
const LikeThis = memo(function LikeThis() {
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
})

interface ColumnHeadsProps {
  readonly columns: readonly Column[]
  readonly heads: readonly HeadStatistics[]
  readonly hasNames: boolean
}

/** Names of columns, each with what chance would give. */
const ColumnHeads = memo(function ColumnHeads({columns, heads, hasNames}: ColumnHeadsProps) {
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
})

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

interface PositionsProps {
  readonly heads: readonly HeadStatistics[]
}

/** On how many positions the scores rest. */
const Positions = memo(function Positions({heads}: PositionsProps) {
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
})

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
