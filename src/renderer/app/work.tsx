import {memo, type ReactNode} from 'react'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {arrangeFrame, mostSidePx, SIDE_LIMITS} from '../store/frame.ts'
import type {Side} from '../store/state.ts'
import {Button} from '../ui/button.tsx'
import {CollapseIcon} from '../ui/icons.tsx'
import {PaneSeparator} from '../ui/pane-separator.tsx'
import {shortcutText} from '../ui/shortcut.ts'
import {Hint} from '../ui/tooltip.tsx'
import {Centre} from './centre.tsx'
import {Inspector} from './inspector/inspector.tsx'
import {LeftPane} from './left-pane.tsx'
import {Drawer, LeftRail, RightRail} from './rails.tsx'
import {TokenStrip} from './token-strip/token-strip.tsx'

// Dragging a separator renders the frame at every step, and none of these.
const KeptLeftPane = memo(LeftPane)
const KeptStrip = memo(TokenStrip)
const KeptInspector = memo(Inspector)

/** Everything between the bars: side panes or their rails, the strip, the lenses. */
export function Work() {
  const {left, right} = useWorkbenchState(arrangeFrame)
  return (
    <main className="work">
      {left === 'open' ? (
        <>
          <SidePane side="left">
            <KeptLeftPane />
          </SidePane>
          <SideSeparator side="left" />
        </>
      ) : (
        <LeftRail />
      )}
      <div className="main">
        <div className="strip-place" data-landmark="strip">
          <KeptStrip />
        </div>
        <div className="main-body">
          <Centre />
          {right === 'open' ? (
            <>
              <SideSeparator side="right" />
              <SidePane side="right">
                <KeptInspector />
              </SidePane>
            </>
          ) : (
            <>
              <RightRail />
              <Drawer side="right">
                <KeptInspector />
              </Drawer>
            </>
          )}
        </div>
      </div>
      {left === 'rail' && (
        <Drawer side="left">
          <KeptLeftPane />
        </Drawer>
      )}
    </main>
  )
}

const NAMES: Readonly<Record<Side, string>> = {
  left: 'models, prompt and history',
  right: 'the inspector',
}
const SHORTCUTS = {left: {key: 'b', mod: true}, right: {key: 'b', mod: true, alt: true}}

interface SidePaneProps {
  readonly side: Side
  readonly children: ReactNode
}

/** A side pane that stands open; its foot makes it a rail. */
function SidePane({side, children}: SidePaneProps) {
  const {toggleSide} = useActions()
  const widthPx = useWorkbenchState(({frame}) => (side === 'left' ? frame.leftPx : frame.rightPx))
  const name = `Hide ${NAMES[side]}`
  return (
    <div className={`side-pane ${side}`} style={{width: widthPx}} data-landmark={side}>
      {children}
      <div className="side-foot">
        <Hint text={`${name} (${shortcutText(SHORTCUTS[side])})`} placement="top">
          <Button
            look="icon"
            aria-label={name}
            onPress={() => toggleSide(side)}
            testId={`hide-${side}`}
          >
            <CollapseIcon side={side} />
          </Button>
        </Hint>
      </div>
    </div>
  )
}

function SideSeparator({side}: {readonly side: Side}) {
  const {resizeSide, toggleSide} = useActions()
  const {valuePx, mostPx} = useWorkbenchState((state) => ({
    valuePx: side === 'left' ? state.frame.leftPx : state.frame.rightPx,
    mostPx: mostSidePx(state, side),
  }))
  return (
    <PaneSeparator
      label={side === 'left' ? 'Width of the left pane' : 'Width of the inspector'}
      axis="x"
      isAfter={side === 'right'}
      valuePx={valuePx}
      leastPx={SIDE_LIMITS[side].least}
      mostPx={mostPx}
      onChange={(px) => resizeSide(side, px)}
      onReset={() => toggleSide(side)}
      onCollapse={() => toggleSide(side)}
      testId={`separator-${side}`}
    />
  )
}
