import {formatFixed} from '../../../shared/figures/number-format.ts'
import {rowName} from '../../../shared/figures/tokenize/caption.ts'
import {countColumns} from '../../../shared/figures/tokenize/counts.ts'
import type {ComparedText} from '../../store/tokenizers-state.ts'
import {useSize} from '../../ui/use-size.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {proofOf, spansOfRow} from './badge-words.ts'
import {nameOfChoice} from './names.ts'

export interface MetricsTablesProps {
  readonly compared: ComparedText
  /** How far they cut alike is told even where there is no room for it beside the rest. */
  readonly hasAll: boolean
}

/** Room that the tables take, about: with so many columns, and for each more. */
const COUNTS_PX = 650
const USUAL_COUNT = 6
const COLUMN_PX = 76
const CUTS_NAME_PX = 130
const CUTS_COLUMN_PX = 66

/** What is counted of the text, one row a tokenizer, and how far they cut alike. */
export function MetricsTables({compared, hasAll}: MetricsTablesProps) {
  const {summary, pending} = compared
  const {heldRow, isProving} = useWorkbenchState((state) => ({
    heldRow: state.heldRow,
    isProving: state.isProving,
  }))
  const {holdRow, checkEngines} = useActions()
  const [ref, {widthPx}] = useSize<HTMLDivElement>()
  const {results} = summary
  const columns = countColumns(summary)
  const needPx =
    COUNTS_PX +
    COLUMN_PX * (columns.length - USUAL_COUNT) +
    CUTS_NAME_PX +
    CUTS_COLUMN_PX * (results.length + pending.length - 1)
  const hasRoom = hasAll || widthPx >= needPx
  const isProven = results.some(({badges}) => badges.some(({kind}) => kind === 'engines'))
  return (
    <div ref={ref} className="metrics-place">
      <section
        className="metrics-scroll"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        aria-label="Counts of the text"
      >
        <table className="metrics-table" data-testid="metrics" data-hint-under="">
          <thead>
            <tr>
              <th scope="col" className="word">
                on this text
              </th>
              {columns.map(({title, hint}) => (
                <th key={title} scope="col" data-hint={hint}>
                  {title}
                </th>
              ))}
              <th scope="col" className="word" data-hint="span-badge">
                spans
              </th>
              <th scope="col" className="word" data-hint="proof-badge">
                proof
                {!isProven && pending.length === 0 && (
                  <button
                    type="button"
                    className="check-button"
                    disabled={isProving}
                    onClick={checkEngines}
                  >
                    {isProving ? 'checking…' : 'check again'}
                  </button>
                )}
              </th>
            </tr>
          </thead>
          <tbody>
            {results.map((row, i) => (
              <tr
                key={row.tokenizer}
                className={row.tokenizer === heldRow ? 'on' : ''}
                data-tokenizer={row.tokenizer}
              >
                <th scope="row" className="word">
                  <button
                    type="button"
                    className="row-choice"
                    aria-pressed={row.tokenizer === heldRow}
                    onClick={() => holdRow(row.tokenizer === heldRow ? null : row.tokenizer)}
                  >
                    {rowName(row)}
                  </button>
                </th>
                {columns.map(({title, cells}) => (
                  <td key={title}>{cells[i]}</td>
                ))}
                <td className="word">
                  <Badge {...spansOfRow(row)} />
                </td>
                <td className="word">
                  <Badge {...proofOf(row)} />
                </td>
              </tr>
            ))}
            {pending.map((name) => (
              <tr key={name} data-pending={name}>
                <th scope="row" className="word ink-3">
                  {nameOfChoice(name)}
                </th>
                <td colSpan={columns.length + 2} className="word ink-3">
                  to come
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {results.length > 1 && hasRoom && pending.length === 0 && <SharedCuts compared={compared} />}
    </div>
  )
}

interface BadgeProps {
  readonly text: string
  readonly more: string
  readonly isGood: boolean
}

function Badge({text, more, isGood}: BadgeProps) {
  return (
    <span className={isGood ? 'badge' : 'badge warn'} data-hint={more}>
      {!isGood && <span aria-hidden="true">▲ </span>}
      {text}
      <span className="visually-hidden">: {more}</span>
    </span>
  )
}

/** F1 of interior boundaries, each pair once. */
function SharedCuts({compared}: {readonly compared: ComparedText}) {
  const {results, metrics} = compared.summary
  const f1Of = (a: string, b: string) =>
    metrics.boundaryAgreement.find(
      (pair) => (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a)
    )?.f1
  const ids = results.map(({tokenizer}) => tokenizer)
  return (
    <div className="metrics-scroll shared-cuts">
      <table className="metrics-table" data-testid="agreement" data-hint-under="">
        <thead>
          <tr>
            <th scope="col" className="word" data-hint="boundary-f1">
              shared cuts, F1
            </th>
            {results.slice(0, -1).map((row) => (
              <th key={row.tokenizer} scope="col">
                {rowName(row)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {results.slice(1).map((row, i) => (
            <tr key={row.tokenizer}>
              <th scope="row" className="word">
                {rowName(row)}
              </th>
              {ids.slice(0, -1).map((other, j) => (
                <td key={other}>{j <= i ? formatFixed(f1Of(row.tokenizer, other), 2) : ''}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
