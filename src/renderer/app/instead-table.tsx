import {formatCount, formatProb} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import type {NextTokens, ScoredToken} from '../../shared/lenses/tokens.ts'
import {useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectRun} from '../store/run-records.ts'
import type {RunId} from '../store/state.ts'
import {selectInsteadTable} from '../store/tables.ts'
import {insteadRows} from './instead-rows.ts'
import {EntryButton} from './models/entry-button.tsx'

export interface InsteadTableProps {
  readonly runId: RunId
  readonly token: ScoredToken
}

const ROW_COUNT = 5

/** What else could have stood where the token stands: of this token, or nothing until it is known. */
export function InsteadTable({runId, token}: InsteadTableProps) {
  const {table, problem, isRunning, isConnected} = useWorkbenchState((state, {captures}) => ({
    table: selectInsteadTable(state, captures, {runId, position: token.position}),
    problem: state.instead.problem,
    isRunning: selectRun(state, runId)?.phase.kind === 'running',
    isConnected: state.connection === 'connected',
  }))
  return (
    <section data-testid="instead">
      <h2>
        Instead of it<span className="end">raw, temperature 1</span>
      </h2>
      {token.position === 0 ? (
        <div className="ink-3">Nothing precedes it, so nothing was predicted.</div>
      ) : table ? (
        <Rows runId={runId} table={table} occurred={token} />
      ) : problem ? (
        <div className="ink-3">{problem.message}</div>
      ) : isRunning || !isConnected ? (
        <div className="ink-3">
          Computed when {isRunning ? 'the run is done' : 'the engine is back'}.
        </div>
      ) : (
        <WaitingRows />
      )}
    </section>
  )
}

/** As high as the table that it becomes, so that nothing below it moves. */
function WaitingRows() {
  return (
    <table className="prob-table" aria-busy="true">
      <tbody>
        {Array.from({length: ROW_COUNT + 1}, (_, i) => (
          <tr key={i}>
            <th scope="row" className="ink-3">
              …
            </th>
            <td className="bar-cell" />
            <td className="ink-3">…</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface RowsProps {
  readonly runId: RunId
  readonly table: NextTokens
  readonly occurred: ScoredToken
}

function Rows({runId, table, occurred}: RowsProps) {
  const {rows, restProb, restCount} = insteadRows(table, ROW_COUNT)
  const sum = rows.reduce((total, row) => total + row.prob, restProb)
  const longest = Math.max(...rows.map((row) => row.prob), restProb, 1e-9)
  return (
    <table className="prob-table" data-sum={sum.toFixed(6)}>
      <tbody>
        {rows.map(({token, prob}) => (
          <tr key={token.id} className={token.id === occurred.id ? 'on' : ''}>
            <th
              scope="row"
              className="clip"
              aria-label={plainGlyphs({...token, isSpecial: true}) || `#${token.id}`}
            >
              <EntryButton entry={token} runId={runId} position={table.position} prob={prob} />
            </th>
            <td className="bar-cell">
              <i style={{width: `${Math.max(1.5, (prob / longest) * 100)}%`}} />
            </td>
            <td>{formatProb(prob)}</td>
          </tr>
        ))}
        <tr>
          <th scope="row" className="ink-3 clip">
            {formatCount(restCount)} others
          </th>
          <td className="bar-cell">
            <i className="hollow" style={{width: `${Math.max(2, (restProb / longest) * 100)}%`}} />
          </td>
          <td>{formatProb(restProb)}</td>
        </tr>
      </tbody>
    </table>
  )
}
