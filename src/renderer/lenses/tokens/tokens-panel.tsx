import {captionOf, guardOf} from '../../../shared/figures/tokens/caption.ts'
import {selectResult} from '../../store/selectors.ts'
import {useMedia, useSize} from '../../ui/use-size.ts'
import {useRunData} from '../use-tokens.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {TokensControls} from './controls.tsx'
import {DataTable} from './data-table.tsx'
import {NextTable} from './next-table.tsx'
import {ScalesLegend} from './scales-legend.tsx'
import {TokenText} from './token-text.tsx'
import {TrackedChart} from './tracked-chart.tsx'
import './tokens-panel.css'

const SIDE_PX = 300
const GAP_PX = 32
/** Longer lines are hard to come back from; the table then stands near them. */
const MOST_LEFT_PX = 1400
/** Narrower than this the table stands under the text. */
const LEAST_TWO_COLUMNS_PX = 680

/** The tokens lens: text with its tracks, followed tokens, and what may come next. */
export function TokensPanel() {
  const data = useRunData()
  const {result, tracks, isTableShown} = useWorkbenchState((state, {captures}) => ({
    result: selectResult(state, captures),
    tracks: state.settings.tracks,
    isTableShown: state.settings.isTableShown,
  }))
  const isLow = useMedia('(max-height: 759px)')
  const [figureRef, {widthPx}] = useSize<HTMLDivElement>()
  if (!data || !result) return null
  const isWide = widthPx >= LEAST_TWO_COLUMNS_PX
  const leftPx = isWide ? Math.min(MOST_LEFT_PX, widthPx - SIDE_PX - GAP_PX) : widthPx
  // In a low window the second bar track goes, unless it is the only one there is.
  const shownTracks =
    isLow && tracks.length > 1 ? tracks.filter((track) => track !== 'entropy') : tracks
  return (
    <div className="tokens-panel">
      <div className="figure-words">
        <div className="caption" data-testid="caption">
          {captionOf(result).map((part, i) =>
            part.kind === 'token' ? (
              <b key={i} className="mono">
                {part.text}
              </b>
            ) : (
              <span key={i}>{part.text}</span>
            )
          )}
          {result.next.length > 0 && ' Click a candidate to continue with it.'}
        </div>
        {/* That a run is not complete is said above it and in the job line. */}
        <div className="guard">{guardOf({...result, status: 'completed'})}</div>
      </div>
      <div ref={figureRef} className={`figure ${isWide ? '' : 'stacked'}`}>
        {widthPx > 0 && (
          <>
            <div className="figure-left">
              {isTableShown ? (
                <DataTable tokens={data.tokens} />
              ) : (
                <TokenText
                  data={data}
                  result={result}
                  widthPx={leftPx}
                  tracks={shownTracks}
                  isLow={isLow}
                />
              )}
              <TrackedChart result={result} widthPx={leftPx} isLow={isLow} />
            </div>
            <div className="figure-right">
              <NextTable result={result} widthPx={isWide ? SIDE_PX : widthPx} />
              {!isTableShown && (
                <ScalesLegend
                  tokens={data.tokens}
                  tracks={shownTracks}
                  widthPx={isWide ? SIDE_PX : widthPx}
                />
              )}
            </div>
          </>
        )}
      </div>
      <TokensControls />
    </div>
  )
}
