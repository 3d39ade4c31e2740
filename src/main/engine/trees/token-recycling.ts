import {DraftBuilder, type DraftContext, type DraftTree} from './draft-tree.ts'
import type {Law} from './law.ts'
import {topIds} from './top-ids.ts'

/** Candidates kept of each token. */
export const RECYCLED_COUNT = 8

/**
 * The tree "2.2.2" of Token Recycling (Luo et al. 2408.08696): children of a node, by the ranks on its path;
 * what is not listed has none. 80 nodes in 6 levels: 8, 21, 25, 15, 8, 3.
 */
const CHILD_COUNTS: Readonly<Record<string, number>> = {
  '': 8,
  ...{0: 8, 1: 4, 2: 3, 3: 2, 4: 1, 5: 1, 6: 1, 7: 1},
  ...{'00': 8, '01': 3, '02': 2, '03': 1, '04': 1, '05': 1, '06': 1, '07': 1},
  ...{10: 2, 11: 1, 20: 1, 30: 1, 40: 1, 50: 1},
  ...{'000': 5, '001': 2, '002': 1, '003': 1, '004': 1, '010': 1, '020': 1},
  ...{100: 1, 200: 1, 300: 1},
  ...{'0000': 3, '0001': 1, '0002': 1, '0010': 1, '0100': 1, 1000: 1},
  ...{'00000': 2, '00010': 1},
}

/** One node of the template: the ranks on its path, and where its parent stands; −1 is the root. */
export interface TemplateNode {
  readonly ranks: string
  readonly parent: number
}

/** The template level by level, without its root. */
export function recyclingTemplate(): TemplateNode[] {
  const nodes: TemplateNode[] = []
  for (let at = -1; at < nodes.length; at++) {
    const ranks = at < 0 ? '' : nodes[at]!.ranks
    const count = CHILD_COUNTS[ranks] ?? 0
    for (let rank = 0; rank < count; rank++) nodes.push({ranks: `${ranks}${rank}`, parent: at})
  }
  return nodes
}

const TEMPLATE = recyclingTemplate()

/**
 * What followed each token when the model last saw it: the ids of its likeliest continuations. Empty at first
 * (ours: the release fills it with token 0); a token that was not seen has no candidates.
 */
export class RecycledCandidates {
  private readonly rows = new Map<number, readonly number[]>()

  /** What the model predicts after a token, whatever became of it. The last word counts. */
  record(tokenId: number, law: Float64Array): void {
    const ids = topIds(law, RECYCLED_COUNT)
    this.rows.set(
      tokenId,
      ids.filter((id) => law[id]! > Number.NEGATIVE_INFINITY)
    )
  }

  after(tokenId: number): readonly number[] {
    return this.rows.get(tokenId) ?? []
  }
}

/** The template filled from what was recycled, up to `maxNodes`; no model is asked. */
export function draftRecycled(
  context: Pick<DraftContext, 'isEnd' | 'maxDepth' | 'key'>,
  candidates: RecycledCandidates,
  rootTokenId: number,
  maxNodes: number
): DraftTree {
  const builder = new DraftBuilder({...context, lawsAfter: noLaws})
  /** Where a template's node stands in the draft; it is missing where there is no candidate. */
  const places = new Map([[-1, -1]])
  for (const [at, {parent, ranks}] of TEMPLATE.entries()) {
    if (builder.nodes.length >= maxNodes) break
    const place = places.get(parent)
    if (place === undefined || !builder.canExtend(place)) continue
    const before = place < 0 ? rootTokenId : builder.nodes[place]!.tokenId
    const tokenId = candidates.after(before)[Number(ranks.at(-1))]
    if (tokenId !== undefined) places.set(at, builder.add(place, tokenId))
  }
  return builder.finish('matrix')
}

export async function noLaws(): Promise<readonly Law[]> {
  throw new Error('this draft asks no model')
}
