import {memo, useDeferredValue, useId, useMemo, useState} from 'react'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {usePaneIndex} from '../../lenses/use-pane.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import type {ListEntry} from '../../store/list-entries.ts'
import {useIsFlat} from '../../ui/more-controls.tsx'
import {useSize} from '../../ui/use-size.ts'
import {markWords} from './list-words.ts'

import {
  MOST_LABELS,
  markLabels,
  markPaths,
  marksAlong,
  nearestMark,
  type ScatterLayout,
  type ScatterMark,
  scatterOf,
  topBitsOf,
} from './scatter-layout.ts'

const HEIGHT_PX = 132
/** In a low window: all of it stands in sight between the views and the controls. */
const FLAT_HEIGHT_PX = 108
const MOST_WIDTH_PX = 480
const REACH_PX = 10

export interface ListScatterProps {
  /** All rows: they give the axis, which stays as it is while rows are filtered. */
  readonly entries: readonly ListEntry[]
  /** The rows that the table shows: they have marks. */
  readonly shown: readonly ListEntry[]
}

/**
 * Answer probability over mean surprisal, a mark a row. Pointing at one names it, a click gives its row the
 * focus. By keys: left and right go along the surprisal, up and down along the probability, Enter opens.
 */
export function ListScatter({entries, shown}: ListScatterProps) {
  const {changeListView, openListRow} = useActions()
  const pane = usePaneIndex()
  const focusId = useWorkbenchState((state) => state.listFocusId)
  const [box, {widthPx: roomPx}] = useSize<HTMLDivElement>()
  const optionId = useId()
  const [hoveredId, setHoveredId] = useState<string | null>(null)
  const widthPx = Math.min(MOST_WIDTH_PX, roomPx)
  const heightPx = useIsFlat() ? FLAT_HEIGHT_PX : HEIGHT_PX
  // Rows come in faster than thousands of marks are placed: the table and the keys go first.
  const drawn = useDeferredValue(shown)
  const all = useDeferredValue(entries)
  const layout = useMemo(
    () => scatterOf(drawn, topBitsOf(all), widthPx, heightPx),
    [drawn, all, widthPx, heightPx]
  )
  const {marks, unmarkedCount} = layout
  const markOf = (id: string | null) =>
    id === null ? null : (marks.find(({entry}) => entry.row.id === id) ?? null)
  const focused = markOf(focusId)
  const hovered = markOf(hoveredId)

  const choose = ({entry}: ScatterMark) =>
    changeListView({listFocusId: entry.row.id, listSelected: new Set([entry.row.id])})
  const markAt = (event: React.PointerEvent | React.MouseEvent) => {
    const area = event.currentTarget.getBoundingClientRect()
    const zoom = widthPx > 0 ? area.width / widthPx : 1
    return nearestMark(
      marks,
      (event.clientX - area.left) / zoom,
      (event.clientY - area.top) / zoom,
      REACH_PX
    )
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const target = focused ? keyTarget(marks, focused, event.key) : KEYS[event.key] && marks[0]
    if (target) choose(target)
    else if (event.key === 'Enter' && focused) openListRow(focused.entry.row.id, pane)
    else return
    event.preventDefault()
  }
  const hasRows = all.some(({result}) => result?.answer)
  if (!hasRows) {
    return (
      <section className="list-scatter" aria-label="Sure and surprised" ref={box}>
        <h2>Sure and surprised</h2>
        <p className="ink-2">
          Each row with an answer gets a mark here when it is done: its answer probability over its
          mean surprisal.
        </p>
      </section>
    )
  }
  return (
    <section className="list-scatter" aria-label="Sure and surprised" ref={box}>
      <h2>
        Sure and surprised{' '}
        <span className={hovered ? 'clip' : 'wraps'} data-testid="scatter-words">
          {hovered
            ? markWords(hovered.entry)
            : `answer probability over mean surprisal${
                unmarkedCount > 0
                  ? `; ${formatMany(unmarkedCount, 'row')} ${unmarkedCount === 1 ? 'lacks' : 'lack'} one of them`
                  : ''
              }`}
        </span>
      </h2>
      <div
        role="listbox"
        tabIndex={0}
        className="scatter-area"
        style={{width: widthPx, height: heightPx}}
        aria-label={`${formatMany(marks.length, 'row')} by answer probability and mean surprisal. The table has the same numbers.`}
        aria-activedescendant={focused ? optionId : undefined}
        data-testid="list-scatter"
        onKeyDown={onKeyDown}
        onPointerMove={(event) => setHoveredId(markAt(event)?.entry.row.id ?? null)}
        onPointerLeave={() => setHoveredId(null)}
        onClick={(event) => {
          const mark = markAt(event)
          if (mark) choose(mark)
        }}
        onDoubleClick={(event) => {
          const mark = markAt(event)
          if (mark) openListRow(mark.entry.row.id, pane)
        }}
      >
        {focused && (
          <div
            id={optionId}
            role="option"
            className="visually-hidden"
            tabIndex={-1}
            aria-selected="true"
            aria-setsize={marks.length}
            aria-posinset={marks.indexOf(focused) + 1}
            data-testid="scatter-focused"
          >
            {markWords(focused.entry)}
          </div>
        )}
        <svg width={widthPx} height={heightPx} aria-hidden="true">
          <Axes layout={layout} />
          <Marks marks={marks} />
          {hovered && <circle className="hovered" cx={hovered.x} cy={hovered.y} r={6.5} />}
          {focused && (
            <g className="focused">
              <circle cx={focused.x} cy={focused.y} r={8} />
              {marks.length > MOST_LABELS && (
                <text x={focused.x + 11} y={focused.y + 4}>
                  {formatCount(focused.entry.number)}
                </text>
              )}
            </g>
          )}
        </svg>
      </div>
    </section>
  )
}

const KEYS: Readonly<Record<string, readonly ['surprisal' | 'probability', number]>> = {
  ArrowRight: ['surprisal', 1],
  ArrowLeft: ['surprisal', -1],
  ArrowUp: ['probability', 1],
  ArrowDown: ['probability', -1],
  Home: ['surprisal', Number.NEGATIVE_INFINITY],
  End: ['surprisal', Number.POSITIVE_INFINITY],
}

/** The mark that a key goes to: the next along an axis, or the first or last. */
function keyTarget(
  marks: readonly ScatterMark[],
  from: ScatterMark,
  key: string
): ScatterMark | undefined {
  const step = KEYS[key]
  if (!step) return undefined
  const along = marksAlong(marks, step[0])
  return along[Math.max(0, Math.min(along.length - 1, along.indexOf(from) + step[1]))]
}

const Axes = memo(function Axes({layout: {plot, ticks}}: {readonly layout: ScatterLayout}) {
  return (
    <>
      {[0, 0.5, 1].map((prob) => (
        <g key={prob}>
          <line
            className="rule"
            x1={plot.left}
            x2={plot.right}
            y1={plot.y(prob)}
            y2={plot.y(prob)}
          />
          <text className="tick" x={plot.left - 6} y={plot.y(prob) + 4} textAnchor="end">
            {prob}
          </text>
        </g>
      ))}
      {ticks.map((tick) => (
        <text key={tick} className="tick" x={plot.x(tick)} y={plot.bottom + 15} textAnchor="middle">
          {formatCount(tick)}
        </text>
      ))}
      <text className="tick" x={plot.right} y={plot.bottom + 30} textAnchor="end">
        mean surprisal, bits per token
      </text>
    </>
  )
})

const Marks = memo(function Marks({marks}: {readonly marks: readonly ScatterMark[]}) {
  return (
    <>
      {markPaths(marks).map(({status, level, d}) => (
        <path
          key={`${status} ${level}`}
          className={level === null ? `mark ${status}` : `mark ${status} raster level-${level}`}
          d={d}
          data-testid="scatter-marks"
        />
      ))}
      {markLabels(marks).map(({id, text, x, y, anchor}) => (
        <text key={id} className="mark-label" x={x} y={y} textAnchor={anchor}>
          {text}
        </text>
      ))}
    </>
  )
})
