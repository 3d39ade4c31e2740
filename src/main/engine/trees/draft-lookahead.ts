import {DraftBuilder, type DraftContext, type DraftTree} from './draft-tree.ts'
import type {LookaheadTrie} from './lookahead-trie.ts'
import {noLaws} from './token-recycling.ts'

/** What followed the end of the text elsewhere in it, as a draft; no model is asked. */
export function draftLookahead(
  context: Pick<DraftContext, 'isEnd' | 'maxDepth' | 'key'>,
  trie: LookaheadTrie,
  ids: readonly number[],
  {maxNodes, branchLength}: {maxNodes: number; branchLength: number}
): DraftTree {
  const builder = new DraftBuilder({...context, lawsAfter: noLaws})
  const maxDepth = Math.min(context.maxDepth, branchLength)
  const places: (number | null)[] = []
  for (const {parent, tokenId, frequency} of trie.retrieve(ids, {maxNodes, maxDepth})) {
    const place = parent < 0 ? -1 : places[parent]!
    const isPossible = place !== null && builder.canExtend(place)
    places.push(isPossible ? builder.add(place, tokenId, {value: frequency}) : null)
  }
  return builder.finish('trie')
}
