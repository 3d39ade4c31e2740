import {conditionOnMaximum, largestOf, type Perturbed, perturb} from './gumbel.ts'
import {keyUnder, PURPOSE, type RandomKey, uniformOf} from './keyed-random.ts'
import {drawFrom} from './law.ts'
import {type BuiltToken, candidateOf, restOf, type TreeBuilder} from './tree-builder.ts'

/**
 * `sampleCount` runs drawn from the tree's law, laid over one another: a node counts the runs that went
 * through it. A draw is keyed by its run and depth. Yields after each level.
 */
export async function* growSamples(
  builder: TreeBuilder,
  {sampleCount, maxDepth}: {sampleCount: number; maxDepth: number}
): AsyncGenerator<number, void, undefined> {
  const {context, tokens} = builder
  const deepest = Math.min(maxDepth, context.maxDepth)
  const runs = Array.from({length: sampleCount}, (_, run) => run)
  let level = new Map<number | null, number[]>([[null, runs]])
  for (let depth = 1; depth <= deepest && level.size > 0; depth++) {
    const parents = [...level.keys()]
    const laws = await builder.lawsAfter(parents)
    const next = new Map<number | null, number[]>()
    for (const [i, parent] of parents.entries()) {
      const law = laws[i]!
      const probs = law.law(context.distribution)
      const byToken = new Map<number, number[]>()
      for (const run of level.get(parent)!) {
        const key = keyUnder(keyUnder(keyUnder(context.seed, -1 - PURPOSE.run), run), depth)
        const token = drawFrom(probs, uniformOf(key))
        byToken.set(token, [...(byToken.get(token) ?? []), run])
      }
      const drawn = [...byToken].sort(([a], [b]) => probs[b]! - probs[a]! || a - b)
      for (const [order, [tokenId, through]] of drawn.entries()) {
        const candidate = candidateOf(law, tokenId, context.distribution)
        const node = builder.add(parent, order, candidate, {visits: through.length})
        if (tokens.get(node.id)!.status === 'open') next.set(node.id, through)
      }
      builder.expanded(parent)
      builder.addRest(parent, restOf(law, [...byToken.keys()]))
    }
    level = next
    yield depth
  }
}

/**
 * Stochastic beam search (Kool et al. 2019): whole texts drawn without replacement, the `beams` largest
 * perturbed log-probabilities of all paths. Ends of the text keep their place. Yields after each level.
 */
export async function* growStochasticBeams(
  builder: TreeBuilder,
  {beams, maxDepth}: {beams: number; maxDepth: number}
): AsyncGenerator<number, void, undefined> {
  const {context} = builder
  const deepest = Math.min(maxDepth, context.maxDepth)
  interface Beam {
    readonly node: BuiltToken | null
    readonly key: RandomKey
    readonly perturbed: number
  }
  let alive: Beam[] = [{node: null, key: keyUnder(context.seed, 0), perturbed: 0}]
  let ended: Beam[] = []
  for (let depth = 1; depth <= deepest && alive.length > 0; depth++) {
    const laws = await builder.lawsAfter(alive.map(({node}) => node?.id ?? null))
    type Option = Perturbed & {readonly beam: Beam; readonly law: number | null}
    const options = alive.flatMap((beam, law): Option[] => {
      const probs = laws[law]!.law(context.distribution)
      const children = perturb(probs, beam.key, beam.node?.pathLogprob ?? 0)
      return conditionOnMaximum(children, beam.perturbed).map((child) => ({...child, beam, law}))
    })
    const kept = largestOf(
      [
        ...options,
        ...ended.map((beam): Option => {
          const {perturbed} = beam
          return {...{tokenId: beam.node!.tokenId, prob: 1, perturbed}, beam, law: null}
        }),
      ],
      beams
    )
    const stillEnded = new Set(kept.filter(({law}) => law === null).map(({beam}) => beam))
    for (const beam of ended) {
      if (!stillEnded.has(beam)) builder.change(beam.node!, {status: 'pruned'})
    }
    ended = ended.filter((beam) => stillEnded.has(beam))
    const next: Beam[] = []
    for (const [i, beam] of alive.entries()) {
      const chosen = kept.filter((option) => option.law === i)
      const id = beam.node?.id ?? null
      builder.expanded(id)
      for (const [order, {tokenId, perturbed}] of chosen.entries()) {
        const candidate = candidateOf(laws[i]!, tokenId, context.distribution)
        const node = builder.add(id, order, candidate, {perturbed, value: perturbed})
        const child = {node, perturbed, key: keyUnder(beam.key, tokenId)}
        if (node.status === 'finished') ended.push(child)
        else next.push(child)
      }
      builder.addRest(
        id,
        restOf(
          laws[i]!,
          chosen.map(({tokenId}) => tokenId)
        )
      )
      if (chosen.length === 0 && beam.node) builder.change(beam.node, {status: 'pruned'})
    }
    alive = next
    yield depth
  }
}
