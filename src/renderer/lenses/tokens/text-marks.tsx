import {PinMarksFigure} from '../../../shared/figures/tokens/pins-figure.tsx'
import {
  TokenSelectionGround,
  TokenSelectionRing,
} from '../../../shared/figures/tokens/text-figure.tsx'
import type {TokenTextLayout} from '../../../shared/figures/tokens/text-layout.ts'
import {pinnedPositions, selectPins} from '../../store/selection.ts'
import {usePaneRunId, useSelection} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {useWorkbenchState} from '../use-workbench.ts'

export interface TextMarksProps {
  readonly layout: TokenTextLayout
}

/** Soft grounds of the hovered and the locked token; they stand below everything. */
export function Grounds({layout}: TextMarksProps) {
  const palette = usePalette()
  const {hovered, locked} = useSelection()
  return (
    <>
      <TokenSelectionGround layout={layout} palette={palette} position={inside(layout, hovered)} />
      <TokenSelectionGround layout={layout} palette={palette} position={inside(layout, locked)} />
    </>
  )
}

/** What is pointed at, locked, pinned or being drawn: over the text, so that none of it is drawn again. */
export function Rings({layout}: TextMarksProps) {
  const palette = usePalette()
  const {hovered, locked} = useSelection()
  return (
    <g pointerEvents="none">
      {hovered !== null && hovered !== locked && (
        <g strokeOpacity={0.55}>
          <TokenSelectionRing
            layout={layout}
            palette={palette}
            position={inside(layout, hovered)}
          />
        </g>
      )}
      <TokenSelectionRing layout={layout} palette={palette} position={inside(layout, locked)} />
      <Pins layout={layout} />
      <Drawing layout={layout} />
    </g>
  )
}

/** Pins stand in the space between lines, so that pinning moves nothing. */
function Pins({layout}: TextMarksProps) {
  const palette = usePalette()
  const runId = usePaneRunId()
  const pins = useWorkbenchState((state) => selectPins(state, runId))
  return (
    <>
      {pinnedPositions(pins).map((position, index) => {
        const line = layout.lines[layout.lineOfPosition[position] ?? -1]
        const column = line?.columns[position - line.firstPosition]
        if (!line || !column) return null
        const pin = {number: index + 1, position, xPx: column.xPx, yPx: -line.chipTopPx - 3}
        return (
          <PinMarksFigure
            key={position}
            pins={[pin]}
            top={line.yPx + line.chipTopPx}
            palette={palette}
          />
        )
      })}
    </>
  )
}

/** The span that is being drawn, line by line. */
function Drawing({layout}: TextMarksProps) {
  const palette = usePalette()
  const runId = usePaneRunId()
  const drawing = useWorkbenchState(({drawing}) => (drawing?.runId === runId ? drawing : null))
  if (!drawing) return null
  const from = Math.min(drawing.from, drawing.to)
  const to = Math.max(drawing.from, drawing.to)
  return (
    <>
      {layout.lines
        .filter((line) => line.lastPosition >= from && line.firstPosition <= to)
        .map((line) => {
          const first = line.columns[Math.max(0, from - line.firstPosition)]
          const last = line.columns[Math.min(line.columns.length - 1, to - line.firstPosition)]
          if (!first || !last) return null
          return (
            <rect
              key={line.index}
              data-testid="drawing"
              x={first.xPx - 1}
              y={line.yPx + line.chipTopPx - 3}
              width={last.xPx + last.widthPx - first.xPx + 2}
              height={30}
              rx={4}
              fill={palette.accent}
              fillOpacity={0.06}
              stroke={palette.accent}
              strokeDasharray="3 2"
            />
          )
        })}
    </>
  )
}

/** A selection may be older than a layout of fewer tokens. */
export function inside(layout: TokenTextLayout, position: number | null): number | null {
  return position !== null && position < layout.lineOfPosition.length ? position : null
}
