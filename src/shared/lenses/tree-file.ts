import {z} from 'zod'
import {type Problem, ProblemError} from '../domain/problem.ts'
import {type TreeNode, type TreeResult, type TreeTokenNode, treeResultSchema} from './tree.ts'
import {numbersProblemOf} from './tree-numbers.ts'

/** Larger files are refused before they are read: a browser holds them several times over. */
export const MAX_TREE_FILE_BYTES = 64 * 1024 * 1024

/** A node of a tree that another tool wrote: text is all that it knows of its token. */
export interface ImportedNode {
  /** Place of its parent in the list; −1 follows the prompt. */
  readonly parent: number
  readonly text: string
  readonly logprob: number
  readonly isFinished: boolean
}

export type TreeFile =
  | {readonly kind: 'tokenscope'; readonly result: TreeResult}
  | {
      readonly kind: 'logitloom'
      readonly modelName: string
      readonly prompt: string
      readonly nodes: readonly ImportedNode[]
    }

const LOGITLOOM_VERSION = 'logit-loom-tree-v1'
/** What the page of logitloom saves (format 1); children are nested. */
const logitloomSchema = z.object({
  isLogitLoomTreeVersion: z.literal(LOGITLOOM_VERSION),
  modelName: z.string().default(''),
  modelSettings: z
    .object({prompt: z.string().optional(), prefill: z.string().optional()})
    .optional(),
  roots: z.array(z.unknown()),
})
const logitloomTokenSchema = z.object({
  text: z.string(),
  logprob: z.number(),
  branchFinished: z.boolean().default(false),
  children: z.array(z.unknown()).default([]),
})

/** Throws a Problem for a file that is too large to be read. */
export function checkTreeFileSize(byteLength: number, file: string): void {
  if (byteLength <= MAX_TREE_FILE_BYTES) return
  const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`
  throw new ProblemError({
    code: 'tree-file-too-large',
    message: 'The tree file is too large to be opened.',
    file,
    found: megabytes(byteLength),
    expected: `at most ${megabytes(MAX_TREE_FILE_BYTES)}`,
    advice: 'Grow a smaller tree, or save only the part that matters.',
  })
}

/**
 * Reads a saved tree: this project's own, or logitloom's. Throws a Problem for anything else, for nodes that
 * hang together in a circle or on nothing, and for numbers that cannot be.
 */
export function readTreeFile(text: string, file: string): TreeFile {
  const value = parseJson(text, file)
  if (isObject(value) && 'isLogitLoomTreeVersion' in value) return readLogitloom(value, file)
  const parsed = treeResultSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw unreadable(file, issue.message, issue.path.join('.') || undefined)
  }
  const problem = shapeProblemOf(parsed.data.nodes) ?? numbersProblemOf(parsed.data)
  if (problem) throw new ProblemError({...problem, file})
  return {kind: 'tokenscope', result: parsed.data}
}

/** What is wrong with how nodes hang together; null for a tree. */
export function shapeProblemOf(nodes: readonly TreeNode[]): Problem | null {
  const byId = new Map<number, TreeNode>()
  for (const node of nodes) {
    if (byId.has(node.id)) return notATree(`node ${node.id}`, 'two nodes of this id')
    byId.set(node.id, node)
  }
  for (const {id, parent} of nodes) {
    if (parent !== null && byId.get(parent)?.tokenId === null) {
      return notATree(`node ${id}`, `the parent ${parent}, which is a rest`)
    }
  }
  const isRooted = new Set<number>()
  for (const {id} of nodes) {
    const walked = new Set<number>()
    for (let at: number | null = id; at !== null && !isRooted.has(at); ) {
      if (walked.has(at)) {
        return notATree(`node ${at}`, `a circle: ${[...walked, at].slice(-5).join(' under ')}`)
      }
      walked.add(at)
      const node: TreeNode | undefined = byId.get(at)
      if (!node) return notATree(`node ${[...walked].at(-2)}`, `the parent ${at}, which is no node`)
      at = node.parent
    }
    for (const one of walked) isRooted.add(one)
  }
  return null
}

/** Each token of a tree once, with what its file says that it is: the model is asked whether it is so. */
export function tokensOfTree({nodes}: Pick<TreeResult, 'nodes'>): {id: number; bytesHex: string}[] {
  const tokens = new Map<string, {id: number; bytesHex: string}>()
  for (const node of nodes) {
    if (node.tokenId === null) continue
    const {tokenId: id, bytesHex} = node
    tokens.set(`${id} ${bytesHex}`, {id, bytesHex})
  }
  return [...tokens.values()]
}

/**
 * The nodes of an imported tree as this project's, `tokenIds` giving the token of each node, −1 for none:
 * such a node is left out with everything under it. Rests take what the listed children leave.
 */
export function importedNodes(
  nodes: readonly ImportedNode[],
  tokenIds: ArrayLike<number>
): {nodes: TreeNode[]; leftOutCount: number} {
  const ids = new Map([[-1, -1]])
  const kept: TreeTokenNode[] = []
  const orders = new Map<number, number>()
  for (const [place, {parent, text, logprob, isFinished}] of nodes.entries()) {
    const above = ids.get(parent)
    const tokenId = tokenIds[place]!
    if (above === undefined || tokenId < 0) continue
    const order = orders.get(above) ?? 0
    orders.set(above, order + 1)
    const parentNode = above < 0 ? null : kept[above]!
    ids.set(place, kept.length)
    kept.push({
      ...{id: kept.length, step: 0, parent: above < 0 ? null : above, order, tokenId, text},
      ...{depth: (parentNode?.depth ?? 0) + 1, cut: false, bytesHex: hexOfText(text)},
      ...{logprob, pathLogprob: (parentNode?.pathLogprob ?? 0) + logprob, rawLogprob: logprob},
      ...{temperatureLogprob: logprob, truncatedLogprob: logprob, draftProb: null, usedProb: null},
      ...{jointDraftProb: null, value: null, perturbed: null, multiplicity: null, visits: null},
      ...{targetProb: null, residualProb: null, acceptProb: null, uniform: null, reachProb: null},
      ...{origin: 'imported', status: isFinished ? 'finished' : 'open'},
    })
  }
  const listed = new Map<number | null, number>()
  for (const {parent, logprob} of kept) {
    listed.set(parent, (listed.get(parent) ?? 0) + Math.exp(logprob!))
  }
  for (const node of kept) if (listed.has(node.id)) node.status = 'expanded'
  let nextId = kept.length
  const rests = [...listed].map(([parent, sum]): TreeNode => {
    const restProb = Math.max(0, 1 - sum)
    return {
      ...{id: nextId++, parent, tokenId: null, restProb, rawRestProb: restProb, restCount: 0},
      ...{temperatureRestProb: restProb, truncatedRestProb: restProb},
    }
  })
  return {nodes: [...kept, ...rests], leftOutCount: nodes.length - kept.length}
}

function readLogitloom(value: unknown, file: string): TreeFile {
  const parsed = logitloomSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw unreadable(file, issue.message, issue.path.join('.'))
  }
  const {modelName, modelSettings, roots} = parsed.data
  const nodes: ImportedNode[] = []
  // Without recursion: a long chain is nested as deep as it is long.
  const waiting = roots.map((token) => ({token, parent: -1})).reverse()
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const token = logitloomTokenSchema.safeParse(next.token)
    if (!token.success) {
      const issue = token.error.issues[0]!
      throw unreadable(file, issue.message, `node ${nodes.length}, ${issue.path.join('.')}`)
    }
    const {text, logprob, branchFinished, children} = token.data
    const parent = nodes.length
    nodes.push({parent: next.parent, text, logprob, isFinished: branchFinished})
    for (const child of [...children].reverse()) waiting.push({token: child, parent})
  }
  const prompt = (modelSettings?.prompt ?? '') + (modelSettings?.prefill ?? '')
  return {kind: 'logitloom', modelName, prompt, nodes}
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error))
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function hexOfText(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}

function unreadable(file: string, found: string, field?: string): ProblemError {
  return new ProblemError({
    code: 'tree-not-readable',
    message: 'The file holds no tree that can be opened.',
    file,
    ...(field ? {field} : {}),
    found: found.slice(0, 300),
    expected: 'the JSON of a tree saved here (tokenscope/tree@1), or by logitloom',
    advice: 'Choose a file that was saved as a tree.',
  })
}

function notATree(field: string, found: string): Problem {
  return {
    code: 'not-a-tree',
    message: 'The nodes of the file do not make a tree.',
    field,
    found,
    expected: 'one parent for every node, and no way back to it',
    advice: 'Save the tree again where it was made: this file was changed since.',
  }
}
