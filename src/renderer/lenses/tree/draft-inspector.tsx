import {formatProb} from '../../../shared/figures/number-format.ts'
import {STATUS_WORDS} from '../../../shared/figures/tree/tree-looks.ts'
import {draftStepView, testsBy} from '../../../shared/lenses/draft-player.ts'
import type {TreeNode, TreeTokenNode} from '../../../shared/lenses/tree.ts'
import type {ShownTree} from '../../store/tree-shown.ts'
import {glyphsOf, NodeFact} from './tree-inspector.tsx'

/** A drafted node: who proposed it, the laws at its test, the number that was drawn, and why it fell. */
export function DraftInspector({
  shown,
  node,
}: {
  readonly shown: ShownTree
  readonly node: TreeNode | null
}) {
  const token = node && node.tokenId !== null ? node : null
  const staged = token && shown.spans.nodes.find((span) => span.node.id === token.id)?.node
  const own = staged && staged.tokenId !== null ? staged : token
  return (
    <>
      <section data-testid="draft-node">
        {own ? (
          <>
            <h2>
              Node
              <span className="mono node-name">{glyphsOf(own)}</span>
              <span className="end">step {own.step}</span>
            </h2>
            <dl className="facts-list">
              <NodeFact
                name="state"
                text={own.status === 'open' ? 'drafted' : (STATUS_WORDS[own.status] ?? own.status)}
                exact={own.status}
              />
              <NodeFact name="because" text={reasonOf(own)} exact={reasonOf(own)} />
              <NodeFact name="origin" text={own.origin} exact={own.origin} />
              <ProbFact name="q at parent" value={own.draftProb} />
              <ProbFact name="q used" value={own.usedProb} />
              <ProbFact name="p" value={own.targetProb} />
              <ProbFact name="p residual" value={own.residualProb} />
              <ProbFact name="threshold" value={own.acceptProb} />
              <ProbFact name="drawn u" value={own.uniform} />
              <ProbFact name="reach" value={own.reachProb} />
            </dl>
          </>
        ) : (
          <>
            <h2>Node</h2>
            <div className="ink-3">Point at a drafted node, or click to select it.</div>
          </>
        )}
      </section>
      {own && <Residual shown={shown} node={own} />}
    </>
  )
}

function ProbFact({name, value}: {readonly name: string; readonly value: number | null}) {
  return (
    <NodeFact name={name} text={formatProb(value)} exact={value === null ? null : String(value)} />
  )
}

function reasonOf({status, uniform, acceptProb, targetProb}: TreeTokenNode): string {
  const u = uniform === null ? '' : `u ${formatProb(uniform)}`
  switch (status) {
    case 'accepted':
      return uniform === null ? 'the model’s own token' : `${u} < ${formatProb(acceptProb)}`
    case 'rejected':
      return uniform === null
        ? `not the model’s own, p ${formatProb(targetProb)}`
        : `${u} ≥ ${formatProb(acceptProb)}`
    case 'untested':
      return 'another was accepted, or its parent fell'
    case 'correction':
      return 'drawn from what was left of p'
    case 'bonus':
      return 'drawn from p behind the accepted'
    default:
      return 'not verified yet'
  }
}

/** What the next sibling is tested against after a rejection: norm [p − q]₊ where the rule is that. */
function Residual({shown, node}: {readonly shown: ShownTree; readonly node: TreeTokenNode}) {
  const view = draftStepView(shown.result, shown.step)
  // The last of its tests so far: a node that several paths share has more than one.
  const test = view?.tests
    .slice(0, testsBy(view, shown.at))
    .findLast((one) => one.node.id === node.id)?.test
  const top =
    node.status === 'rejected'
      ? test?.residualTop
      : node.status === 'correction'
        ? view?.nextFrom
        : null
  if (!top || top.length === 0) return null
  const rest = Math.max(0, 1 - top.reduce((sum, {prob}) => sum + prob, 0))
  const names = new Map(
    shown.result.nodes.flatMap((one) =>
      one.tokenId === null ? [] : [[one.tokenId, glyphsOf(one)]]
    )
  )
  return (
    <section data-testid="draft-residual">
      <h2>
        Residual<span className="end">norm [p − q]₊</span>
      </h2>
      <table className="prob-table">
        <tbody>
          {top.slice(0, 6).map(({id, prob}) => (
            <tr key={id} data-id={id}>
              <th scope="row" className="clip mono">
                {names.get(id) ?? `#${id}`}
              </th>
              <td className="bar-cell">
                <i style={{width: `${Math.max(1.5, prob * 100)}%`}} />
              </td>
              <td>{formatProb(prob)}</td>
            </tr>
          ))}
          <tr>
            <th scope="row" className="ink-3">
              others
            </th>
            <td className="bar-cell">
              <i className="hollow" style={{width: `${Math.max(1.5, rest * 100)}%`}} />
            </td>
            <td>{formatProb(rest + top.slice(6).reduce((sum, {prob}) => sum + prob, 0))}</td>
          </tr>
        </tbody>
      </table>
    </section>
  )
}
