import {type DraftStepView, treeMask} from '../../../shared/lenses/draft-player.ts'
import {keyOfNode, type ShownTree, selectedNode} from '../../store/tree-shown.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

const MOST_CELL_PX = 12

interface Props {
  readonly shown: ShownTree
  readonly view: DraftStepView
  readonly isLit: boolean
  /** Of the square at most. */
  readonly sidePx: number
}

/** Which drafted token may read which, in one run of the model: ancestors and itself, never a sibling. */
export function DraftMask({shown, view, isLit, sidePx: mostPx}: Props) {
  const palette = usePalette()
  const {hoverNode, selectNode} = useActions()
  const {runId} = shown
  const hovered = useWorkbenchState(({hoveredNode}) =>
    hoveredNode?.runId === runId ? hoveredNode.id : null
  )
  const rows = treeMask(view)
  const count = rows.length
  const cellPx = Math.min(MOST_CELL_PX, mostPx / count)
  const sidePx = cellPx * count
  const litId = hovered ?? selectedNode(shown)?.id ?? null
  const litRow = litId === null ? -1 : view.drafted.findIndex(({id}) => id === litId) + 1
  const inset = cellPx > 4 ? 1 : 0
  const rowAt = (event: React.PointerEvent<SVGSVGElement> | React.MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.floor(((event.clientY - box.top) / box.height) * count)
  }
  return (
    <section
      className={`draft-mask ${isLit ? 'on' : ''}`}
      data-testid="draft-mask"
      data-lit={litRow}
    >
      <h3>
        Tree mask <span className="ink-3">row reads column</span>
      </h3>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same nodes are walked by keys in the tree. */}
      <svg
        width={sidePx}
        height={sidePx}
        role="img"
        aria-label={`Tree mask of ${count} rows: each drafted token reads the root, its ancestors and itself`}
        onPointerMove={(event) => {
          const node = view.drafted[rowAt(event) - 1]
          hoverNode(node ? {runId, id: node.id} : null)
        }}
        onPointerLeave={() => hoverNode(null)}
        onClick={(event) => {
          const node = view.drafted[rowAt(event) - 1]
          if (node) selectNode(runId, keyOfNode(shown, node.id))
        }}
      >
        <rect width={sidePx} height={sidePx} fill={palette.sunken} opacity={0.5} />
        {rows.map((columns, row) =>
          columns.map((column) => (
            <rect
              key={`${row}-${column}`}
              x={column * cellPx}
              y={row * cellPx}
              width={cellPx - inset}
              height={cellPx - inset}
              fill={row === litRow ? palette.accent : column === row ? palette.ink1 : palette.mark}
            />
          ))
        )}
        {litRow > 0 && (
          <rect
            x={0.5}
            y={litRow * cellPx - 0.5}
            width={sidePx - 1}
            height={cellPx}
            fill="none"
            stroke={palette.accent}
          />
        )}
      </svg>
      <p className="small ink-3">
        {count - 1} tokens and the root in one run; siblings share a position.
      </p>
    </section>
  )
}
