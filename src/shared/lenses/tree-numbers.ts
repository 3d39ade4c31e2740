import type {Problem} from '../domain/problem.ts'
import {bytesOfHex, displayTextOfBytes} from '../domain/token.ts'
import type {TreeNode, TreeResult, TreeTokenNode} from './tree.ts'

/** Log-probabilities may be this much above 0, and rests this much outside [0, 1]: rounding of float32. */
const SLACK = 1e-6
/** A path's log-probability may be this share of itself off the sum along its path. */
const PATH_SLACK = 1e-6

const LOGPROBS = [
  'rawLogprob',
  'temperatureLogprob',
  'truncatedLogprob',
  'logprob',
  'pathLogprob',
] as const
const RESTS = ['restProb', 'rawRestProb', 'temperatureRestProb', 'truncatedRestProb'] as const
const PROBS = [
  'draftProb',
  'usedProb',
  'jointDraftProb',
  'targetProb',
  'residualProb',
  'acceptProb',
  'uniform',
  'reachProb',
] as const

/**
 * What is wrong with the numbers of a tree whose nodes hang together; null where they can be: probabilities
 * within 0 and 1, depth and path as the parent has them, texts of their bytes. What only the model knows, as
 * which token an id is, is asked of it where the tree is opened.
 */
export function numbersProblemOf({nodes}: Pick<TreeResult, 'nodes'>): Problem | null {
  if (nodes.length === 0) {
    return wrong('nodes', 'none', 'at least one node', 'A tree without nodes shows nothing.')
  }
  const byId = new Map<number, TreeTokenNode>()
  for (const node of nodes) if (node.tokenId !== null) byId.set(node.id, node)
  for (const node of nodes) {
    const problem =
      node.tokenId === null
        ? restProblemOf(node)
        : tokenProblemOf(node, node.parent === null ? null : byId.get(node.parent)!)
    if (problem) return problem
  }
  return null
}

function restProblemOf(node: Extract<TreeNode, {tokenId: null}>): Problem | null {
  for (const name of RESTS) {
    const value = node[name]
    if (value >= -SLACK && value <= 1 + SLACK) continue
    return wrong(`node ${node.id}, ${name}`, String(value), `0 to 1, within ${SLACK}`)
  }
  if (node.restCount >= 0) return null
  return wrong(`node ${node.id}, restCount`, String(node.restCount), '0 or more tokens')
}

function tokenProblemOf(node: TreeTokenNode, parent: TreeTokenNode | null): Problem | null {
  const place = `node ${node.id}`
  for (const name of LOGPROBS) {
    const value = node[name]
    if (value === null || value <= SLACK) continue
    const expected = `a natural log-probability, at most 0 within ${SLACK}`
    return wrong(`${place}, ${name}`, String(value), expected)
  }
  for (const name of PROBS) {
    const value = node[name]
    if (value === null || (value >= -SLACK && value <= 1 + SLACK)) continue
    return wrong(`${place}, ${name}`, String(value), `0 to 1, within ${SLACK}`)
  }
  // Each step of a draft is a tree of its own, on the last token of the one before.
  const above = parent && parent.step === node.step ? parent : null
  const depth = (above?.depth ?? 0) + 1
  if (node.depth !== depth) {
    const expected = `${depth}, one below ${above ? `node ${above.id}` : 'the root'}`
    return wrong(`${place}, depth`, String(node.depth), expected)
  }
  const isPathKnown = node.pathLogprob !== null && node.logprob !== null
  if (isPathKnown && above?.pathLogprob !== null) {
    const sum = (above?.pathLogprob ?? 0) + node.logprob!
    if (Math.abs(node.pathLogprob! - sum) > PATH_SLACK * Math.max(1, Math.abs(sum))) {
      const expected = `${sum}, what its path adds up to, within ${PATH_SLACK} of it`
      return wrong(`${place}, pathLogprob`, String(node.pathLogprob), expected)
    }
  }
  if (!/^([0-9a-f]{2})*$/.test(node.bytesHex)) {
    return wrong(`${place}, bytesHex`, node.bytesHex, 'two hexadecimal digits a byte')
  }
  const text = displayTextOfBytes(bytesOfHex(node.bytesHex))
  if (text === node.text) return null
  const expected = `${JSON.stringify(text)}, which its bytes ${node.bytesHex} are`
  return wrong(`${place}, text`, JSON.stringify(node.text), expected)
}

function wrong(
  field: string,
  found: string,
  expected: string,
  message = 'A number of the tree cannot be.'
): Problem {
  return {
    ...{code: 'tree-numbers', message, field, found, expected},
    advice: 'Save the tree again where it was made: this file was changed since.',
  }
}
