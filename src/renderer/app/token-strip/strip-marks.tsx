import {usePaneRunId, useSelection} from '../../lenses/use-pane.ts'
import {useWorkbenchState} from '../../lenses/use-workbench.ts'
import {pinnedPairs, pinnedPositions, selectPins} from '../../store/selection.ts'
import type {StripLayout} from './strip-layout.ts'

export interface StripMarksProps {
  readonly layout: StripLayout
}

/** Soft grounds of the hovered and the locked token, under the columns. */
export function StripGrounds({layout}: StripMarksProps) {
  const {hovered, locked} = useSelection()
  return (
    <>
      <StripPlace layout={layout} position={hovered} className="strip-ground" />
      <StripPlace layout={layout} position={locked} className="strip-ground" />
    </>
  )
}

/** Lines around what is pointed at, locked and being drawn; they stand over the columns. */
export function StripRings({layout}: StripMarksProps) {
  const {hovered, locked} = useSelection()
  return (
    <>
      <StripPlace layout={layout} position={hovered} className="strip-ring hovered" />
      <StripPlace layout={layout} position={locked} className="strip-ring" />
      <StripPlace layout={layout} position={locked} className="strip-underline" />
      <StripDrawing layout={layout} />
    </>
  )
}

interface StripPlaceProps extends StripMarksProps {
  readonly position: number | null
  readonly className: string
}

function StripPlace({layout, position, className}: StripPlaceProps) {
  if (position === null || position >= layout.xPx.length) return null
  const style = {left: layout.xPx[position], width: layout.widthPx[position]}
  return <span className={className} style={style} aria-hidden="true" />
}

function StripDrawing({layout}: StripMarksProps) {
  const runId = usePaneRunId()
  const drawing = useWorkbenchState(({drawing}) => (drawing?.runId === runId ? drawing : null))
  if (!drawing) return null
  const last = layout.xPx.length - 1
  const from = Math.min(last, drawing.from, drawing.to)
  const to = Math.min(last, Math.max(drawing.from, drawing.to))
  const left = layout.xPx[from]!
  const width = layout.xPx[to]! + layout.widthPx[to]! - left
  return <span className="strip-drawing" style={{left, width}} aria-hidden="true" />
}

/** Above the chips: a flag with its number on each pinned token, and a line over each pair. */
export function StripPins({layout}: StripMarksProps) {
  const runId = usePaneRunId()
  const pins = useWorkbenchState((state) => selectPins(state, runId))
  const isThere = (position: number) => position < layout.xPx.length
  return (
    <>
      {pinnedPositions(pins).map(
        (position, index) =>
          isThere(position) && (
            <span
              key={position}
              className="strip-pin"
              data-pin={index + 1}
              style={{left: layout.xPx[position]}}
              aria-hidden="true"
            >
              {index + 1}
            </span>
          )
      )}
      {pinnedPairs(pins).map(({from, to}) => {
        if (!isThere(from) || !isThere(to) || from === to) return null
        const middle = (position: number) => layout.xPx[position]! + layout.widthPx[position]! / 2
        const [left, right] = [
          Math.min(middle(from), middle(to)),
          Math.max(middle(from), middle(to)),
        ]
        return (
          <span
            key={`${from}-${to}`}
            className={`strip-pair ${to < from ? 'backwards' : ''}`}
            data-pair={`${from}-${to}`}
            style={{left, width: right - left}}
            aria-hidden="true"
          />
        )
      })}
    </>
  )
}
