import {draftStepView, frameName} from '../../../shared/lenses/draft-player.ts'
import type {ShownTree} from '../../store/tree-shown.ts'
import {useSize} from '../../ui/use-size.ts'
import {DraftMask} from './draft-mask.tsx'
import {DraftStrategies} from './draft-strategies.tsx'
import {DraftTests} from './draft-tests.tsx'
import {TreeView} from './tree-view.tsx'

const LEAST_TREE_PX = 120
const MOST_TREE_PX = 420
const ROW_PX = 22
/** Of the room: the tables are in sight below. */
const TREE_SHARE = 0.56
/** Head and last line of the mask. */
const MASK_WORDS_PX = 56

/** A step of a draft: its tree and mask, its tests one by one, and strategies side by side. */
export function DraftPanel({shown}: {readonly shown: ShownTree}) {
  const [ref, {widthPx, heightPx: roomPx}] = useSize<HTMLDivElement>()
  const view = draftStepView(shown.result, shown.step)
  if (!view) return <p className="lens-wait ink-3">Nothing was drafted: the text ended.</p>
  const name = frameName(view, shown.at)
  const rowCount = Math.max(1, shown.spans.rowCount)
  const mostPx = Math.min(MOST_TREE_PX, Math.round(roomPx * TREE_SHARE))
  const heightPx = Math.max(LEAST_TREE_PX, Math.min(mostPx, rowCount * ROW_PX + 32))
  const hasMask = widthPx >= 620
  const maskPx = hasMask ? Math.min(180, Math.round(widthPx * 0.22)) : 0
  return (
    <div
      ref={ref}
      className="draft-body"
      data-testid="draft"
      data-step={shown.step}
      data-frame={name}
    >
      {widthPx > 0 && (
        <div
          className="draft-top"
          style={{gridTemplateColumns: hasMask ? `minmax(0, 1fr) ${maskPx}px` : '1fr'}}
        >
          <TreeView
            key={`${shown.step}`}
            {...{shown, view: 'tree', heightPx}}
            widthPx={widthPx - maskPx - (hasMask ? 24 : 0)}
          />
          {hasMask && (
            <DraftMask
              shown={shown}
              view={view}
              isLit={name === 'mask'}
              sidePx={Math.min(maskPx, Math.max(64, heightPx - MASK_WORDS_PX))}
            />
          )}
        </div>
      )}
      <div className="draft-tables">
        <DraftTests shown={shown} view={view} />
        <DraftStrategies runId={shown.runId} request={shown.result.request} />
      </div>
    </div>
  )
}
