import {useMemo} from 'react'
import {lensCaptionOf, lensGuardOf} from '../../../shared/figures/tokens/lens-caption.ts'
import {layoutLens} from '../../../shared/figures/tokens/lens-layout.ts'
import {logitLensOf} from '../../../shared/lenses/assemble-logit-lens.ts'
import {withNextTokens} from '../../../shared/lenses/assemble-tokens.ts'
import type {LogitLens} from '../../../shared/lenses/logit-lens.ts'
import type {TokensResult} from '../../../shared/lenses/tokens.ts'
import {selectShownLens} from '../../store/logit-lens.ts'
import {HintArea} from '../../ui/hint-area.tsx'
import {useSize} from '../../ui/use-size.ts'
import {CaptionText} from '../caption-text.tsx'
import {hasGlyph} from '../has-glyph.ts'
import {usePaneIndex, usePanePlace} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {LensTable} from './lens-table.tsx'
import {LensWait} from './lens-wait.tsx'
import {NextTable} from './next-table.tsx'

const LEAST_SIDE_PX = 240
const MOST_SIDE_PX = 380
const SIDE_SHARE = 0.24
const GAP_PX = 32
/** Narrower than this the marked layer's table stands under the others. */
const LEAST_TWO_COLUMNS_PX = 820
const MOST_LEFT_PX = 1600
/** The plots take what height the table leaves, within these ends. */
const LEAST_PLOT_PX = 64
const MOST_PLOT_PX = 220
const FOOT_PX = 8
/** Above the figure, as the style sheet has it. */
const PADDING_PX = 16

/** The logit lens of the token that is pointed at or locked: a row a layer, and one of them in full. */
export function LogitLensPanel({result}: {readonly result: TokensResult}) {
  const pane = usePaneIndex()
  const lens = useWorkbenchState((state, {captures}) => selectShownLens(state, captures, pane))
  const shown = useMemo(() => lens && resultOfLens(result, lens), [result, lens])
  return (
    <div className="panel-body">
      <div className="figure-words">
        <div className="caption" data-testid="caption">
          {shown ? (
            <CaptionText parts={lensCaptionOf(shown)} />
          ) : (
            'What the model’s own head makes of the residual stream after each layer.'
          )}
        </div>
        <div className="guard">{lensGuardOf({...result, status: 'completed'})}</div>
      </div>
      {lens && shown ? (
        <LensFigures lens={lens} shown={shown} />
      ) : (
        <div className="figure stacked">
          <LensWait />
        </div>
      )}
    </div>
  )
}

/** A result with the lens in it, at the lens's own position. */
function resultOfLens(result: TokensResult, lens: LogitLens): TokensResult {
  const output = lens.rows.at(-1)!
  return {...withNextTokens(result, output), ...logitLensOf(lens)}
}

interface LensFiguresProps {
  readonly lens: LogitLens
  readonly shown: TokensResult
}

function LensFigures({lens, shown}: LensFiguresProps) {
  const pane = usePaneIndex()
  const {chooseLensRow} = useActions()
  const chosen = useWorkbenchState((state) => state.lensRows[pane])
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>({place: usePanePlace('logit lens')})
  const lastRow = lens.rows.length - 1
  const row = Math.min(chosen ?? lastRow, lastRow)
  const isWide = widthPx >= LEAST_TWO_COLUMNS_PX
  const sidePx = isWide
    ? Math.round(Math.min(MOST_SIDE_PX, Math.max(LEAST_SIDE_PX, widthPx * SIDE_SHARE)))
    : Math.min(widthPx, 460)
  const leftPx = isWide ? Math.min(MOST_LEFT_PX, widthPx - sidePx - GAP_PX) : widthPx
  const layout = useMemo(() => {
    if (widthPx === 0) return null
    const options = {widthPx: leftPx, drawsUncovered: hasGlyph, selectedRow: row}
    const least = layoutLens(shown, {...options, plotPx: LEAST_PLOT_PX})
    const roomPx = isWide ? heightPx - PADDING_PX - (least?.heightPx ?? 0) - FOOT_PX : 0
    const plotPx = Math.min(MOST_PLOT_PX, LEAST_PLOT_PX + Math.max(0, Math.floor(roomPx)))
    return plotPx === LEAST_PLOT_PX ? least : layoutLens(shown, {...options, plotPx})
  }, [shown, leftPx, widthPx, heightPx, isWide, row])
  const next = useMemo(() => withNextTokens(shown, lens.rows[row]!), [shown, lens, row])
  const name = layout?.rows[row]?.name ?? ''
  return (
    <div
      ref={ref}
      className={`figure lens-figure ${isWide ? '' : 'stacked scrolled'}`}
      style={isWide ? {gridTemplateColumns: `${leftPx}px ${sidePx}px`} : undefined}
    >
      {layout && (
        <>
          <HintArea>
            <LensTable
              layout={layout}
              lens={lens}
              onChoose={(index) => chooseLensRow(index === lastRow ? null : index, pane)}
            />
          </HintArea>
          <div className="figure-right">
            <LensWait isBeside />
            <NextTable result={next} widthPx={sidePx} note={`${name}, at ${lens.position}`} />
          </div>
        </>
      )}
    </div>
  )
}
