import type {Distribution} from '../../lenses/next-tokens.ts'
import {isDraftStrategy, type TreeResult} from '../../lenses/tree.ts'
import type {TreeSpans} from '../../lenses/tree-spans.ts'
import {formatCount, formatFixed, formatMany, formatProb} from '../number-format.ts'
import {spacedGlyphs} from '../token-glyphs.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import {guardOf} from '../tokens/caption.ts'

/** Tokens of the likeliest way that a caption names: it is one line. */
const MOST_NAMED = 6

type Facts = Pick<TreeResult, 'request' | 'model' | 'draft' | 'status' | 'stats'>

/** One line that says what there is to see in a tree. */
export function treeCaptionOf(
  result: Facts,
  spans: TreeSpans,
  step: number,
  noPrompt = false
): CaptionPart[] {
  return isDraftStrategy(result.request.strategy)
    ? draftCaption(result, step)
    : pathCaption(spans, noPrompt)
}

function pathCaption({nodes}: TreeSpans, noPrompt: boolean): CaptionPart[] {
  const path: TreeSpans['nodes'][number][] = []
  // Whoever is first among its siblings is the likeliest.
  for (const node of nodes) {
    if (node.row !== 0 || node.node.tokenId === null) break
    path.push(node)
  }
  const last = path.at(-1)
  if (!last) return [{kind: 'words', text: 'Nothing follows the prompt.'}]
  const stubs = nodes.filter(({node}) => node.tokenId === null)
  const named = path.slice(0, MOST_NAMED)
  // Taken together: bytes of neighbours make a character, and what is left of one stands apart.
  const bytesHex = named.map(({node}) => (node.tokenId === null ? '' : node.bytesHex)).join('')
  const {text} = spacedGlyphs({bytesHex, isSpecial: false})
  const more = named.length < path.length ? '…' : ''
  return [
    {kind: 'words', text: 'The likeliest way on runs along the top'},
    ...(noPrompt
      ? []
      : ([
          {kind: 'words', text: ', '},
          {kind: 'token', text: `${text}${more}`},
        ] as const)),
    {
      kind: 'words',
      text: `: ${formatProb(last.share)} for ${formatMany(path.length, 'token')}. ${formatMany(stubs.length, 'dashed stub')} ${stubs.length === 1 ? 'is' : 'are'} the rest: children add up to 1.`,
    },
  ]
}

function draftCaption({model, draft, stats, request}: Facts, step: number): CaptionPart[] {
  const own = stats?.perStep[step]
  const by = draft
    ? draft.exitLayer === null
      ? draft.model.id
      : `${model.id} left after layer ${draft.exitLayer}`
    : request.strategy === 'lookahead'
      ? 'A trie of the text'
      : 'A table of earlier predictions'
  if (!own) return [{kind: 'words', text: `${by} guesses, ${model.id} checks.`}]
  const words = `${by} guessed ${formatMany(own.drafted, 'node')}, ${model.id} checked them in one call: ${formatCount(own.accepted)} accepted, ${formatCount(own.committed)} committed; ${formatFixed(own.estimated, 2)} were to be expected of this tree.`
  return [{kind: 'words', text: words}]
}

/** Which law a picture's numbers are of, in words. */
export function distributionWords(
  distribution: Distribution,
  {request}: Pick<TreeResult, 'request'>
): string {
  const {temperature, topK, topP, minP} = request
  const cuts = [
    ...(topK === undefined ? [] : [`top-k ${topK}`]),
    ...(topP === undefined ? [] : [`top-p ${formatProb(topP)}`]),
    ...(minP === undefined ? [] : [`min-p ${formatProb(minP)}`]),
  ].join(', ')
  switch (distribution) {
    case 'raw':
      return 'of the model, at temperature 1'
    case 'temperature':
      return `at temperature ${formatFixed(temperature, 2)}`
    case 'truncated':
      return `at temperature ${formatFixed(temperature, 2)}${cuts ? `, cut by ${cuts}` : ', nothing cut'}`
  }
}

/** What must stand beside a picture of a tree. */
export function treeGuardOf(result: Facts, distribution: Distribution): string {
  const law = distributionWords(distribution, result)
  const own = isDraftStrategy(result.request.strategy)
    ? `Beside nodes: q. Tests use p and q ${law === 'of the model, at temperature 1' ? 'at temperature 1' : law} and keep the model’s law.`
    : `Probabilities ${law}. Hollow tokens are cut by truncation.`
  return guardOf(result, own)
}

/** The figure in words, for readers who do not see it. */
export function describeTree(
  result: Facts,
  spans: TreeSpans,
  distribution: Distribution,
  {step, noPrompt}: {readonly step: number; readonly noPrompt: boolean}
): string {
  const caption = treeCaptionOf(result, spans, step, noPrompt)
    .map(({text}) => text)
    .join('')
  const tokens = spans.nodes.filter(({node}) => node.tokenId !== null)
  return `Tree of ${formatMany(tokens.length, 'token')} after a prompt to ${result.model.id}, ${result.request.strategy}. ${caption} ${treeGuardOf(result, distribution)}`
}
