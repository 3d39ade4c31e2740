import {useEffect, useRef} from 'react'
import {
  formatCount,
  formatFixed,
  formatMany,
  formatProb,
} from '../../../shared/figures/number-format.ts'
import {
  type DraftStepView,
  type DraftTest,
  frameName,
  testAt,
  testsBy,
} from '../../../shared/lenses/draft-player.ts'
import {keyOfNode, type ShownTree} from '../../store/tree-shown.ts'
import {useActions} from '../use-workbench.ts'
import {glyphsOf} from './tree-inspector.tsx'

/** Tokens of what is left that a row names. */
const MOST_LEFT = 3

interface Props {
  readonly shown: ShownTree
  readonly view: DraftStepView
}

/** Tests in their order: the number that was drawn against its threshold, what is left, and what is committed. */
export function DraftTests({shown, view}: Props) {
  const own = shown.result.stats?.perStep[view.step]
  const rows = view.tests.slice(0, testsBy(view, shown.at))
  const frame = frameName(view, shown.at)
  const isCommitted = frame === 'commit'
  const isEnd = isCommitted || frame === 'residual'
  const untested = view.drafted.filter(({status}) => status === 'untested').length
  return (
    <section data-testid="draft-tests">
      <h3>
        Tests, sibling by sibling{' '}
        <span className="ink-3">accepted where the drawn number lies inside the bar</span>
      </h3>
      {rows.length === 0 && !isEnd ? (
        <p className="ink-3">Not tested yet: step on with the arrows below.</p>
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
              <th scope="col" className="bar">
                drawn u against threshold
              </th>
              <th scope="col">u</th>
              <th scope="col">
                <span className="visually-hidden">how u compares</span>
              </th>
              <th scope="col">threshold</th>
              <th scope="col" className="word">
                verdict
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <TestRow
                key={i}
                {...{shown, row, at: i + 1}}
                isCurrent={row === testAt(view, shown.at)}
              />
            ))}
            {frame === 'residual' && <LeftRow shown={shown} view={view} />}
            {isCommitted && view.next && (
              <tr data-next={view.next.tokenId}>
                <td>end</td>
                <th scope="row" className="word mono">
                  {glyphsOf(view.next)}
                </th>
                <td>—</td>
                <td>{formatProb(view.next.residualProb ?? view.next.targetProb)}</td>
                <td className="word ink-3" colSpan={4}>
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
          {formatCount(untested)} of {formatMany(own.drafted, 'node')} untested;{' '}
          {formatCount(own.committed)} committed. Expected of this tree:{' '}
          {formatFixed(own.estimated, 2)} accepted, observed {formatCount(own.accepted)}.
        </p>
      )}
    </section>
  )
}

function TestRow({
  shown,
  row: {node, test},
  at,
  isCurrent,
}: {
  readonly shown: ShownTree
  readonly row: DraftTest
  readonly at: number
  readonly isCurrent: boolean
}) {
  const {selectNode, hoverNode} = useActions()
  const {runId, marks} = shown
  const key = keyOfNode(shown, node.id)
  const {acceptProb, uniform, residualProb, outcome} = test
  const isAccepted = outcome === 'accepted'
  const ref = useRef<HTMLTableRowElement>(null)
  useEffect(() => {
    if (isCurrent) ref.current?.scrollIntoView({block: 'nearest'})
  }, [isCurrent])
  return (
    <tr
      ref={ref}
      className={isCurrent || marks.selected === key ? 'on' : ''}
      aria-current={isCurrent ? 'step' : undefined}
      data-test={node.id}
      data-verdict={outcome}
      data-accept={acceptProb}
      data-uniform={uniform}
      onPointerEnter={() => hoverNode({runId, id: node.id})}
      onPointerLeave={() => hoverNode(null)}
    >
      <td>{at}</td>
      <th scope="row" className="word">
        <button type="button" className="read-jump mono" onClick={() => selectNode(runId, key)}>
          {glyphsOf(node)}
        </button>
      </th>
      <td>{formatProb(node.usedProb)}</td>
      <td>{formatProb(residualProb)}</td>
      <td className="bar">
        <span className="test-bar" aria-hidden="true">
          <i className={outcome} style={{width: `${Math.min(1, acceptProb) * 100}%`}} />
          <b style={{left: `${uniform * 100}%`}} />
        </span>
      </td>
      <td>{formatProb(uniform)}</td>
      <td className="sign">{isAccepted ? '<' : '≥'}</td>
      <td>{formatProb(acceptProb)}</td>
      <td className={`word ${outcome}`}>{isAccepted ? '✓ accepted' : '✕ rejected'}</td>
    </tr>
  )
}

/** What is left of the model's law once everything was rejected: the last token is drawn from it. */
function LeftRow({shown, view}: Props) {
  const names = new Map(
    shown.result.nodes.flatMap((one) =>
      one.tokenId === null ? [] : [[one.tokenId, glyphsOf(one)]]
    )
  )
  const named = view.nextFrom.slice(0, MOST_LEFT)
  const rest = Math.max(0, 1 - named.reduce((sum, {prob}) => sum + prob, 0))
  const ref = useRef<HTMLTableRowElement>(null)
  useEffect(() => ref.current?.scrollIntoView({block: 'nearest'}), [])
  return (
    <tr ref={ref} className="on" aria-current="step" data-testid="draft-left">
      <td>left</td>
      <td className="word" colSpan={8}>
        {named.map(({id, prob}) => (
          <span key={id} className="left-of">
            <span className="mono">{names.get(id) ?? `#${id}`}</span> {formatProb(prob)}
          </span>
        ))}
        <span className="left-of ink-3">others {formatProb(rest)}</span>
      </td>
    </tr>
  )
}
