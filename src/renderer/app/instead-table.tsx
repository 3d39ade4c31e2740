import {tokensOfTable} from '../../shared/domain/token.ts'
import {formatCount, formatProb} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import type {NextTokens, ScoredToken} from '../../shared/lenses/tokens.ts'
import {exp} from '../../shared/math/exp.ts'
import {useWorkbenchState} from '../lenses/use-workbench.ts'
import type {RunId} from '../store/state.ts'
import {EntryButton} from './models/entry-button.tsx'

export interface InsteadTableProps {
  readonly runId: RunId
  readonly token: ScoredToken
}

const ROW_COUNT = 5

/** What else could have stood where the token stands. */
export function InsteadTable({runId, token}: InsteadTableProps) {
  const {table, problem} = useWorkbenchState((state, {captures}) => {
    const {shownKey, problem} = state.instead
    return {table: shownKey === null ? undefined : captures.nextTables.peek(shownKey), problem}
  })
  return (
    <section data-testid="instead">
      <h2>
        Instead of it<span className="end">raw, temperature 1</span>
      </h2>
      {token.position === 0 ? (
        <div className="ink-3">Nothing precedes it, so nothing was predicted.</div>
      ) : table ? (
        <Rows runId={runId} table={table} occurred={token} />
      ) : (
        <div className="ink-3">{problem ? problem.message : 'Computed when the run is done.'}</div>
      )}
    </section>
  )
}

interface RowsProps {
  readonly runId: RunId
  readonly table: NextTokens
  readonly occurred: ScoredToken
}

function Rows({runId, table, occurred}: RowsProps) {
  const rows = tokensOfTable(table.tokens)
    .slice(0, ROW_COUNT)
    .map((token, i) => ({token, prob: exp(table.rawLogprobs[i]!)}))
  const shown = rows.reduce((sum, row) => sum + row.prob, 0)
  const folded = Array.from(table.rawLogprobs.subarray(ROW_COUNT), exp)
  const rest = table.rawRestProb + folded.reduce((sum, prob) => sum + prob, 0)
  const longest = Math.max(...rows.map((row) => row.prob), rest, 1e-9)
  const isCurrent = table.position === occurred.position - 1
  return (
    <table className="prob-table" aria-busy={!isCurrent} data-sum={(shown + rest).toFixed(6)}>
      <tbody>
        {rows.map(({token, prob}) => (
          <tr key={token.id} className={isCurrent && token.id === occurred.id ? 'on' : ''}>
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
            {formatCount(table.restCount + folded.length)} others
          </th>
          <td className="bar-cell">
            <i className="hollow" style={{width: `${Math.max(2, (rest / longest) * 100)}%`}} />
          </td>
          <td>{formatProb(rest)}</td>
        </tr>
      </tbody>
    </table>
  )
}
