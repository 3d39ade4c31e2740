import {useVirtualizer} from '@tanstack/react-virtual'
import {memo, useEffect, useRef, useState} from 'react'
import {
  formatCount,
  formatFixed,
  formatMany,
  formatProb,
} from '../../../shared/figures/number-format.ts'
import {usePaneIndex} from '../../lenses/use-pane.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {tsvOf} from '../../prompts/list-data.ts'
import type {ListEntry} from '../../store/list-entries.ts'
import type {ListColumn} from '../../store/prompt-list-state.ts'
import {Button} from '../../ui/button.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {STATUS_HINT, shownCompletion, shownText, statusText} from './prompt-list-text.ts'
import {SPARK_TOP_BITS, Sparkline, sparkHint} from './sparkline.tsx'

/** Beside the columns that sort. */
const SPARK_HINT = `Surprisal of the prompt’s tokens one by one, bars up to ${SPARK_TOP_BITS} bits in every row.`
const ROW_PX = 28
/** The head of two lines, which stays over the rows. */
const HEAD_PX = 40

interface ColumnHead {
  readonly column: ListColumn
  readonly text: string
  readonly hint: string
  readonly isNumber?: boolean
}

const HEADS: readonly ColumnHead[] = [
  {
    column: 'number',
    text: '#',
    hint: 'Place in the list. Sorting by it gives the order as read.',
    isNumber: true,
  },
  {column: 'prompt', text: 'prompt', hint: 'The prompt; of a chat its last turn.'},
  {
    column: 'completion',
    text: 'completion',
    hint: 'What the model goes on with; special tokens are left out.',
  },
  {column: 'answer', text: 'answer', hint: 'The text expected right after the prompt.'},
  {
    column: 'status',
    text: 'status',
    hint: STATUS_HINT,
  },
  {
    column: 'prob',
    text: 'answer probability',
    hint: 'answer-probability',
    isNumber: true,
  },
  {
    column: 'surprisal',
    text: 'mean surprisal, bits per token',
    hint: 'mean-surprisal',
    isNumber: true,
  },
  {
    column: 'tokens',
    text: 'prompt tokens',
    hint: 'prompt-tokens',
    isNumber: true,
  },
]

export interface PromptListTableProps {
  readonly entries: readonly ListEntry[]
  /** Rows of the list, hidden ones included. */
  readonly total: number
}

/** The rows, sortable by each column; arrows walk them, Enter opens one in the lens. */
export function PromptListTable({entries, total}: PromptListTableProps) {
  const actions = useActions()
  const pane = usePaneIndex()
  const {focusId, selected, sort} = useWorkbenchState((state) => ({
    focusId: state.listFocusId,
    selected: state.listSelected,
    sort: state.listSort,
  }))
  const scroll = useRef<HTMLDivElement>(null)
  const table = useRef<HTMLTableElement>(null)
  // Coming back from a row by key, one goes on with the keys.
  useEffect(() => {
    if (document.activeElement === document.body) table.current?.focus()
  }, [])
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollMargin: HEAD_PX,
    scrollPaddingStart: HEAD_PX,
  })
  const found = entries.findIndex(({row}) => row.id === focusId)
  const focus = found < 0 ? (entries.length > 0 ? 0 : -1) : found
  const anchor = useRef<number | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only where the focus goes is followed.
  useEffect(() => {
    if (focus >= 0) virtual.scrollToIndex(focus)
  }, [focusId])

  const select = (index: number, how: 'only' | 'range' | 'toggle') => {
    const entry = entries[Math.max(0, Math.min(entries.length - 1, index))]
    if (!entry) return
    const at = entries.indexOf(entry)
    if (how === 'range') {
      const from = anchor.current ?? Math.max(0, focus)
      anchor.current = from
      const ids = entries.slice(Math.min(from, at), Math.max(from, at) + 1).map(({row}) => row.id)
      actions.changeListView({listFocusId: entry.row.id, listSelected: new Set(ids)})
      return
    }
    anchor.current = at
    const others = new Set(how === 'toggle' ? selected : [])
    if (how === 'toggle' && others.has(entry.row.id)) others.delete(entry.row.id)
    else others.add(entry.row.id)
    actions.changeListView({listFocusId: entry.row.id, listSelected: others})
  }
  const sortBy = (column: ListColumn) => {
    const isSame = sort?.column === column
    actions.changeListView({
      listSort:
        column === 'number' && !isSame && sort !== null
          ? null
          : {column, isDescending: isSame ? !sort.isDescending : false},
    })
  }
  const copy = async () => {
    const chosen = entries.filter(({row}) => selected.has(row.id))
    try {
      await navigator.clipboard.writeText(tsvOf(chosen.length > 0 ? chosen : entries))
      actions.notify(`copied ${formatMany(chosen.length || entries.length, 'row')}`)
    } catch {
      actions.notify('the browser did not allow copying')
    }
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget) return
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 0) / ROW_PX) - 2)
    const how = event.shiftKey ? 'range' : 'only'
    const steps: Record<string, number> = {
      ArrowDown: focus + 1,
      ArrowUp: focus - 1,
      PageDown: focus + page,
      PageUp: focus - page,
      Home: 0,
      End: entries.length - 1,
    }
    const hasMod = event.ctrlKey || event.metaKey
    const target = hasMod || event.altKey ? undefined : steps[event.key]
    if (target !== undefined) select(target, how)
    else if (hasMod && event.key.toLowerCase() === 'a') {
      actions.changeListView({listSelected: new Set(entries.map(({row}) => row.id))})
    } else if (hasMod && event.key.toLowerCase() === 'c') void copy()
    else if (event.key === ' ') select(focus, 'toggle')
    else if (event.key === 'Enter' && !hasMod) {
      const entry = entries[focus]
      if (entry) actions.openListRow(entry.row.id, pane)
    } else if (event.key === 'Delete') actions.removeListRows(selected)
    else return
    event.preventDefault()
  }

  const items = virtual.getVirtualItems()
  const beforePx = (items[0]?.start ?? HEAD_PX) - HEAD_PX
  const afterPx = virtual.getTotalSize() + HEAD_PX - (items.at(-1)?.end ?? HEAD_PX)
  const focused = entries[focus]
  const [isWhole, setWhole] = useState(false)
  return (
    <HintArea>
      <div className="list-frame">
        <div ref={scroll} className="list-scroll">
          <table
            ref={table}
            className={`list-table ${isWhole ? 'whole' : ''}`}
            // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its rows are walked and chosen.
            role="grid"
            tabIndex={0}
            aria-label="Prompt list"
            aria-multiselectable="true"
            aria-rowcount={entries.length + 1}
            aria-activedescendant={focused ? `list-row-${focused.row.id}` : undefined}
            data-testid="list-table"
            onKeyDown={onKeyDown}
          >
            <colgroup>
              {HEADS.map(({column}) => (
                <col key={column} className={`col-${column}`} />
              ))}
              <col className="col-spark" />
            </colgroup>
            <thead>
              <tr>
                {HEADS.map(({column, text, hint, isNumber}) => {
                  const isSorted = sort?.column === column
                  return (
                    <th
                      key={column}
                      scope="col"
                      className={isNumber ? 'number' : ''}
                      aria-sort={
                        isSorted
                          ? sort.isDescending
                            ? 'descending'
                            : 'ascending'
                          : column === 'number' && sort === null
                            ? 'ascending'
                            : 'none'
                      }
                      data-hint={hint}
                    >
                      <button
                        type="button"
                        className="sort-button"
                        onClick={() => sortBy(column)}
                        data-testid={`sort-${column}`}
                      >
                        {text}
                        {isSorted && (
                          <span aria-hidden="true"> {sort.isDescending ? '↓' : '↑'}</span>
                        )}
                      </button>
                    </th>
                  )
                })}
                <th scope="col" className="spark-head" data-hint={SPARK_HINT}>
                  surprisal by token
                  <br />0 to {SPARK_TOP_BITS} bits
                </th>
              </tr>
            </thead>
            <tbody>
              {beforePx > 0 && (
                <tr>
                  <td style={{height: beforePx, padding: 0}} />
                </tr>
              )}
              {items.map(({index}) => {
                const entry = entries[index]!
                const {row} = entry
                const isSelected = selected.has(row.id)
                const hasGround = isSelected || (index === focus && selected.size === 0)
                return (
                  <tr
                    key={row.id}
                    id={`list-row-${row.id}`}
                    aria-rowindex={index + 2}
                    aria-selected={isSelected}
                    className={`${entry.status} ${hasGround ? 'on' : ''} ${index === focus ? 'focus' : ''}`}
                    data-testid="list-row"
                    data-number={entry.number}
                    onClick={(event) => {
                      const how = event.shiftKey
                        ? 'range'
                        : event.ctrlKey || event.metaKey
                          ? 'toggle'
                          : 'only'
                      select(index, how)
                    }}
                    onDoubleClick={() => actions.openListRow(row.id, pane)}
                  >
                    <ListCells entry={entry} />
                  </tr>
                )
              })}
              {afterPx > 0 && (
                <tr>
                  <td style={{height: afterPx, padding: 0}} />
                </tr>
              )}
            </tbody>
          </table>
          {entries.length === 0 && (
            <div className="ink-2 list-none">
              {total === 1
                ? 'The only row is hidden by the filter.'
                : `All ${formatCount(total)} rows are hidden by the filter.`}
            </div>
          )}
        </div>
        <div className="list-more small ink-3">
          <Button
            look="plain"
            className="small"
            aria-pressed={isWhole}
            onPress={() => setWhole(!isWhole)}
            testId="list-columns-more"
          >
            {isWhole ? (
              '◂ only the columns that have room'
            ) : (
              <>
                <span className="list-more-surprisal">3</span>
                <span className="list-more-rest">2</span> more columns ▸
              </>
            )}
          </Button>
          {!isWhole && (
            <span>
              <span className="list-more-surprisal">mean surprisal, </span>
              prompt tokens, surprisal by token
            </span>
          )}
        </div>
      </div>
    </HintArea>
  )
}

const MOST_CELL_CHARS = 300
const short = (text: string) => shownText(text.slice(0, MOST_CELL_CHARS))

/** Entries are made anew whenever a row is done; those that say the same are not drawn again. */
const ListCells = memo(function ListCells({entry}: {readonly entry: ListEntry}) {
  const {row, number, result, completion} = entry
  const prob = result?.answer?.prob ?? null
  return (
    <>
      <td className="number ink-3">{formatCount(number)}</td>
      <th scope="row" className="mono clip">
        {short(row.prompt)}
      </th>
      <td className="mono clip">{result ? shownCompletion(completion.slice(0, 300)) : '—'}</td>
      <td className="mono clip">{row.answer === null ? '' : shownCompletion(row.answer)}</td>
      <td className="list-status">{statusText(entry)}</td>
      <td className="number" data-prob={prob ?? undefined}>
        {prob !== null && (
          <span className="prob-bar" aria-hidden="true">
            <span style={{width: `${100 * prob}%`}} />
          </span>
        )}
        <span className="prob-number">{formatProb(prob)}</span>
      </td>
      <td className="number">{formatFixed(result?.meanSurprisalBits, 2)}</td>
      <td className="number">{result ? formatCount(result.promptTokenCount) : '—'}</td>
      <td data-hint={result ? sparkHint(result.surprisalsBits) : undefined}>
        {result && <Sparkline surprisals={result.surprisalsBits} />}
      </td>
    </>
  )
}, haveSameCells)

function haveSameCells(a: {readonly entry: ListEntry}, b: {readonly entry: ListEntry}): boolean {
  return (
    a.entry.row === b.entry.row &&
    a.entry.number === b.entry.number &&
    a.entry.result === b.entry.result &&
    a.entry.status === b.entry.status
  )
}
