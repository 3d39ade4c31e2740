import {memo} from 'react'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {arrangeFrame, LEAST_SHARE} from '../store/frame.ts'
import {PaneSeparator} from '../ui/pane-separator.tsx'
import {useSize} from '../ui/use-size.ts'
import {CentrePane} from './centre-pane.tsx'
import './centre.css'

const KeptPane = memo(CentrePane)

/** One lens, or two: side by side, one above the other, or the active one alone where there is no room. */
export function Centre() {
  const {areTwo, activePane, splitShare, standing} = useWorkbenchState((state) => ({
    areTwo: state.panes.length === 2,
    activePane: state.activePane,
    splitShare: state.frame.splitShare,
    standing: arrangeFrame(state).panes,
  }))
  const isSingle = areTwo && standing === 'single'
  const hasFirst = !isSingle || activePane === 0
  const hasSecond = areTwo && (!isSingle || activePane === 1)
  const isDivided = hasFirst && hasSecond
  return (
    <div className={`centres ${standing === 'stacked' ? 'stacked' : ''}`}>
      {hasFirst && (
        <div key={0} className="centre-place" style={{flexGrow: isDivided ? splitShare : 1}}>
          <KeptPane index={0} />
        </div>
      )}
      {isDivided && <SplitSeparator key="separator" axis={standing === 'stacked' ? 'y' : 'x'} />}
      {hasSecond && (
        <div key={1} className="centre-place" style={{flexGrow: isDivided ? 1 - splitShare : 1}}>
          <KeptPane index={1} />
        </div>
      )}
    </div>
  )
}

function SplitSeparator({axis}: {readonly axis: 'x' | 'y'}) {
  const {resizeSplit} = useActions()
  const splitShare = useWorkbenchState((state) => state.frame.splitShare)
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>({isLater: true})
  const wholePx = Math.max(1, axis === 'x' ? widthPx : heightPx)
  return (
    <>
      {/* Measures the room that both lenses have. */}
      <div ref={ref} className="centres-measure" aria-hidden="true" />
      <PaneSeparator
        label="Between the two lenses"
        axis={axis}
        valuePx={splitShare * wholePx}
        leastPx={LEAST_SHARE * wholePx}
        mostPx={(1 - LEAST_SHARE) * wholePx}
        onChange={(px) => resizeSplit(px / wholePx)}
        onReset={() => resizeSplit(0.5)}
        testId="separator-split"
      />
    </>
  )
}
