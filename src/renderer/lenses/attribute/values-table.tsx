import {
  hasTotal,
  totalOfRow,
  type ValueRow,
  valueRows,
} from '../../../shared/figures/attribution/value-rows.ts'
import {METHOD_NAMES, quantityOf} from '../../../shared/figures/attribution/words.ts'
import {formatCount, formatFixed, NO_VALUE} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {UNIT_NAMES} from '../../../shared/units/unit-words.ts'
import {selectResolvedUnit} from '../../store/unit.ts'
import {usePaneRunId, useSelection} from '../use-pane.ts'
import {type PositionAt, useTokenPointer} from '../use-token-pointer.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {besideMethods, type PaneAttribution} from './use-attribution.ts'
import {valueHint} from './value-hint.ts'

/** The figure's numbers as a table, one row a token or unit; its foot is the sum where there is one, the same by every unit. */
export function ValuesTable({shown}: {readonly shown: PaneAttribution}) {
  const runId = usePaneRunId()
  const {hovered, locked} = useSelection()
  const {looks, unit} = useWorkbenchState((state, {captures}) => ({
    looks: state.attributionLooks,
    unit: selectResolvedUnit(state, captures, runId),
  }))
  const positionAt: PositionAt = ({clientX, clientY}) => {
    const row = document.elementFromPoint(clientX, clientY)?.closest('tr[data-position]')
    return row ? Number(row.getAttribute('data-position')) : null
  }
  const pointer = useTokenPointer(positionAt)
  const {result, row} = shown
  if (!result || !row) return null
  const {scores} = looks
  const rows = valueRows(result, row, {unit, scores})
  const isReagent = result.method === 'reagent'
  const released = isReagent ? valueRows(result, row, {unit, scores: 'released'}) : []
  const beside = besideMethods(shown.beside).map((one) => ({
    ...one,
    rows: new Map(valueRows(result, one.row, {unit, scores}).map((entry) => [entry.first, entry])),
  }))
  const {one, many} = UNIT_NAMES[unit.kind]
  const has = (position: number | null, {first, last}: ValueRow) =>
    position !== null && position >= first && position <= last
  return (
    <section
      className="values-scroll"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={`Values of ${many} as a table`}
      data-testid="values-table"
      data-target-place="tokens"
      {...pointer}
    >
      <table className="number-table values-table">
        <thead>
          <tr>
            <th scope="col">{one}</th>
            <th scope="col">position</th>
            <th scope="col" data-hint={valueHint(result.method, scores)}>
              {quantityOf(result.method, scores)}
            </th>
            <th scope="col" data-hint="attribution-range">
              low
            </th>
            <th scope="col" data-hint="attribution-range">
              high
            </th>
            {isReagent && scores !== 'released' && (
              <th scope="col" data-hint="attribution-released">
                released s
              </th>
            )}
            <th scope="col">rationale</th>
            {beside.map(({method}) => (
              <th key={method} scope="col" data-hint={valueHint(method, scores)}>
                {METHOD_NAMES[method]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((entry, i) => (
            <tr
              key={entry.first}
              data-position={entry.first}
              data-value={entry.value ?? ''}
              className={has(locked, entry) ? 'on' : has(hovered, entry) ? 'hovered' : ''}
            >
              <th scope="row" className="mono clip">
                {plainGlyphs({bytesHex: entry.bytesHex, isSpecial: entry.isSpecial}) || '∅'}
              </th>
              <td>
                {entry.last > entry.first
                  ? `${formatCount(entry.first)}–${formatCount(entry.last)}`
                  : formatCount(entry.first)}
              </td>
              <td>{entry.value === null ? NO_VALUE : formatFixed(entry.value, 4)}</td>
              <td>{formatFixed(entry.low, 4)}</td>
              <td>{formatFixed(entry.high, 4)}</td>
              {isReagent && scores !== 'released' && <td>{formatFixed(released[i]?.value, 4)}</td>}
              <td>{entry.isRationale ? 'yes' : ''}</td>
              {beside.map((other) => (
                <td key={other.method}>{formatFixed(other.rows.get(entry.first)?.value, 4)}</td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="sum">
            <th scope="row">in all</th>
            <td>{NO_VALUE}</td>
            <td data-testid="values-total">
              {hasTotal(row, scores) ? formatFixed(totalOfRow(row, scores), 4) : NO_VALUE}
            </td>
            <td>{NO_VALUE}</td>
            <td>{NO_VALUE}</td>
            {isReagent && scores !== 'released' && (
              <td>{formatFixed(totalOfRow(row, 'released'), 4)}</td>
            )}
            <td>{formatCount(row.rationale.length)}</td>
            {beside.map((other) => (
              <td key={other.method}>
                {hasTotal(other.row, scores)
                  ? formatFixed(totalOfRow(other.row, scores), 4)
                  : NO_VALUE}
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
    </section>
  )
}
