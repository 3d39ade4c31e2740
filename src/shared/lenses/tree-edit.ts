import {tokensOfTable} from '../domain/token.ts'
import type {Distribution} from './next-tokens.ts'
import type {
  TreeExpansion,
  TreeLaw,
  TreeNode,
  TreeOrigin,
  TreeResult,
  TreeTokenNode,
} from './tree.ts'

/** A node by what it stands for, whatever its number: token ids from the prompt's end, such as `412.37`. */
export type NodeKey = string

/** The key of what follows the prompt directly. */
export const ROOT_KEY: NodeKey = ''
const REST = 'rest'

/** Keys of all nodes, by id; a rest's ends in `rest`. Of a draft a node may have its number alone. */
export function nodeKeys(nodes: readonly TreeNode[]): Map<number, NodeKey> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const keys = new Map<number, NodeKey>()
  const waiting: TreeNode[] = []
  for (const start of nodes) {
    for (let node: TreeNode | undefined = start; node && !keys.has(node.id); ) {
      waiting.push(node)
      node = node.parent === null ? undefined : byId.get(node.parent)
    }
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      const above = node.parent === null ? ROOT_KEY : keys.get(node.parent)!
      const own = node.tokenId === null ? REST : String(node.tokenId)
      keys.set(node.id, above === ROOT_KEY ? own : `${above}.${own}`)
    }
  }
  return keys
}

/** The token ids of a key; empty for the root. */
export function pathOfKey(key: NodeKey): number[] {
  return key === ROOT_KEY
    ? []
    : key.split('.').flatMap((part) => (part === REST ? [] : [Number(part)]))
}

export function keyOfPath(path: readonly number[]): NodeKey {
  return path.join('.')
}

/** The key of what a node follows. */
export function parentKey(key: NodeKey): NodeKey {
  return key.includes('.') ? key.slice(0, key.lastIndexOf('.')) : ROOT_KEY
}

export interface AddOptions {
  readonly origin?: TreeOrigin
  /** Of what is listed only these are added; the others are part of the rest. */
  readonly only?: readonly number[]
}

/**
 * A tree with what may follow one of its nodes: tokens that are listed and not there yet are added, and the
 * rest becomes what is left. Nothing is taken away. `added` are the ids of the new nodes.
 */
export function withChildren(
  result: TreeResult,
  parentId: number | null,
  expansion: TreeExpansion,
  {origin = 'model', only}: AddOptions = {}
): {readonly result: TreeResult; readonly added: readonly number[]} {
  const siblings = result.nodes.filter(({parent}) => parent === parentId)
  const known = new Set(siblings.flatMap(({tokenId}) => (tokenId === null ? [] : [tokenId])))
  const wanted = only && new Set(only)
  const parent = parentId === null ? null : result.nodes.find(({id}) => id === parentId)
  let nextId = result.nodes.reduce((most, {id}) => Math.max(most, id), -1) + 1
  let order = siblings.filter(({tokenId}) => tokenId !== null).length
  const nodes = result.nodes.map((node): TreeNode => {
    if (node.id !== parentId || node.tokenId === null || node.status === 'pruned') return node
    return {...node, status: expansion.isFinished ? 'finished' : 'expanded'}
  })
  if (expansion.isFinished) return {result: {...result, nodes}, added: []}
  const added: number[] = []
  const above = parent && parent.tokenId !== null ? parent : null
  for (const [row, {id: tokenId, bytesHex, text}] of tokensOfTable(expansion.tokens).entries()) {
    if (known.has(tokenId) || wanted?.has(tokenId) === false) continue
    known.add(tokenId)
    const probs = probsAt(expansion, row, result.distribution)
    added.push(nextId)
    nodes.push({
      ...{id: nextId++, step: 0, parent: parentId, depth: (above?.depth ?? 0) + 1, order: order++},
      ...{tokenId, bytesHex, text, ...probs, pathLogprob: sum(above, probs.logprob)},
      ...{draftProb: null, usedProb: null, jointDraftProb: null, value: null, perturbed: null},
      ...{multiplicity: null, visits: null, targetProb: null, residualProb: null},
      ...{acceptProb: null, uniform: null, reachProb: null, origin, status: 'open'},
    })
  }
  const rest = siblings.find(({tokenId}) => tokenId === null)
  const restId = rest?.id ?? nextId
  const left: TreeNode = {
    ...{id: restId, parent: parentId, tokenId: null},
    ...restWithout(expansion, known, result),
  }
  const place = nodes.findIndex(({id}) => id === restId)
  if (place < 0) nodes.push(left)
  else nodes[place] = left
  return {result: {...result, nodes}, added}
}

/**
 * The same tree under another law: `expansions` are what may follow each of its expanded nodes under it, by
 * the node's id, every child listed. Which nodes there are stays.
 */
export function underLaw(
  result: TreeResult,
  expansions: ReadonlyMap<number | null, TreeExpansion>,
  law: TreeLaw
): TreeResult {
  const {temperature, topK, topP, minP} = law
  const rows = new Map<string, {expansion: TreeExpansion; row: number}>()
  for (const [parent, expansion] of expansions) {
    for (const [row, id] of expansion.tokens.ids.entries())
      rows.set(`${parent}:${id}`, {expansion, row})
  }
  const paths = new Map<number, TreeTokenNode>()
  const listed = new Map<number | null, Set<number>>()
  for (const {parent, tokenId} of result.nodes) {
    if (tokenId === null) continue
    const own = listed.get(parent) ?? new Set()
    listed.set(parent, own.add(tokenId))
  }
  const nodes = result.nodes.map((node): TreeNode => {
    const expansion = expansions.get(node.parent)
    if (node.tokenId === null) {
      return expansion
        ? {...node, ...restWithout(expansion, listed.get(node.parent), result)}
        : node
    }
    const found = rows.get(`${node.parent}:${node.tokenId}`)
    const probs = found ? probsAt(found.expansion, found.row, result.distribution) : {}
    const changed: TreeTokenNode = {...node, ...probs}
    const above = node.parent === null ? null : (paths.get(node.parent) ?? null)
    const own = {...changed, pathLogprob: sum(above, changed.logprob)}
    paths.set(node.id, own)
    return own
  })
  const {topK: _, topP: __, minP: ___, ...request} = result.request
  return {
    ...result,
    nodes,
    request: {
      ...{...request, temperature},
      ...(topK === undefined ? {} : {topK}),
      ...(topP === undefined ? {} : {topP}),
      ...(minP === undefined ? {} : {minP}),
    },
  }
}

/** A tree without some nodes and what hangs on them; their probability is part of the rest beside them. */
export function withoutNodes(result: TreeResult, hidden: ReadonlySet<number>): TreeResult {
  if (hidden.size === 0) return result
  const gone = new Set<number>()
  const more = new Map<number | null, TreeTokenNode[]>()
  const nodes: TreeNode[] = []
  for (const node of result.nodes) {
    const isUnder = node.parent !== null && gone.has(node.parent)
    if (!isUnder && !hidden.has(node.id)) {
      nodes.push(node)
      continue
    }
    gone.add(node.id)
    if (isUnder || node.tokenId === null) continue
    more.set(node.parent, [...(more.get(node.parent) ?? []), node])
  }
  return {
    ...result,
    nodes: nodes.map((node) => {
      const own = node.tokenId === null ? more.get(node.parent) : undefined
      if (!own || node.tokenId !== null) return node
      const total = (of: (token: TreeTokenNode) => number | null) =>
        own.reduce((all, token) => all + probOf(of(token)), 0)
      return {
        ...node,
        restCount: node.restCount + own.length,
        restProb: node.restProb + total(({logprob}) => logprob),
        rawRestProb: node.rawRestProb + total(({rawLogprob}) => rawLogprob),
        temperatureRestProb:
          node.temperatureRestProb + total(({temperatureLogprob}) => temperatureLogprob),
        truncatedRestProb: node.truncatedRestProb + total(({truncatedLogprob}) => truncatedLogprob),
      }
    }),
  }
}

function probsAt(expansion: TreeExpansion, row: number, distribution: Distribution) {
  const at = (column: Float64Array) => (Number.isNaN(column[row]!) ? null : column[row]!)
  const raw = at(expansion.rawLogprobs)
  const temperature = at(expansion.temperatureLogprobs)
  const truncated = at(expansion.truncatedLogprobs)
  const of = {raw, temperature, truncated}
  return {
    ...{rawLogprob: raw, temperatureLogprob: temperature, truncatedLogprob: truncated},
    logprob: of[distribution],
    // As a law at temperature 0 and truncation both do.
    cut: truncated === null,
  }
}

function restsOf(expansion: TreeExpansion, distribution: Distribution) {
  const {rawRestProb, temperatureRestProb, truncatedRestProb} = expansion
  const of = {raw: rawRestProb, temperature: temperatureRestProb, truncated: truncatedRestProb}
  return {restProb: of[distribution], rawRestProb, temperatureRestProb, truncatedRestProb}
}

/** The rest beside some children, where more than those are listed. */
function restWithout(
  expansion: TreeExpansion,
  children: ReadonlySet<number> | undefined,
  {distribution}: TreeResult
) {
  const rest = {...restsOf(expansion, distribution), restCount: expansion.restCount}
  for (const [row, id] of expansion.tokens.ids.entries()) {
    if (children?.has(id)) continue
    rest.restCount++
    const {logprob, rawLogprob, temperatureLogprob, truncatedLogprob} = probsAt(
      ...([expansion, row, distribution] as const)
    )
    rest.restProb += probOf(logprob)
    rest.rawRestProb += probOf(rawLogprob)
    rest.temperatureRestProb += probOf(temperatureLogprob)
    rest.truncatedRestProb += probOf(truncatedLogprob)
  }
  return rest
}

function sum(above: TreeTokenNode | null, logprob: number | null): number | null {
  const before = above === null ? 0 : above.pathLogprob
  return before === null || logprob === null ? null : before + logprob
}

function probOf(logprob: number | null): number {
  return logprob === null ? 0 : Math.exp(logprob)
}
