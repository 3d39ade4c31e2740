import {topIds} from './top-ids.ts'
import {
  type BuiltToken,
  type Candidate,
  candidateOf,
  restOf,
  type TreeBuilder,
} from './tree-builder.ts'

export interface BeamOptions {
  readonly beams: number
  readonly maxDepth: number
  readonly lengthPenalty: number
}

interface Scored {
  readonly beam: number | null
  readonly candidate: Candidate
  readonly score: number
}

/**
 * Beam search: each step takes the 2B best continuations of all beams; those that end the text are finished
 * only if they are among the first B, and the best B others go on. Runs to the depth limit or until B have
 * finished, so that the length penalty re-ranks and never changes what is explored. Every candidate becomes
 * a node, those that do not go on as `pruned`; the value of an end is its score over its length to the power
 * of the penalty. Yields after each step.
 */
export async function* growBeams(
  builder: TreeBuilder,
  {beams, maxDepth, lengthPenalty}: BeamOptions
): AsyncGenerator<number, void, undefined> {
  const {context, tokens} = builder
  let alive: (number | null)[] = [null]
  let finishedCount = 0
  const scoreOf = (id: number | null) => (id === null ? 0 : tokens.get(id)!.pathLogprob!)
  const deepest = Math.min(maxDepth, context.maxDepth)
  for (let depth = 1; depth <= deepest && alive.length > 0 && finishedCount < beams; depth++) {
    const laws = await builder.lawsAfter(alive)
    const candidates = alive.flatMap((beam, i): Scored[] => {
      const law = laws[i]!
      return law.top(2 * beams).flatMap((id) => {
        const candidate = candidateOf(law, id, context.distribution)
        if (candidate.logprob === Number.NEGATIVE_INFINITY) return []
        return [{beam, candidate, score: scoreOf(beam) + candidate.logprob}]
      })
    })
    const scores = Float64Array.from(candidates, ({score}) => score)
    const ranked = topIds(scores, 2 * beams).map((at) => candidates[at]!)
    const next: number[] = []
    const listed = new Map<number | null, number[]>(alive.map((beam) => [beam, []]))
    for (const [rank, {beam, candidate, score}] of ranked.entries()) {
      const siblings = listed.get(beam)!
      const node = builder.add(beam, siblings.length, candidate, {value: score})
      siblings.push(candidate.tokenId)
      if (context.isEnd(candidate.tokenId)) {
        const isFinished = rank < beams
        if (isFinished) finishedCount++
        builder.change(node, {
          status: isFinished ? 'finished' : 'pruned',
          value: penalized(score, depth, lengthPenalty),
        })
      } else if (next.length < beams) next.push(node.id)
      else builder.change(node, {status: 'pruned'})
    }
    for (const [i, beam] of alive.entries()) {
      builder.expanded(beam)
      builder.addRest(beam, restOf(laws[i]!, listed.get(beam)!))
    }
    alive = next
    yield depth
  }
  // Where enough have finished, what would still go on is given up.
  for (const id of alive) {
    const node = tokens.get(id!)!
    builder.change(node, {
      value: penalized(node.pathLogprob!, node.depth, lengthPenalty),
      ...(finishedCount >= beams ? {status: 'pruned' as const} : {}),
    })
  }
}

/** What beam search found, best first: ends of the text, and beams that the depth limit stopped. */
export function rankedBeams(builder: TreeBuilder): BuiltToken[] {
  const ends = [...builder.tokens.values()].filter(
    ({status}) => status === 'finished' || status === 'open'
  )
  return ends.sort((a, b) => b.value! - a.value! || a.id - b.id)
}

function penalized(score: number, length: number, penalty: number): number {
  return score / length ** penalty
}
