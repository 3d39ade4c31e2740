import {useMemo} from 'react'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {NextFigure} from '../../../shared/figures/tokens/next-figure.tsx'
import {layoutNext} from '../../../shared/figures/tokens/next-layout.ts'
import type {TokensResult} from '../../../shared/lenses/tokens.ts'
import {hasGlyph} from '../has-glyph.ts'
import {targetProps} from '../target.ts'
import {usePaneIndex, usePaneRunId} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

export interface NextTableProps {
  readonly result: TokensResult
  readonly widthPx: number
  /** In place of which token it comes after. */
  readonly note?: string
}

/** What may follow the locked token; a candidate continues the text with it. */
export function NextTable({result, widthPx, note}: NextTableProps) {
  const {continueWith} = useActions()
  const pane = usePaneIndex()
  const runId = usePaneRunId()
  const palette = usePalette()
  const layout = useMemo(
    () => layoutNext(result, {widthPx, drawsUncovered: hasGlyph, note}),
    [result, widthPx, note]
  )
  const {problem, isRunning} = useWorkbenchState((state) => ({
    problem: state.after[pane].problem,
    isRunning: runId !== null && state.runStates[runId]?.phase.kind === 'running',
  }))
  const {position} = result
  if (!layout || position === null) {
    return (
      <div className="next-empty">
        <div className="strong">Next token</div>
        {problem ? problem.message : isRunning ? 'Comes when the prompt has been read.' : ''}
      </div>
    )
  }
  return (
    <div className="next-table" data-testid="next-table" data-position={position}>
      <svg width={widthPx} height={layout.heightPx} aria-hidden="true">
        <NextFigure layout={layout} palette={palette} />
      </svg>
      {layout.rows.map((row, i) => {
        const token = result.next[i]
        if (row.candidateId === null || !token) return null
        const name = plainGlyphs({...token, isSpecial: true}) || `#${token.id}`
        return (
          <button
            key={row.candidateId}
            type="button"
            className="next-hit"
            style={{top: row.yPx}}
            aria-label={`Continue with ${name}, ${row.sampledText}`}
            aria-keyshortcuts="i"
            {...(runId === null
              ? {}
              : targetProps({
                  kind: 'candidate',
                  runId,
                  position,
                  tokenId: token.id,
                  prob: token.prob,
                }))}
            data-candidate={row.candidateId}
            data-prob={token.prob}
            onClick={() => void continueWith(position, token.id, runId)}
          />
        )
      })}
    </div>
  )
}
