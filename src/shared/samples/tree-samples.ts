import type {TreeRequestInput, TreeResult, TreeStrategy, TreeTokenNode} from '../lenses/tree.ts'
import {count, numberIn, prob, type SampleOf, setting, token} from './sample.ts'

/** What a tree sample sets of the lens; what it leaves out stays as the person has it. */
export interface TreeSampleSettings {
  readonly law?: {
    readonly temperature: number
    readonly topK: number
    readonly topP: number
    readonly minP: number
  }
  readonly distribution?: 'raw' | 'temperature' | 'truncated'
  readonly growth?: {
    readonly strategy: 'best-first'
    readonly nodes: number
    readonly depth: number
    readonly maxChildren: number
    readonly jointThreshold: number
  }
  readonly draft?: {
    readonly strategy: 'dyspec'
    readonly draft: string
    readonly nodes: number
    readonly temperature: number
    readonly seed: number
  }
}

/** What is asked beside model and prompt. */
export type TreeSampleRun = Omit<TreeRequestInput, 'model' | 'prompt'> & {
  readonly strategy: TreeStrategy
}

export type TreeSample = SampleOf<
  'tree',
  {selection: object; settings: TreeSampleSettings; result: readonly TreeResult[]}
> & {
  /** The trees of its prompt that the claim is about, in the order in which it has them. */
  readonly runs: readonly TreeSampleRun[]
}

/** Tokens with their probabilities after temperature. */
const probAt = (node: TreeTokenNode) => Math.exp(node.temperatureLogprob ?? -Infinity)
const tokensUnder = ({nodes}: TreeResult, parent: number | null) =>
  nodes.flatMap((node) => (node.tokenId !== null && node.parent === parent ? [node] : []))
const likeliest = (nodes: readonly TreeTokenNode[], of: (node: TreeTokenNode) => number) =>
  nodes.reduce<TreeTokenNode | undefined>(
    (best, node) => (best && of(best) >= of(node) ? best : node),
    undefined
  )

/** The likeliest path of the model itself, up to a token that ends with a full stop; null where none does. */
function sentencePath(tree: TreeResult): TreeTokenNode[] | null {
  const path: TreeTokenNode[] = []
  for (let at: number | null = null; ; at = path.at(-1)!.id) {
    const next = likeliest(tokensUnder(tree, at), ({rawLogprob}) => rawLogprob ?? -Infinity)
    if (!next) return null
    path.push(next)
    if (next.text.endsWith('.')) return path
  }
}

/** Along a path: its own probability, what leaves it into stubs, and whether no sibling passes it. */
function alongPath(tree: TreeResult, tokenIds: readonly number[]) {
  let parent: number | null = null
  const found = {prob: 1, stubs: 0, firstCount: 0, cut: [] as TreeTokenNode[]}
  for (const tokenId of tokenIds) {
    const siblings = tokensUnder(tree, parent)
    const node = siblings.find((one) => one.tokenId === tokenId)
    const rest = tree.nodes.find((one) => one.tokenId === null && one.parent === parent)
    if (!node || rest?.tokenId !== null) return null
    found.stubs += found.prob * rest.temperatureRestProb
    found.prob *= probAt(node)
    if (likeliest(siblings, probAt) === node) found.firstCount++
    found.cut.push(...siblings.filter(({cut}) => cut))
    parent = node.id
  }
  return found
}

const bytesOf = (nodes: readonly TreeTokenNode[]) => ({
  bytesHex: nodes.map(({bytesHex}) => bytesHex).join(''),
})

const GROWTH = {
  strategy: 'best-first',
  nodes: 64,
  depth: 6,
  maxChildren: 4,
  jointThreshold: 0.001,
} as const
const HEATED = {...GROWTH, topP: 0.9, distribution: 'raw'} as const

/**
 * A sum that is stopped before its answer. Heat moves probability into what nobody would list, and still the
 * answer stays first at each of its tokens; what top-p cuts beside it stays in the picture.
 */
const HOTTER: TreeSample = {
  id: 'same-sum-hotter',
  title: 'The same sum, hotter',
  lens: 'tree',
  view: null,
  model: 'micro-base',
  prompt: '27 + 46 = 73. 38 + 57 =',
  selection: {position: 'end', text: ' ='},
  settings: {
    law: {temperature: 1.5, topK: 0, topP: 0.9, minP: 0},
    distribution: 'temperature',
    growth: GROWTH,
  },
  runs: [
    {...HEATED, temperature: 0.3},
    {...HEATED, temperature: 1.5},
  ],
  claim: {
    name: 'what heat does to a sum that the model knows',
    measure([cold, hot]) {
      const path = cold && sentencePath(cold)
      if (!path || !hot) return null
      const ids = path.map(({tokenId}) => tokenId)
      const [before, after] = [alongPath(cold, ids), alongPath(hot, ids)]
      const cut = after && likeliest(after.cut, probAt)
      if (!before || !after || !cut) return null
      return {
        path: token(bytesOf(path)),
        places: count(path.length),
        first: count(Math.min(before.firstCount, after.firstCount)),
        cold: setting(cold.request.temperature),
        hot: setting(hot.request.temperature),
        before: prob(before.prob),
        after: prob(after.prob),
        stubsBefore: prob(before.stubs),
        stubsAfter: prob(after.stubs),
        topP: setting(hot.request.topP ?? 1),
        cut: token(cut),
        cutProb: prob(probAt(cut)),
      }
    },
    holds: (slots) =>
      numberIn(slots, 'first') === numberIn(slots, 'places') &&
      numberIn(slots, 'after') > 0.9 &&
      numberIn(slots, 'stubsAfter') > 0.03 &&
      numberIn(slots, 'stubsBefore') < 1e-6 &&
      numberIn(slots, 'cutProb') > 0,
    caption:
      'At temperature {hot} the stubs beside {path} swell from {stubsBefore} to {stubsAfter}; still first, it falls from {before} to {after}. Top-p {topP} cuts {cut}.',
  },
}

const DRAFTED = {maxNewTokens: 24, temperature: 1, seed: 0} as const
const NODES = 16

/** What the first step of a run drafted. */
const firstDraft = ({nodes}: TreeResult) =>
  nodes.flatMap((node) =>
    node.tokenId !== null &&
    node.step === 0 &&
    node.status !== 'correction' &&
    node.status !== 'bonus'
      ? [node]
      : []
  )

/**
 * A list of who keeps what, and a question whose first words are copied from it. The small draft knows the copy and
 * does not know the answer: DySpec spends one node on each token that is copied and all others behind.
 */
const KNOWING_DRAFT: TreeSample = {
  id: 'draft-that-knows',
  title: 'A draft that knows when it knows',
  lens: 'tree',
  view: 'draft',
  model: 'micro-base',
  prompt:
    'Mira keeps coins. Tom keeps lamps. Ana keeps maps. Odo keeps keys. What keeps Mira? Mira keeps coins. What keeps Odo?',
  selection: {position: 'end', text: '?'},
  settings: {
    draft: {strategy: 'dyspec', draft: '', nodes: NODES, temperature: 1, seed: 0},
  },
  runs: [
    {...DRAFTED, strategy: 'dyspec', nodes: NODES},
    {...DRAFTED, strategy: 'chain', draftLength: NODES},
    {...DRAFTED, strategy: 'rsd-s', width: 4, draftLength: NODES / 4},
  ],
  claim: {
    name: 'where a draft puts its nodes, in a copy and behind it',
    measure([dyspec, chain, rsd]) {
      if (!dyspec || !chain || !rsd) return null
      const drafted = firstDraft(dyspec)
      const atDepth = (depth: number) => drafted.filter((node) => node.depth === depth)
      const copied: TreeTokenNode[] = []
      while (atDepth(copied.length + 1).length === 1) copied.push(...atDepth(copied.length + 1))
      const promptIds = dyspec.tokens.map(({id}) => id)
      const isInPrompt = promptIds.some((_, from) =>
        copied.every(({tokenId}, i) => promptIds[from + i] === tokenId)
      )
      if (copied.length === 0 || !isInPrompt) return null
      const wide = (tree: TreeResult, isCounted: (depth: number) => boolean) =>
        firstDraft(tree).filter(({depth}) => isCounted(depth)).length
      return {
        copied: token(bytesOf(copied)),
        length: count(copied.length),
        sure: prob(Math.min(...copied.map(({draftProb}) => draftProb ?? 0))),
        fan: count(atDepth(copied.length + 1).length),
        nodes: count(drafted.length),
        guess: prob(Math.max(...atDepth(copied.length + 1).map((node) => node.draftProb ?? 0))),
        chained: count(wide(chain, (depth) => depth > copied.length + 1)),
        spread: count(wide(rsd, (depth) => depth <= copied.length)),
        accepted: count(drafted.filter(({status}) => status === 'accepted').length),
      }
    },
    holds: (slots) =>
      numberIn(slots, 'length') >= 2 &&
      numberIn(slots, 'sure') > 0.95 &&
      numberIn(slots, 'guess') < 0.3 &&
      numberIn(slots, 'fan') + numberIn(slots, 'length') === numberIn(slots, 'nodes') &&
      numberIn(slots, 'spread') > 2 * numberIn(slots, 'length') &&
      numberIn(slots, 'chained') > numberIn(slots, 'nodes') / 2 &&
      numberIn(slots, 'accepted') >= numberIn(slots, 'length'),
    caption:
      'Sure of {copied}, of no answer ({guess} at most): DySpec drafts {length} in a row, then fans into {fan}; a chain hangs {chained} on one guess.',
  },
}

/** Prompts whose trees are known. */
export const TREE_SAMPLES: readonly TreeSample[] = [HOTTER, KNOWING_DRAFT]
