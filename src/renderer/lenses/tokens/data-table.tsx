import {useVirtualizer, type Virtualizer} from '@tanstack/react-virtual'
import {memo, useCallback, useEffect, useMemo, useRef, useState} from 'react'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {UNIT_NAMES} from '../../../shared/units/unit-words.ts'
import {pinnedPositions, selectPins} from '../../store/selection.ts'
import {type RunUnits, unitsOfToken} from '../../store/unit.ts'
import {Button} from '../../ui/button.tsx'
import {scrollAfterCommit} from '../../ui/scroll-after-commit.ts'
import {usePaneRunId, useSelection} from '../use-pane.ts'
import {type PositionAt, useTokenPointer} from '../use-token-pointer.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {useLineWalk} from '../walk.ts'
import {
  fitColumns,
  formatShare,
  numberOf,
  type TableColumn,
  tokenCounts,
  totalOf,
  unitName,
} from './table-rows.ts'

const ROW_PX = 20
/** Head and foot, which stay while rows scroll. */
const STICKY_PX = 72

/** Tells a list's size once it has been laid out; to ask at once has the whole page laid out in the middle of a key press. */
function observeLater(
  {scrollElement}: Virtualizer<HTMLDivElement, Element>,
  tell: (rect: {width: number; height: number}) => void
): () => void {
  const observer = new ResizeObserver(([entry]) => {
    const box = entry?.borderBoxSize[0]
    if (box) tell({width: Math.round(box.inlineSize), height: Math.round(box.blockSize)})
  })
  if (scrollElement) observer.observe(scrollElement)
  return () => observer.disconnect()
}

/** The line under the table that offers what has no room. */
const MORE_PX = 28

/** What a table of so many rows takes where it is not scrolled. */
export const tableHeightPx = (rowCount: number): number => rowCount * ROW_PX + STICKY_PX + MORE_PX

/** Rows are brought into sight once the page is whole. */
function scrollLater(
  offset: number,
  {adjustments = 0}: {readonly adjustments?: number},
  {scrollElement}: Virtualizer<HTMLDivElement, Element>
): void {
  if (scrollElement) scrollAfterCommit(scrollElement, {top: offset + adjustments})
}

export interface DataTableProps {
  readonly tokens: readonly ScoredToken[]
  readonly units: RunUnits
  /** Columns that have no room in this are left out whole, and offered below. */
  readonly widthPx: number
  /** About how high it will stand: rows are drawn for that before anything is measured. */
  readonly roomPx: number
}

/** The figure's numbers as a table, one row a unit, for reading and for screen readers; its foot is the run. */
export function DataTable({tokens, units, widthPx, roomPx}: DataTableProps) {
  const {unit, table} = units
  const isByToken = unit.kind === 'token'
  const runId = usePaneRunId()
  const {hovered, locked} = useSelection()
  const pins = useWorkbenchState((state) => selectPins(state, runId))
  const ref = useRef<HTMLDivElement>(null)
  const counts = useMemo(() => tokenCounts(units), [units])
  const unitOf = (position: number | null) =>
    position === null || position >= tokens.length ? [] : unitsOfToken(units, position)
  const lockedRows = new Set(unitOf(locked).map((piece) => piece.unit))
  const hoveredRows = new Set(unitOf(hovered).map((piece) => piece.unit))
  const lockedRow = unitOf(locked)[0]?.unit ?? -1
  const rows = useVirtualizer({
    count: units.units.length,
    getScrollElement: () => ref.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
    // A row that is brought into sight stands neither under the head nor under the foot.
    scrollPaddingEnd: STICKY_PX,
    initialRect: {width: 1, height: roomPx},
    observeElementRect: observeLater,
    scrollToFn: scrollLater,
    initialOffset: () =>
      (lockedRow + 1) * ROW_PX + STICKY_PX > roomPx ? lockedRow * ROW_PX - roomPx / 2 : 0,
  })

  // A lock that was made elsewhere is brought into sight; the first one stands there already.
  const shownRow = useRef(lockedRow)
  useEffect(() => {
    if (lockedRow === shownRow.current) return
    shownRow.current = lockedRow
    if (lockedRow >= 0) rows.scrollToIndex(lockedRow, {align: 'auto'})
  }, [lockedRow, rows])
  useLineWalk(
    useCallback(
      (position, lineCount) => {
        const from = unitsOfToken(units, position)[0]?.unit ?? 0
        const row = Math.max(0, Math.min(table.units.length - 1, from + lineCount))
        return table.units[row]?.firstPosition ?? null
      },
      [units, table]
    )
  )
  const positionAt: PositionAt = ({clientX, clientY}) => {
    const row = document.elementFromPoint(clientX, clientY)?.closest('[data-position]')
    return row && ref.current?.contains(row) ? Number(row.getAttribute('data-position')) : null
  }
  const pointer = useTokenPointer(positionAt)

  const items = rows.getVirtualItems()
  const beforePx = items[0]?.start ?? 0
  const afterPx = rows.getTotalSize() - (items.at(-1)?.end ?? 0)
  const pinNumbers = pinnedPositions(pins)
  const pinsOf = (index: number) =>
    pinNumbers
      .flatMap((position, i) =>
        unitOf(position).some((piece) => piece.unit === index) ? [i + 1] : []
      )
      .join(' ')
  const hasPins = pinNumbers.length > 0
  const {one, many} = UNIT_NAMES[unit.kind]
  const {pages, textPx} = useMemo(
    () => fitColumns(units, widthPx, hasPins),
    [units, widthPx, hasPins]
  )
  const [chosenPage, setPage] = useState(0)
  const page = chosenPage % pages.length
  const columns = pages[page]!
  return (
    <div className="table-frame">
      <section
        ref={ref}
        className="table-scroll"
        style={{'--unit-text': `${textPx}px`} as React.CSSProperties}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        aria-label={`${many[0]!.toUpperCase()}${many.slice(1)} as a table`}
        data-testid="data-table"
        data-target-place="tokens"
        {...pointer}
      >
        <table className="data-table" aria-rowcount={units.units.length + 2}>
          <TableHead isByToken={isByToken} name={one} hasPins={hasPins} columns={columns} />
          <tbody>
            {beforePx > 0 && (
              <tr>
                <td style={{height: beforePx}} />
              </tr>
            )}
            {items.map(({index}) => (
              <UnitRow
                key={index}
                index={index}
                token={isByToken ? tokens[index]! : null}
                units={units}
                count={counts[index]!}
                columns={columns}
                pins={hasPins ? pinsOf(index) : null}
                look={lockedRows.has(index) ? 'on' : hoveredRows.has(index) ? 'near' : ''}
              />
            ))}
            {afterPx > 0 && (
              <tr>
                <td style={{height: afterPx}} />
              </tr>
            )}
          </tbody>
          <TableFoot units={units} hasPins={hasPins} tokenCount={tokens.length} columns={columns} />
        </table>
      </section>
      {pages.length > 1 && <MoreColumns pages={pages} page={page} onPage={setPage} />}
    </div>
  )
}

interface MoreColumnsProps {
  readonly pages: readonly (readonly TableColumn[])[]
  readonly page: number
  onPage(page: number): void
}

/** Counts the columns that there is no room for, names them, and shows the next of them. */
function MoreColumns({pages, page, onPage}: MoreColumnsProps) {
  const hidden = pages.flatMap((columns, i) => (i === page ? [] : columns))
  return (
    <div className="table-more small ink-3">
      <Button
        look="plain"
        className="small"
        onPress={() => onPage((page + 1) % pages.length)}
        testId="more-columns"
      >
        {formatMany(hidden.length, 'more column')} ▸
      </Button>
      <span>{hidden.map(({head}) => head).join(', ')}</span>
    </div>
  )
}

interface TableHeadProps {
  readonly columns: readonly TableColumn[]
  readonly isByToken: boolean
  readonly name: string
  readonly hasPins: boolean
}

function TableHead({isByToken, name, hasPins, columns}: TableHeadProps) {
  return (
    <thead>
      <tr>
        {hasPins && (
          <th scope="col" className="word" data-hint="pin-number">
            pin
          </th>
        )}
        <th scope="col" data-hint={isByToken ? 'position' : 'unit-positions'}>
          {isByToken ? 'position' : 'positions'}
        </th>
        <th scope="col" className="word" data-hint="token">
          {name}
        </th>
        {isByToken ? (
          <th scope="col" data-hint="token-id">
            id
          </th>
        ) : (
          <th scope="col" data-hint="unit-tokens">
            tokens
          </th>
        )}
        {columns.map(({track, head, unit, aggregation}) => (
          <th
            key={track}
            scope="col"
            data-hint={track}
            data-hint-more={isByToken ? undefined : `Of a ${name}: the ${aggregation}.`}
          >
            {head}
            <small>
              {[isByToken ? '' : aggregation, unit].filter(Boolean).join(', ') || '\u00a0'}
            </small>
          </th>
        ))}
      </tr>
    </thead>
  )
}

interface UnitRowProps {
  readonly index: number
  /** Where rows are tokens. */
  readonly token: ScoredToken | null
  readonly units: RunUnits
  readonly count: number
  readonly columns: readonly TableColumn[]
  /** Null where there is no column for them. */
  readonly pins: string | null
  readonly look: string
}

/** A row; pointing and walking draw only those again that change. */
const UnitRow = memo(function UnitRow(props: UnitRowProps) {
  const {index, token, units, count, columns, pins, look} = props
  const unit = units.units[index]!
  const {firstPosition, lastPosition} = unit
  return (
    <tr
      aria-rowindex={index + 2}
      aria-current={look === 'on' ? 'true' : undefined}
      className={`${look} ${unit.role === 'outside' ? 'outside' : ''}`}
      data-position={firstPosition}
    >
      {pins !== null && <td className="pin-number">{pins}</td>}
      <td>
        {firstPosition === lastPosition
          ? formatCount(firstPosition)
          : `${formatCount(firstPosition)} to ${formatCount(lastPosition)}`}
      </td>
      <th scope="row" className="word mono clip unit-text">
        {token ? plainGlyphs(token) : unitName(units, index)}
      </th>
      <td>{token ? formatCount(token.id) : formatShare(count)}</td>
      {columns.map((column) => (
        <td key={column.track}>{column.format(numberOf(column, unit))}</td>
      ))}
    </tr>
  )
})

interface TableFootProps {
  readonly units: RunUnits
  readonly hasPins: boolean
  readonly tokenCount: number
  readonly columns: readonly TableColumn[]
}

/** The whole run, which is the same at every level. */
const TableFoot = memo(function TableFoot(props: TableFootProps) {
  const {units, hasPins, tokenCount, columns} = props
  // Heads of units say what a column’s numbers are; those of tokens are no sums.
  const isByToken = units.unit.kind === 'token'
  return (
    <tfoot>
      <tr aria-rowindex={units.units.length + 2} data-testid="table-total">
        <th scope="row" className="word" colSpan={hasPins ? 3 : 2}>
          all of it
        </th>
        <td>
          {isByToken && <small>tokens</small>}
          {formatCount(tokenCount)}
        </td>
        {columns.map((column) => (
          <td
            key={column.track}
            data-total={column.track}
            data-exact={totalOf(column, units) ?? ''}
          >
            {isByToken && <small>{column.aggregation}</small>}
            {column.format(totalOf(column, units))}
          </td>
        ))}
      </tr>
    </tfoot>
  )
})
