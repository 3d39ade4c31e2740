import {
  formatCount,
  formatFixed,
  formatProb,
  formatRank,
} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import {useWorkbenchState} from '../../lenses/use-workbench.ts'
import {type Captures, vocabularyKey} from '../../store/captures.ts'
import type {RunId, WorkbenchState} from '../../store/state.ts'
import {EntryButton} from '../models/entry-button.tsx'

export interface TrackedTableProps {
  readonly runId: RunId
  readonly data: TokensRun
  readonly position: number
}

/** Those of the active pane. */
function shownTracked({trackedSlots, activePane}: WorkbenchState, captures: Captures) {
  const {shownKey} = trackedSlots[activePane]
  return shownKey === null ? undefined : captures.tracked.peek(shownKey)
}

/** The followed tokens as the token after a position, and how far the first two are apart. */
export function TrackedTable({runId, data, position}: TrackedTableProps) {
  const {tracked, captures} = useWorkbenchState((state, workbench) => ({
    tracked: shownTracked(state, workbench.captures),
    captures: workbench.captures,
    vocabularyRevision: state.vocabularyRevision,
  }))
  if (!tracked || tracked.length === 0 || position >= tracked[0]!.prob.length) return null
  const rows = tracked.map((columns) => {
    const known = captures.vocabulary.peek(vocabularyKey(data.request.model, columns.tokenId))
    return {
      id: columns.tokenId,
      entry: known ?? {id: columns.tokenId, bytesHex: '', isSpecial: false},
      name: (known && plainGlyphs({...known, isSpecial: true})) || `#${columns.tokenId}`,
      prob: columns.prob[position]!,
      rank: columns.rank[position]!,
      logit: columns.logit[position]!,
    }
  })
  const [first, second] = rows
  return (
    <section data-testid="tracked">
      <h2>Tracked after {formatCount(position)}</h2>
      <table className="number-table">
        <thead>
          <tr>
            <th scope="col">token</th>
            <th scope="col">p</th>
            <th scope="col">rank</th>
            <th scope="col">logit</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row" className="mono clip" aria-label={row.name}>
                <EntryButton entry={row.entry} runId={runId} position={position} prob={row.prob} />
              </th>
              <td>{formatProb(row.prob)}</td>
              <td>{formatRank(row.rank)}</td>
              <td>{formatFixed(row.logit, 2)}</td>
            </tr>
          ))}
          {first && second && (
            <tr className="sum">
              <th scope="row" className="mono clip" colSpan={3}>
                {first.name} − {second.name}
              </th>
              <td className="strong">{formatFixed(first.logit - second.logit, 2)}</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}
