import {memo, useEffect, useRef} from 'react'
import {mapName} from '../../../shared/figures/attention/map-name.ts'
import {formatWeight} from '../../../shared/figures/attention/matrix-caption.ts'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {heaviestOf} from '../../../shared/math/heaviest-of.ts'
import {selectPicture} from '../../store/attention.ts'
import {lineKey} from '../../store/attention-pictures.ts'
import {pruneKey, selectPrune} from '../../store/attention-prune.ts'
import {selectPane} from '../../store/panes.ts'
import type {RunId} from '../../store/state.ts'
import type {LensInspectorProps} from '../lens.ts'
import {targetProps} from '../target.ts'
import {useDataOf} from '../use-tokens.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {TestIt} from './test-it.tsx'
import {GRAPH_VIEW, PRUNE_VIEW} from './views.ts'

const MOST_ROWS = 6

/** What the inspected token reads and what reads it, exact, in the head that the active pane shows. */
export function AttentionInspector({runId, position}: LensInspectorProps) {
  const {view, isShown, data} = useWorkbenchState((state, {captures}) => ({
    view: selectPane(state).view,
    isShown: selectPicture(state, captures, state.activePane)?.runId === runId,
    data: captures.runs.peek(runId),
  }))
  if (!isShown) return null
  // These are about all heads: their own tables and captions say what is read there.
  if (view === GRAPH_VIEW) return data ? <TestIt data={data} /> : null
  if (view === PRUNE_VIEW) return <Fate runId={runId} position={position} />
  return (
    <>
      {data && <TestIt data={data} />}
      <LineTable runId={runId} of="query" position={position} />
      <LineTable runId={runId} of="key" position={position} />
    </>
  )
}

/** Whether a token stays, and why not. */
function Fate({runId, position}: LensInspectorProps) {
  const {store, captures} = useWorkbench()
  useWorkbenchState((state) => state.pruneRevision)
  const spec = selectPrune(store.getState(), captures)
  const pruned = spec?.runId === runId ? captures.prunings.peek(pruneKey(spec)) : undefined
  if (!pruned) return null
  const fate = pruned.droppedBySimilarity.includes(position)
    ? 'Goes: its key vectors are like those of a token that stays.'
    : pruned.droppedByImportance.includes(position)
      ? 'Goes: of the rest it is among the least important.'
      : 'Stays.'
  return (
    <section data-testid="fate">
      <h2>
        Pruning
        <span className="end clip">mean of all heads</span>
      </h2>
      <p>{fate}</p>
    </section>
  )
}

interface LineTableProps {
  readonly runId: RunId
  readonly of: 'query' | 'key'
  readonly position: number
}

interface ShownLine {
  readonly line: Float32Array
  readonly position: number
  /** Of which matrix it is. */
  readonly mapName: string
  readonly isSigned: boolean
}

/**
 * The exact weights of one token's row or column. While another head's are fetched the last ones stay, under
 * the name of the head that they are of.
 */
const LineTable = memo(function LineTable({runId, of, position}: LineTableProps) {
  const {lightCell} = useActions()
  const data = useDataOf(runId)
  const last = useRef<ShownLine | null>(null)
  const shown = useWorkbenchState((state, {captures}): ShownLine | null => {
    const spec = selectPicture(state, captures, state.activePane)
    const line = spec && captures.attentionLines.peek(lineKey(spec, of, position))
    if (!spec || !line) return last.current?.position === position ? last.current : null
    return {line, position, mapName: mapName(spec.map), isSigned: spec.map.kind === 'difference'}
  })
  useEffect(() => {
    last.current = shown
  }, [shown])
  const title = of === 'query' ? 'Reads from' : 'Read by'
  if (!data) return null
  const line = shown?.line
  const isSigned = shown?.isSigned ?? false
  const found = line && heaviestOf(line, MOST_ROWS)
  const largest = Math.abs(found?.entries[0]?.weight ?? 1) || 1
  return (
    <section data-testid={of === 'query' ? 'reads-from' : 'read-by'} data-position={position}>
      <h2>
        {title}
        <span className="end clip">{shown?.mapName ?? ''}</span>
      </h2>
      {found ? (
        <table className="prob-table" data-sum={line.reduce((sum, weight) => sum + weight, 0)}>
          <tbody>
            {found.entries.map(({position: other, weight}, rank) => {
              const token = data.tokens[other]!
              const name = plainGlyphs(token) || `#${token.id}`
              const place =
                of === 'query' ? {query: position, key: other} : {query: other, key: position}
              return (
                // By rank: another head fills the same rows anew.
                <tr key={rank} data-position={other} data-weight={weight}>
                  <th scope="row" className="clip">
                    <button
                      type="button"
                      className="read-jump"
                      aria-label={`${name} ${formatCount(other)}: light this weight`}
                      onClick={() => lightCell(runId, place)}
                      {...targetProps({kind: 'token', runId, position: other})}
                    >
                      <span className="mono">{name}</span>{' '}
                      <span className="ink-3">{formatCount(other)}</span>
                    </button>
                  </th>
                  <td className="bar-cell">
                    <i style={{width: `${Math.max(1.5, (Math.abs(weight) / largest) * 100)}%`}} />
                  </td>
                  <td>{formatWeight(weight, isSigned)}</td>
                </tr>
              )
            })}
            <tr>
              <th scope="row" className="ink-3">
                {found.restCount === 0 ? 'no others' : formatMany(found.restCount, 'other')}
              </th>
              <td className="bar-cell">
                {found.restCount > 0 && (
                  <i
                    className="hollow"
                    style={{
                      width: `${Math.min(100, Math.max(1.5, (Math.abs(found.rest) / largest) * 100))}%`,
                    }}
                  />
                )}
              </td>
              <td>{formatWeight(found.rest, isSigned)}</td>
            </tr>
          </tbody>
        </table>
      ) : (
        <div className="ink-3">…</div>
      )}
    </section>
  )
})
