import type {GraphLayout} from '../../../shared/figures/attention/graph-layout.ts'
import {EVERYTHING} from '../../store/attention-state.ts'
import {Button} from '../../ui/button.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useActions} from '../use-workbench.ts'
import type {ShownGraph} from './use-graph.ts'

/** In place of edges: why there are none, or why the graph is not there. */
export function GraphEmpty({
  shown,
  layout,
}: {
  readonly shown: ShownGraph
  readonly layout: GraphLayout
}) {
  const pane = usePaneIndex()
  const {askGraphAgain, changeAttentionFilters} = useActions()
  const {graph, slot} = shown
  const style = {
    left: layout.xPx,
    top: layout.topPx,
    width: layout.widthPx,
    height: layout.bottomPx - layout.topPx,
  }
  if (slot.phase.kind === 'failed') {
    const {message, found, expected, advice, code} = slot.phase.problem
    return (
      <div
        className="graph-empty"
        style={style}
        role="alert"
        data-testid="graph-problem"
        data-code={code}
      >
        <p>
          <span className="failed">✕</span> {message}
          {found && ` Found: ${found}.`}
          {expected && ` Expected: ${expected}.`} {advice}
        </p>
        <Button look="edge" onPress={() => askGraphAgain(pane)}>
          Try again
        </Button>
      </div>
    )
  }
  if (!graph || layout.edges.length > 0) return null
  const edgeCount = graph.totals.reduce((sum, totals) => sum + totals.edgeCount, 0)
  const leftCount = graph.totals.reduce((sum, totals) => sum + totals.leftCount, 0)
  const brokenCount = graph.totals.reduce((sum, totals) => sum + totals.brokenCount, 0)
  if (leftCount > 0) return null
  return (
    <div className="graph-empty" style={style} data-testid="graph-empty">
      {edgeCount > 0 ? (
        <>
          <p>The filters hide every edge: all of what is read, hidden 100 %.</p>
          <Button look="edge" onPress={() => changeAttentionFilters(EVERYTHING)}>
            Show everything
          </Button>
        </>
      ) : brokenCount > 0 ? (
        <p>
          <span className="failed">✕</span> The weights of these rows are NaN or infinite: nothing
          can be followed through them.
        </p>
      ) : (
        <p>There is nothing before this token, so it reads itself alone.</p>
      )}
    </div>
  )
}
