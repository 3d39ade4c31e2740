import {
  formatBits,
  formatMany,
  formatPathProb,
  formatProb,
} from '../../../shared/figures/number-format.ts'
import {STATUS_WORDS} from '../../../shared/figures/tree/tree-looks.ts'
import {keyOfNode, type ShownTree} from '../../store/tree-shown.ts'
import {useActions} from '../use-workbench.ts'
import {glyphsOf} from './tree-inspector.tsx'

/** More rows than these are not read, and would be slow to lay out. */
const MOST_ROWS = 1500

/** The tree as a table, a row a node, deeper ones further in: the data behind the figure. */
export function OutlineTable({shown}: {readonly shown: ShownTree}) {
  const {selectNode} = useActions()
  const {spans, runId, marks, distribution} = shown
  const rows = spans.nodes.slice(0, MOST_ROWS)
  const leaves = spans.nodes.filter(({isLeaf}) => isLeaf)
  return (
    <section
      className="outline-scroll"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label="Outline of the tree"
      data-testid="tree-outline"
    >
      <table className="outline-table">
        <thead>
          <tr>
            <th scope="col">token</th>
            <th scope="col">depth</th>
            <th scope="col">p, {distribution}</th>
            <th scope="col">path p</th>
            <th scope="col">path bits</th>
            <th scope="col" className="word">
              state
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({node, column, prob, share, hiddenCount, prunedCount}) => {
            const key = keyOfNode(shown, node.id)
            const isRest = node.tokenId === null
            const state = isRest
              ? `stub${prunedCount > 0 ? `, ${prunedCount} pruned` : ''}`
              : `${STATUS_WORDS[node.status]}${node.cut ? ', cut' : ''}${hiddenCount > 0 ? `, ${hiddenCount} hidden` : ''}`
            return (
              <tr
                key={node.id}
                className={marks.selected === key ? 'on' : ''}
                data-row={node.id}
                data-share={share}
              >
                <th scope="row" style={{paddingLeft: column * 14}}>
                  <button
                    type="button"
                    className={`read-jump mono ${isRest || node.cut ? 'ink-3' : ''}`}
                    onClick={() => selectNode(runId, key)}
                  >
                    {isRest ? '…' : glyphsOf(node)}
                  </button>
                </th>
                <td>{column + 1}</td>
                <td>{formatProb(prob)}</td>
                <td>{formatPathProb(share)}</td>
                <td>{formatBits(share > 0 ? -Math.log2(share) : null)}</td>
                <td className="word">{state}</td>
              </tr>
            )
          })}
        </tbody>
        <tfoot>
          <tr data-testid="tree-outline-total">
            <th scope="row" colSpan={3}>
              {formatMany(leaves.length, 'leaf or stub', 'leaves and stubs')}
            </th>
            <td>{formatPathProb(leaves.reduce((sum, {share}) => sum + share, 0))}</td>
            <td colSpan={2} />
          </tr>
        </tfoot>
      </table>
      {spans.nodes.length > rows.length && (
        <p className="ink-3">
          {spans.nodes.length - rows.length} more rows are in the CSV and JSON.
        </p>
      )}
    </section>
  )
}
