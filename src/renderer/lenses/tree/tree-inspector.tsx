import {useState} from 'react'
import {
  formatBits,
  formatCount,
  formatMany,
  formatProb,
} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {STATUS_WORDS} from '../../../shared/figures/tree/tree-looks.ts'
import type {TreeNode, TreeTokenNode} from '../../../shared/lenses/tree.ts'
import {type NodeKey, parentKey, pathOfKey, ROOT_KEY} from '../../../shared/lenses/tree-edit.ts'
import {nodeProb} from '../../../shared/lenses/tree-spans.ts'
import {keyOfNode, type ShownTree, selectedNode, selectShownTree} from '../../store/tree-shown.ts'
import {Button} from '../../ui/button.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import type {LensInspectorProps} from '../lens.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {copyValue} from './copy-value.ts'
import {DraftInspector} from './draft-inspector.tsx'

const MOST_CHILDREN = 8

/** What is known of the node under the pointer, else of the selected one. */
export function TreeInspector({runId}: LensInspectorProps) {
  const {captures} = useWorkbench()
  const {shown, hovered} = useWorkbenchState((state) => ({
    shown: selectShownTree(state, captures, state.activePane),
    revision: state.treeRevision,
    hovered: state.hoveredNode?.runId === runId ? state.hoveredNode.id : null,
  }))
  if (!shown || shown.runId !== runId) return null
  const own = selectedNode(shown)
  const isOther = hovered !== null && hovered !== own?.id
  const pointed = isOther ? shown.result.nodes.find(({id}) => id === hovered) : undefined
  const node = pointed ?? own
  if (shown.kind === 'draft') return <DraftInspector shown={shown} node={node} />
  return (
    <>
      {node ? (
        <NodeFacts shown={shown} node={node} isPointed={pointed !== undefined} />
      ) : (
        <section data-testid="tree-node">
          <h2>Node</h2>
          <div className="ink-3">
            Point at a node, click to select it, or walk with the arrow keys.
          </div>
        </section>
      )}
      {node && <Children shown={shown} node={node} />}
      <Compared shown={shown} node={node} />
      {node && node.tokenId !== null && !pointed && <NodeActions shown={shown} node={node} />}
    </>
  )
}

export function glyphsOf(node: TreeNode): string {
  if (node.tokenId === null) return 'all other tokens'
  return plainGlyphs({...node, isSpecial: false}) || `#${node.tokenId}`
}

/** A number that a click copies with all its digits. */
export function NodeFact({
  name,
  text,
  exact,
}: {
  readonly name: string
  readonly text: string
  readonly exact: string | null
}) {
  const workbench = useWorkbench()
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>
        <button
          type="button"
          className="copy-value clip"
          aria-label={`${name} ${text}, copy`}
          data-node-fact={name}
          data-exact={exact ?? ''}
          onClick={() => {
            if (exact !== null) void copyValue(workbench, exact)
          }}
        >
          {text}
        </button>
      </dd>
    </div>
  )
}

function NodeFacts({
  shown,
  node,
  isPointed,
}: {
  shown: ShownTree
  node: TreeNode
  isPointed: boolean
}) {
  const {spans, distribution} = shown
  const placed = spans.nodes.find((span) => span.node.id === node.id)
  const prob = placed?.prob ?? nodeProb(node, distribution)
  const share = placed?.share ?? null
  const below = placed ? countBelow(shown, placed.place) : null
  return (
    <section data-testid="tree-node" data-node={node.id}>
      <h2>
        Node
        <span className="mono node-name">{glyphsOf(node)}</span>
        <span className="end">{isPointed ? 'pointed at' : 'selected'}</span>
      </h2>
      <dl className="facts-list">
        {node.tokenId !== null && (
          <NodeFact name="token id" text={String(node.tokenId)} exact={String(node.tokenId)} />
        )}
        <NodeFact name="probability" text={formatProb(prob)} exact={String(prob)} />
        <NodeFact
          name="path"
          text={
            share === null
              ? '—'
              : `${formatProb(share)}, ${formatBits(share > 0 ? -Math.log2(share) : null)} bits`
          }
          exact={share === null ? null : String(share)}
        />
        {node.tokenId === null ? (
          <NodeFact
            name="stands for"
            text={formatMany(node.restCount, 'token')}
            exact={String(node.restCount)}
          />
        ) : (
          <TokenFacts node={node} />
        )}
        {below && (
          <NodeFact
            name="below it"
            text={`${formatMany(below.tokens, 'node')}, ${formatMany(below.stubs, 'stub')}`}
            exact={String(below.tokens)}
          />
        )}
      </dl>
    </section>
  )
}

function TokenFacts({node}: {readonly node: TreeTokenNode}) {
  const logprob = (name: string, value: number | null) => (
    <NodeFact
      key={name}
      name={name}
      text={value === null ? '0, cut' : formatProb(Math.exp(value))}
      exact={value === null ? '0' : String(Math.exp(value))}
    />
  )
  return (
    <>
      {logprob('raw', node.rawLogprob)}
      {logprob('temperature', node.temperatureLogprob)}
      {logprob('truncated', node.truncatedLogprob)}
      <NodeFact name="depth" text={formatCount(node.depth)} exact={String(node.depth)} />
      <NodeFact
        name="state"
        text={`${STATUS_WORDS[node.status] ?? node.status}${node.cut ? ', cut' : ''}${node.origin === 'edited' ? ', put in by hand' : ''}`}
        exact={node.status}
      />
      {node.visits !== null && (
        <NodeFact
          name="runs through it"
          text={formatCount(node.visits)}
          exact={String(node.visits)}
        />
      )}
      {node.perturbed !== null && (
        <NodeFact
          name="perturbed"
          text={node.perturbed.toFixed(3)}
          exact={String(node.perturbed)}
        />
      )}
      {node.value !== null && node.perturbed === null && node.visits === null && (
        <NodeFact name="chosen by" text={node.value.toPrecision(3)} exact={String(node.value)} />
      )}
    </>
  )
}

function countBelow({spans}: ShownTree, place: number): {tokens: number; stubs: number} {
  const {row, rowCount, hiddenCount} = spans.nodes[place]!
  const count = {tokens: hiddenCount, stubs: 0}
  for (let at = place + 1; at < spans.nodes.length; at++) {
    const node = spans.nodes[at]!
    if (node.row >= row + rowCount) break
    if (node.node.tokenId === null) count.stubs++
    else count.tokens++
  }
  return count
}

/** What follows a node, summing to 1 with its rest. */
function Children({shown, node}: {readonly shown: ShownTree; readonly node: TreeNode}) {
  const {selectNode} = useActions()
  const {result, distribution, runId} = shown
  const children = result.nodes.filter(({parent}) => parent === node.id)
  const tokens = children
    .filter((child) => child.tokenId !== null)
    .sort((a, b) => nodeProb(b, distribution) - nodeProb(a, distribution))
  if (tokens.length === 0) return null
  const rest = children.find(({tokenId}) => tokenId === null)
  const listed = tokens.slice(0, MOST_CHILDREN)
  const others =
    tokens.slice(MOST_CHILDREN).reduce((sum, child) => sum + nodeProb(child, distribution), 0) +
    (rest ? nodeProb(rest, distribution) : 0)
  const sum = listed.reduce((all, child) => all + nodeProb(child, distribution), others)
  return (
    <section data-testid="tree-children" data-sum={sum}>
      <h2>
        Children<span className="end">{distribution}</span>
      </h2>
      <table className="prob-table">
        <tbody>
          {listed.map((child) => (
            <tr key={child.id} data-prob={nodeProb(child, distribution)}>
              <th scope="row" className="clip">
                <button
                  type="button"
                  className="read-jump mono"
                  aria-label={`${glyphsOf(child)}: select this node`}
                  onClick={() => selectNode(runId, keyOfNode(shown, child.id))}
                >
                  {glyphsOf(child)}
                </button>
              </th>
              <td className="bar-cell">
                <i style={{width: `${Math.max(1.5, nodeProb(child, distribution) * 100)}%`}} />
              </td>
              <td>{formatProb(nodeProb(child, distribution))}</td>
            </tr>
          ))}
          <tr>
            <th scope="row" className="ink-3">
              {formatMany(
                (rest?.tokenId === null ? rest.restCount : 0) + tokens.length - listed.length,
                'other'
              )}
            </th>
            <td className="bar-cell">
              <i className="hollow" style={{width: `${Math.max(1.5, others * 100)}%`}} />
            </td>
            <td>{formatProb(others)}</td>
          </tr>
        </tbody>
      </table>
    </section>
  )
}

/** Pinned branches and the selected one as text, with what they come to; what they share is faint. */
function Compared({shown, node}: {readonly shown: ShownTree; readonly node: TreeNode | null}) {
  const {selectNode} = useActions()
  const {marks, ids, spans, runId} = shown
  const own = node && node.tokenId !== null ? keyOfNode(shown, node.id) : null
  const keys = [...marks.pinned, ...(own === null || marks.pinned.includes(own) ? [] : [own])]
  const branches = keys.flatMap((key) => {
    const id = ids.get(key)
    const placed = spans.nodes.find((span) => span.node.id === id)
    return placed ? [{key, placed, texts: textsTo(shown, placed.place)}] : []
  })
  if (marks.pinned.length === 0 || branches.length < 2) return null
  const first = branches[0]!.texts
  let common = first.length
  for (const {texts} of branches) {
    let at = 0
    while (at < common && texts[at] === first[at]) at++
    common = at
  }
  return (
    <section data-testid="tree-compare">
      <h2>
        Compare<span className="end">{formatMany(branches.length, 'branch', 'branches')}</span>
      </h2>
      <ol className="branch-list">
        {branches.map(({key, placed, texts}) => {
          const {share} = placed
          const bits = share > 0 ? -Math.log2(share) : null
          return (
            <li key={key} data-branch={key} data-share={share}>
              <button
                type="button"
                className="mono branch-text"
                aria-label={`${texts.join('')}: select this branch`}
                onClick={() => selectNode(runId, key)}
              >
                <span className="ink-3">{texts.slice(0, common).join('')}</span>
                {texts.slice(common).join('')}
              </button>
              <span className="small ink-3">
                {formatProb(share)}, {formatBits(bits)} bits for {formatMany(texts.length, 'token')}
              </span>
            </li>
          )
        })}
      </ol>
    </section>
  )
}

function textsTo({spans}: ShownTree, place: number): string[] {
  const texts: string[] = []
  for (let at = place; at >= 0; at = spans.nodes[at]!.parent)
    texts.push(glyphsOf(spans.nodes[at]!.node))
  return texts.reverse()
}

/** What can be done with the selected node; the keys are those of the commands. */
function NodeActions({shown, node}: {readonly shown: ShownTree; readonly node: TreeTokenNode}) {
  const actions = useActions()
  const {runId, marks} = shown
  const key = keyOfNode(shown, node.id)
  const rows: readonly [string, string, () => void][] = [
    ['Continue from here', '⏎', () => void actions.continueFrom(runId, key)],
    ['Grow below', 'G', () => void actions.growBelow(runId, key)],
    ['Follow the likeliest', 'F', () => void actions.followLikeliest(runId, key)],
    [
      marks.collapsed.includes(key) ? 'Expand' : 'Collapse',
      'Space',
      () => actions.toggleCollapsed(runId, key),
    ],
    [
      marks.pinned.includes(key) ? 'Unpin' : 'Pin the branch',
      'P',
      () => actions.togglePinned(runId, key),
    ],
    ['Prune', shortcutText({key: 'Delete'}), () => actions.pruneNode(runId, key)],
  ]
  return (
    <section data-testid="tree-actions">
      <h2>With this node</h2>
      <ChangeToken key={key} runId={runId} nodeKey={key} />
      {rows.map(([title, keyText, run]) => (
        <button key={title} type="button" className="action-row" onClick={run}>
          {title}
          <span className="ink-3">{keyText}</span>
        </button>
      ))}
    </section>
  )
}

function ChangeToken({runId, nodeKey}: {readonly runId: string; readonly nodeKey: NodeKey}) {
  const {changeToken} = useActions()
  const [text, setText] = useState('')
  const take = () => {
    if (text === '') return
    void changeToken(runId, nodeKey, text)
    setText('')
  }
  const depth = pathOfKey(nodeKey).length
  const above = parentKey(nodeKey) === ROOT_KEY ? 'the prompt' : `token ${depth - 1} of the branch`
  return (
    <div className="change-token">
      <input
        id="change-token"
        className="field mono"
        aria-label={`Another text after ${above}, spaces as they are`}
        placeholder="other text here, E"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take()
        }}
      />
      <Button look="edge" onPress={take} isDisabled={text === ''}>
        Put in
      </Button>
    </div>
  )
}
