import {DraftBuilder, type DraftContext, type DraftTree} from './draft-tree.ts'
import {drawKey, uniformOf} from './keyed-random.ts'
import {drawFrom, type Law, withoutToken} from './law.ts'
import {MaxHeap} from './max-heap.ts'

/** The next draw at a node: its law without what was drawn there before, and what the draw is worth. */
interface PendingDraw {
  readonly place: number
  /** Null until the first draw, which asks the draft for the law. */
  readonly law: Law | null
  readonly drawnCount: number
}

/**
 * The tree that greedily takes the draw of the largest estimated acceptance until it has `nodeCount` nodes
 * (DySpec, Xiong et al. 2410.11744, algorithm A): a draw is worth the product of draft probabilities along
 * its path, less what its earlier siblings take. Decided before the token is known; what was drawn stays.
 * `onPop` hears the values in the order in which they were taken, which never rises.
 */
export async function draftDySpec(
  context: DraftContext,
  nodeCount: number,
  onPop: (value: number) => void = () => {}
): Promise<DraftTree> {
  const builder = new DraftBuilder(context)
  const heap = new MaxHeap<PendingDraw>()
  if (builder.canExtend(-1)) heap.push({place: -1, law: null, drawnCount: 0}, 1)
  while (builder.nodes.length < nodeCount) {
    const next = heap.pop()
    if (!next || next.priority <= 0) break
    const {place, drawnCount} = next.entry
    onPop(next.priority)
    if (!next.entry.law) await builder.computeLaws([place])
    const law = next.entry.law ?? builder.laws.get(place)!
    const {child, usedProb, tokenId} = draw(builder, place, law, drawnCount, next.priority)
    const rest = withoutToken(law, tokenId)
    if (rest) {
      heap.push({place, law: rest, drawnCount: drawnCount + 1}, next.priority * (1 - usedProb))
    }
    if (builder.canExtend(child)) {
      heap.push({place: child, law: null, drawnCount: 0}, next.priority * usedProb)
    }
  }
  return builder.finish('draft')
}

/**
 * The same by a threshold on the value of a draw, level by level (algorithm B, with its errata: a draw is
 * made while its value is at least the threshold). One call of the draft a level.
 */
export async function draftDySpecThreshold(
  context: DraftContext,
  {threshold, maxNodes, maxDepth}: {threshold: number; maxNodes: number; maxDepth: number}
): Promise<DraftTree> {
  const builder = new DraftBuilder(context)
  let level = [{place: -1, value: 1}]
  for (let depth = 0; depth < maxDepth && builder.nodes.length < maxNodes; depth++) {
    const parents = level.filter(({place, value}) => value >= threshold && builder.canExtend(place))
    if (parents.length === 0) break
    await builder.computeLaws(parents.map(({place}) => place))
    const next: typeof level = []
    for (const {place, value} of parents) {
      let law: Law | null = builder.laws.get(place)!
      let left = value
      for (let i = 0; law && left >= threshold && builder.nodes.length < maxNodes; i++) {
        const {child, usedProb, tokenId}: Drawn = draw(builder, place, law, i, left)
        next.push({place: child, value: left * usedProb})
        left *= 1 - usedProb
        law = withoutToken(law, tokenId)
      }
    }
    level = next
  }
  return builder.finish('draft')
}

interface Drawn {
  readonly child: number
  readonly usedProb: number
  readonly tokenId: number
}

function draw(
  builder: DraftBuilder,
  place: number,
  law: Law,
  drawnCount: number,
  value: number
): Drawn {
  const tokenId = drawFrom(law, uniformOf(drawKey(builder.keyOf(place), drawnCount)))
  const usedProb = law[tokenId]!
  const child = builder.add(place, tokenId, {usedProb, value: value * usedProb})
  return {child, usedProb, tokenId}
}
