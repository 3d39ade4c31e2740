import type {AttentionGraph} from '../../lenses/attention-graph.ts'
import type {Importance} from '../../lenses/attention-statistics.ts'
import {formatCount, formatFixed, formatMany} from '../number-format.ts'
import {type GlyphSource, plainGlyphs} from '../token-glyphs.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import type {GraphShare} from './graph-layout.ts'
import {formatWeight} from './matrix-caption.ts'
import {formatPercent} from './matrix-legend.ts'

export type ImportanceForm =
  | 'position-corrected'
  | 'plain'
  | 'drop-sink'
  | 'damped'
  | 'attention-rollout'
  | 'attention-flow'

/** What each form is called, and what its numbers are. */
export const FORM_WORDS: Readonly<
  Record<ImportanceForm, {readonly title: string; readonly note: string}>
> = {
  'position-corrected': {title: 'position-corrected', note: 'PageRank (ours)'},
  plain: {title: 'plain', note: 'PageRank'},
  'drop-sink': {title: 'drop-sink', note: 'PageRank'},
  damped: {title: 'damped .85', note: 'PageRank'},
  'attention-rollout': {title: 'attention rollout', note: ''},
  'attention-flow': {title: 'attention flow', note: ''},
}

export function formOf({method, variant}: Pick<Importance, 'method' | 'variant'>): ImportanceForm {
  return method === 'wpr' ? (variant ?? 'position-corrected') : method
}

/** `36 of 1,176 edges drawn, hidden 69 %`. */
export function shareText({drawnCount, edgeCount, lineCount, hiddenShare}: GraphShare): string {
  if (edgeCount === 0) return 'no edges'
  const lines = lineCount === drawnCount ? '' : ` in ${formatMany(lineCount, 'line')}`
  return `${formatCount(drawnCount)} of ${formatMany(edgeCount, 'edge')}${lines}, hidden ${formatPercent(hiddenShare)}`
}

class Words {
  readonly parts: CaptionPart[] = []
  constructor(
    private readonly tokens: readonly GlyphSource[],
    private readonly noPrompt: boolean
  ) {}

  say(text: string): this {
    const last = this.parts.at(-1)
    if (last?.kind === 'words') {
      this.parts[this.parts.length - 1] = {kind: 'words', text: last.text + text}
    } else this.parts.push({kind: 'words', text})
    return this
  }

  token(position: number): this {
    const source = this.tokens[position]
    if (this.noPrompt || !source) return this.say(`token ${formatCount(position)}`)
    this.parts.push({kind: 'token', text: plainGlyphs(source) || '∅'})
    return this.say(` at ${formatCount(position)}`)
  }
}

export interface GraphCaptionInput {
  readonly tokens: readonly GlyphSource[]
  readonly into: number | null
  /** After how many of the graph's layers the reading begins. */
  readonly layers: readonly number[]
  readonly importance: Importance | null
}

/** One line that says what there is to see: which tokens receive most, and what the lines are. */
export function graphCaptionOf(
  {tokens, into, importance}: GraphCaptionInput,
  noPrompt = false
): CaptionPart[] {
  const words = new Words(tokens, noPrompt)
  if (importance) {
    const {title} = FORM_WORDS[formOf(importance)]
    const best = bestPositions(importance, 2)
    words.say(`By ${title}${importance.method === 'wpr' ? ' PageRank' : ''}, `)
    for (const [i, position] of best.entries()) {
      if (i > 0) words.say(' and ')
      words.token(position)
    }
    words.say(best.length === 1 ? ' receives most. ' : ' receive most. ')
  }
  if (into === null) words.say('Lines: the heaviest attention of each layer, mean of its heads.')
  else words.say('Lines: the heaviest ways into ').token(into).say('.')
  return words.parts
}

/** The tokens with the highest values; those that rest on too little are left out. */
export function bestPositions(
  {values, hollowPositions}: Pick<Importance, 'values' | 'hollowPositions'>,
  count: number
): number[] {
  const hollow = new Set(hollowPositions)
  return [...values.keys()]
    .filter((at) => Number.isFinite(values[at]) && !hollow.has(at))
    .sort((a, b) => values[b]! - values[a]! || a - b)
    .slice(0, count)
}

/** The tokens of a column: `·Tom at 22`, or `tokens 16 to 31`. */
function column(words: Words, {starts, tokenCount}: AttentionGraph, at: number): Words {
  const first = starts[at]!
  const end = starts[at + 1] ?? tokenCount
  return end - first === 1
    ? words.token(first)
    : words.say(`tokens ${formatCount(first)} to ${formatCount(end - 1)}`)
}

/** What an edge is, exactly. */
export function edgeWords(
  graph: AttentionGraph,
  edge: number,
  {tokens, into}: {readonly tokens: readonly GlyphSource[]; readonly into: number | null}
): CaptionPart[] {
  const words = new Words(tokens, false)
  const count = graph.count[edge]!
  const weight = graph.weight[edge]!
  words.say(`Layer ${graph.layer[edge]}: `)
  column(words, graph, graph.query[edge]!).say(' reads ')
  column(words, graph, graph.key[edge]!)
  const attention = formatWeight(graph.topAttention[edge]!)
  if (count === 1) words.say(`, attention weight ${attention} (mean of heads)`)
  else if (into === null) words.say(`, attention weights that sum to ${formatWeight(weight)}`)
  if (into !== null) {
    words
      .say(`; ${formatShare(weight)} of what `)
      .token(into)
      .say(' reads passes here')
  }
  if (count > 1) {
    words.say(`; ${formatCount(count)} edges, the heaviest `)
    words.token(graph.topQuery[edge]!).say(' to ').token(graph.topKey[edge]!)
    words.say(` (${attention})`)
  }
  words.say('.')
  return words.parts
}

/** What comes by a node, exactly. */
export function nodeWords(
  graph: AttentionGraph,
  {level, column: at}: {readonly level: number; readonly column: number},
  {tokens, into}: {readonly tokens: readonly GlyphSource[]; readonly into: number | null}
): CaptionPart[] {
  const words = new Words(tokens, false)
  const {layers, nodes, starts, broken} = graph
  column(words, graph, at).say(level === 0 ? ', the input' : `, after layer ${layers[level - 1]}`)
  const value = nodes[level * starts.length + at]!
  if (into !== null) {
    words
      .say(`: ${formatShare(value)} of what `)
      .token(into)
      .say(' reads comes by here')
  } else if (level < layers.length) {
    words.say(
      `: other tokens read it with a weight of ${formatWeight(value)} in layer ${layers[level]}`
    )
  }
  if (level > 0 && broken[(level - 1) * starts.length + at] === 1) {
    words.say('; its weights are NaN or infinite, and pass nothing on')
  }
  words.say('.')
  return words.parts
}

/** A share with as many digits as tell it from nothing: `31 %`, `2.4 %`, `0.06 %`. */
export function formatShare(share: number): string {
  const percent = share * 100
  if (percent === 0) return '0 %'
  if (percent < 0.01) return '<0.01 %'
  return `${formatFixed(percent, percent >= 9.95 ? 0 : percent >= 0.995 ? 1 : 2)} %`
}
