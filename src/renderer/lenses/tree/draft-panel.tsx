import {draftStepView, frameName, testsBy} from '../../../shared/lenses/draft-player.ts'
import type {ShownTree} from '../../store/tree-shown.ts'
import {useSize} from '../../ui/use-size.ts'
import {DraftMask} from './draft-mask.tsx'
import {DraftStrategies} from './draft-strategies.tsx'
import {DraftTests} from './draft-tests.tsx'
import {TreeView} from './tree-view.tsx'

const LEAST_TREE_PX = 120
const MOST_TREE_PX = 420
const ROW_PX = 22

/** A step of a draft: its tree and mask, its tests one by one, and strategies side by side. */
export function DraftPanel({shown}: {readonly shown: ShownTree}) {
  const [ref, {widthPx}] = useSize<HTMLDivElement>()
  const view = draftStepView(shown.result, shown.step)
  if (!view) return <p className="lens-wait ink-3">Nothing was drafted: the text ended.</p>
  const name = frameName(view, shown.at)
  const rowCount = Math.max(1, shown.spans.rowCount)
  const heightPx = Math.min(MOST_TREE_PX, Math.max(LEAST_TREE_PX, rowCount * ROW_PX + 32))
  const hasMask = widthPx >= 620
  const maskPx = hasMask ? Math.min(220, Math.round(widthPx * 0.26)) : 0
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
            <DraftMask shown={shown} view={view} isLit={name === 'mask'} widthPx={maskPx} />
          )}
        </div>
      )}
      <div className="draft-tables">
        <DraftTests
          shown={shown}
          view={view}
          shownCount={testsBy(view, shown.at)}
          isCommitted={name === 'commit'}
        />
        <DraftStrategies runId={shown.runId} current={shown.result.request.strategy} />
      </div>
    </div>
  )
}
