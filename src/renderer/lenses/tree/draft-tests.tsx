import {
  formatCount,
  formatFixed,
  formatMany,
  formatProb,
} from '../../../shared/figures/number-format.ts'
import type {DraftStepView} from '../../../shared/lenses/draft-player.ts'
import {keyOfNode, type ShownTree} from '../../store/tree-shown.ts'
import {useActions} from '../use-workbench.ts'
import {glyphsOf} from './tree-inspector.tsx'

interface Props {
  readonly shown: ShownTree
  readonly view: DraftStepView
  /** Tests that have happened. */
  readonly shownCount: number
  readonly isCommitted: boolean
}

/** Tests in their order: the number that was drawn against its threshold. */
export function DraftTests({shown, view, shownCount, isCommitted}: Props) {
  const {selectNode, hoverNode} = useActions()
  const {runId, marks, result} = shown
  const own = result.stats?.perStep[view.step]
  const rows = view.tests.slice(0, shownCount)
  const isGreedy = view.tests.every(({node}) => node.uniform === null)
  return (
    <section data-testid="draft-tests">
      <h3>
        Tests, sibling by sibling{' '}
        <span className="ink-3">
          {isGreedy
            ? 'a draft passes where it is the model’s own token'
            : 'accepted where the drawn number lies inside the bar'}
        </span>
      </h3>
      {rows.length === 0 && !isCommitted ? (
        <p className="ink-3">Not tested yet: step on with the arrows below the figure.</p>
      ) : (
        <table className="draft-table">
          <thead>
            <tr>
              <th scope="col">test</th>
              <th scope="col" className="word">
                node
              </th>
              <th scope="col">q used</th>
              <th scope="col">p residual</th>
              <th scope="col" className="word">
                threshold and drawn u
              </th>
              <th scope="col" className="word">
                verdict
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({node}, i) => {
              const key = keyOfNode(shown, node.id)
              const isAccepted = node.status === 'accepted'
              const threshold = node.acceptProb ?? 0
              return (
                <tr
                  key={node.id}
                  className={marks.selected === key ? 'on' : ''}
                  data-test={node.id}
                  data-verdict={node.status}
                  data-accept={node.acceptProb ?? ''}
                  data-uniform={node.uniform ?? ''}
                  onPointerEnter={() => hoverNode({runId, id: node.id})}
                  onPointerLeave={() => hoverNode(null)}
                >
                  <td>{i + 1}</td>
                  <th scope="row" className="word">
                    <button
                      type="button"
                      className="read-jump mono"
                      onClick={() => selectNode(runId, key)}
                    >
                      {glyphsOf(node)}
                    </button>
                  </th>
                  <td>{formatProb(node.usedProb)}</td>
                  <td>{formatProb(node.residualProb ?? node.targetProb)}</td>
                  <td className="word">
                    <span className="test-bar" aria-hidden="true">
                      <i
                        className={isAccepted ? 'accepted' : 'rejected'}
                        style={{width: `${Math.min(1, threshold) * 100}%`}}
                      />
                      {node.uniform !== null && <b style={{left: `${node.uniform * 100}%`}} />}
                    </span>
                    {node.uniform === null
                      ? formatFixed(threshold, 2)
                      : `u ${formatFixed(node.uniform, 2)} ${isAccepted ? '<' : '≥'} ${formatFixed(threshold, 2)}`}
                  </td>
                  <td className={`word ${isAccepted ? 'accepted' : 'rejected'}`}>
                    {isAccepted ? '✓ accepted' : '✕ rejected'}
                  </td>
                </tr>
              )
            })}
            {isCommitted && view.next && (
              <tr data-next={view.next.tokenId}>
                <td>end</td>
                <th scope="row" className="word mono">
                  {glyphsOf(view.next)}
                </th>
                <td>—</td>
                <td>{formatProb(view.next.residualProb ?? view.next.targetProb)}</td>
                <td className="word ink-3">
                  {view.next.status === 'bonus'
                    ? 'drawn from p behind the accepted'
                    : 'drawn from what is left of p'}
                </td>
                <td className="word">◆ {view.next.status}</td>
              </tr>
            )}
          </tbody>
        </table>
      )}
      {isCommitted && own && (
        <p className="small" data-testid="draft-counts">
          {formatCount(own.accepted)} accepted of {formatMany(own.tested, 'test')},{' '}
          {formatCount(own.drafted - own.tested)} of {formatCount(own.drafted)} untested;{' '}
          {formatCount(own.committed)} committed. Expected of this tree:{' '}
          {formatFixed(own.estimated, 2)} accepted, observed {formatCount(own.accepted)}.
        </p>
      )}
    </section>
  )
}
