import {useDeferredValue, useMemo} from 'react'
import {formatBits, formatCount, formatProb} from '../../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import type {ListEntry} from '../../store/list-entries.ts'
import {shownText} from './prompt-list-text.ts'
import {scatterOf} from './scatter-layout.ts'

const WIDTH_PX = 440
const HEIGHT_PX = 128

/**
 * Answer probability over mean surprisal, a mark a row: right ones are rings, wrong ones crosses. It is
 * drawn for the eye; the table has the same numbers for keys and readers, and its focus is marked here.
 */
export function ListScatter({entries}: {readonly entries: readonly ListEntry[]}) {
  const {changeListView} = useActions()
  const focusId = useWorkbenchState((state) => state.listFocusId)
  // Rows come in faster than a thousand marks are drawn: the table and the keys go first.
  const drawn = useDeferredValue(entries)
  const {marks, ticks, unmarkedCount, plot} = useMemo(
    () => scatterOf(drawn, WIDTH_PX, HEIGHT_PX),
    [drawn]
  )
  if (marks.length === 0) return null
  const focused = marks.find(({entry}) => entry.row.id === focusId)
  return (
    <section className="list-scatter" aria-label="Sure and surprised">
      <h3>
        Sure and surprised{' '}
        <span
          data-hint={
            unmarkedCount > 0
              ? `${formatCount(unmarkedCount)} done rows have no mark: they have no answer or no surprisal, or there are too many to tell apart.`
              : undefined
          }
        >
          answer probability over mean surprisal, a mark a row
        </span>
      </h3>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the table is the same by keys. */}
      <svg
        width={WIDTH_PX}
        height={HEIGHT_PX}
        role="img"
        aria-label={`${formatCount(marks.length)} rows by answer probability and mean surprisal; the numbers are in the table`}
        onClick={(event) => {
          const id = (event.target as Element).closest('[data-row]')?.getAttribute('data-row')
          if (id) changeListView({listFocusId: id, listSelected: new Set([id])})
        }}
      >
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
          <text
            key={tick}
            className="tick"
            x={plot.x(tick)}
            y={plot.bottom + 15}
            textAnchor="middle"
          >
            {tick}
          </text>
        ))}
        <text className="tick" x={plot.right} y={HEIGHT_PX - 2} textAnchor="end">
          mean surprisal, bits per token
        </text>
        {marks.map(({entry, x, y}) => (
          <g
            key={entry.row.id}
            className={`mark ${entry.status}`}
            data-row={entry.row.id}
            data-testid="scatter-mark"
            data-hint={`#${formatCount(entry.number)} ${shownText(entry.row.prompt).slice(-80)}\nprobability ${formatProb(entry.result!.answer!.prob)}, ${formatBits(entry.result!.meanSurprisalBits)} bits per token, ${entry.status}`}
          >
            {entry.status === 'wrong' ? (
              <path d={`M${x - 3.5} ${y - 3.5}l7 7m0 -7l-7 7`} />
            ) : (
              <circle cx={x} cy={y} r={3.5} />
            )}
          </g>
        ))}
        {focused && (
          <g className="focused" pointerEvents="none">
            <circle cx={focused.x} cy={focused.y} r={8} />
            <text x={focused.x + 12} y={focused.y + 4}>
              {formatCount(focused.entry.number)}
            </text>
          </g>
        )}
      </svg>
    </section>
  )
}
