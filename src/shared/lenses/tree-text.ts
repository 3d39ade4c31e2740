import {formatFixed, formatMany, formatProb} from '../figures/number-format.ts'
import {plainGlyphs} from '../figures/token-glyphs.ts'
import {formatTable} from './text-table.ts'
import {
  isDraftStrategy,
  TREE_NUMBER_COLUMNS,
  type TreeNode,
  type TreeResult,
  type TreeStats,
} from './tree.ts'

/** Marks of what became of a drafted node, and of nodes that a law cuts. */
const MARKS: Readonly<Record<string, string>> = {
  accepted: '+',
  rejected: 'x',
  untested: '.',
  correction: '>',
  bonus: '>',
  finished: '|',
  pruned: '-',
}

/** A tree as an outline: a line a node, deeper ones further in, with its probability and its path's. */
export function treeOutline(nodes: readonly TreeNode[], noPrompt: boolean): string[] {
  const children = new Map<number | null, TreeNode[]>()
  for (const node of nodes) {
    children.set(node.parent, [...(children.get(node.parent) ?? []), node])
  }
  for (const siblings of children.values()) {
    siblings.sort((a, b) => orderOf(a) - orderOf(b) || a.id - b.id)
  }
  const lines: string[] = []
  const waiting = [...(children.get(null) ?? [])].reverse().map((node) => ({node, depth: 0}))
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const {node, depth} = next
    lines.push(`${'  '.repeat(depth)}${lineOf(node, noPrompt)}`)
    for (const child of [...(children.get(node.id) ?? [])].reverse()) {
      waiting.push({node: child, depth: depth + 1})
    }
  }
  return lines
}

/** The result for a terminal. */
export function treeText(result: TreeResult, noPrompt: boolean): string {
  const {model, request, nodes, distribution, stats, draft} = result
  const nodeCount = nodes.filter(({tokenId}) => tokenId !== null).length
  const by = draft
    ? `, drafted by ${draft.exitLayer === null ? draft.model.id : `its own layers 0 to ${draft.exitLayer}`}`
    : ''
  return `${[
    `${model.id}, ${formatMany(result.tokens.length, 'token')}, ${request.strategy}${by}, ${formatMany(nodeCount, 'node')}, probabilities ${WORDS[distribution]}`,
    treeOutline(nodes, noPrompt).join('\n'),
    ...(stats ? statsText(stats, result) : []),
    ...(isDraftStrategy(request.strategy)
      ? [
          '+ accepted, x rejected, . untested, > correction or bonus; every strategy here keeps the model’s law',
        ]
      : []),
  ].join('\n\n')}\n`
}

const WORDS = {
  raw: 'of the model',
  temperature: 'after temperature',
  truncated: 'after temperature and truncation',
} as const

function statsText(stats: TreeStats, {timing}: TreeResult): string[] {
  const columns = [
    {title: 'depth', align: 'right'},
    {title: 'accepted/reached', align: 'right'},
    {title: 'accepted/tested', align: 'right'},
    {title: 'accepted/drafted', align: 'right'},
    {title: 'reached', align: 'right'},
  ] as const
  const share = (part: number, whole: number) => (whole === 0 ? '—' : formatFixed(part / whole, 3))
  const rows = stats.byDepth.map(({depth, drafted, reached, tested, accepted}) => [
    String(depth),
    share(accepted, reached),
    share(accepted, tested),
    share(accepted, drafted),
    String(reached),
  ])
  const draft = timing?.draft
  return [
    `${formatMany(stats.steps, 'step')}: accepted ${formatFixed(stats.acceptedMean, 2)} a step (expected of the drawn trees ${formatFixed(stats.estimatedMean, 2)}), committed ${formatFixed(stats.committedMean, 2)}; ${formatMany(stats.targetCalls, 'call')} of the model, ${stats.targetCallsSaved} fewer than token by token`,
    ...(rows.length > 0 ? [formatTable(columns, rows)] : []),
    ...(draft ? [`speed-up on this machine ${formatFixed(draft.speedUp, 2)} ×`] : []),
  ]
}

/** One row a node, for a spreadsheet; rests have no token. */
export function treeCsv({nodes}: TreeResult, noPrompt: boolean): string {
  const names = [
    ...['id', 'parent', 'step', 'depth', 'order', 'tokenId', 'bytesHex', 'status', 'origin', 'cut'],
    ...TREE_NUMBER_COLUMNS,
    'restProb',
  ]
  const hidden = noPrompt ? new Set(['tokenId', 'bytesHex']) : new Set<string>()
  const columns = names.filter((name) => !hidden.has(name))
  const rows = nodes.map((node) =>
    columns
      .map((name) => {
        const value = (node as Readonly<Record<string, unknown>>)[name]
        return value === null || value === undefined ? '' : String(value)
      })
      .join(',')
  )
  return `${[columns.join(','), ...rows].join('\n')}\n`
}

function lineOf(node: TreeNode, noPrompt: boolean): string {
  if (node.tokenId === null) return `… ${formatProb(node.restProb)}  all others`
  const glyphs = noPrompt
    ? `token ${node.id}`
    : plainGlyphs({bytesHex: node.bytesHex, isSpecial: false})
  const prob = node.logprob === null ? 0 : Math.exp(node.logprob)
  const path = node.pathLogprob === null ? 0 : Math.exp(node.pathLogprob)
  const mark = MARKS[node.status]
  const probs = node.rawLogprob === null ? '' : `  ${formatProb(prob)}  path ${formatProb(path)}`
  const visits = node.visits === null ? '' : `  ${formatMany(node.visits, 'run')}`
  const test = node.acceptProb === null ? '' : `  accept ${formatProb(node.acceptProb)}`
  return `${mark ? `${mark} ` : ''}${glyphs}${probs}${visits}${test}${node.cut ? '  cut' : ''}`
}

function orderOf(node: TreeNode): number {
  return node.tokenId === null ? Number.POSITIVE_INFINITY : node.order
}
