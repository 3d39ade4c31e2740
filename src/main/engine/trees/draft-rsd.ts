import {log} from '../../../shared/math/log.ts'
import {DraftBuilder, type DraftContext, type DraftTree} from './draft-tree.ts'
import {conditionOnMaximum, largestOf, type Perturbed, perturb} from './gumbel.ts'
import type {Law} from './law.ts'

/**
 * Siblings drawn without replacement, `branching[level]` of each node (RSD-C, Jeon et al. 2402.14160); fewer
 * where fewer tokens are possible. One call of the draft a level.
 */
export async function draftRsdConstant(
  context: DraftContext,
  branching: readonly number[]
): Promise<DraftTree> {
  const builder = new DraftBuilder(context)
  let level = [-1]
  for (const width of branching) {
    const parents = level.filter((place) => builder.canExtend(place))
    if (parents.length === 0) break
    await builder.computeLaws(parents)
    level = parents.flatMap((parent) => {
      const chosen = largestOf(perturb(builder.laws.get(parent)!, builder.keyOf(parent)), width)
      return addSiblings(builder, parent, chosen).map(({place}) => place)
    })
  }
  return builder.finish('draft')
}

/**
 * A stochastic beam of `width` over `length` levels (RSD-S): the nodes of each level are draws of whole paths
 * without replacement. Siblings stay in the order of their perturbed values, which is that of drawing. One
 * call of the draft a level.
 */
export async function draftRsdStochastic(
  context: DraftContext,
  {width, length}: {width: number; length: number}
): Promise<DraftTree> {
  const builder = new DraftBuilder(context)
  let beams = [{place: -1, logprob: 0, perturbed: 0}]
  for (let depth = 0; depth < length; depth++) {
    const alive = beams.filter(({place}) => builder.canExtend(place))
    if (alive.length === 0) break
    await builder.computeLaws(alive.map(({place}) => place))
    const candidates = alive.flatMap((beam) => {
      const law = builder.laws.get(beam.place)!
      const children = perturb(law, builder.keyOf(beam.place), beam.logprob)
      return conditionOnMaximum(children, beam.perturbed).map((child) => ({...child, beam}))
    })
    const kept = largestOf(candidates, width)
    beams = alive.flatMap((beam) => {
      const chosen = kept.filter((candidate) => candidate.beam === beam)
      return addSiblings(builder, beam.place, chosen).map(({place, chosen: {prob, perturbed}}) => ({
        ...{place, perturbed},
        logprob: beam.logprob + log(prob),
      }))
    })
  }
  return builder.finish('draft')
}

/** Adds siblings that were drawn without replacement, in this order. */
function addSiblings(
  builder: DraftBuilder,
  parent: number,
  siblings: readonly Perturbed[]
): {place: number; chosen: Perturbed}[] {
  const law: Law = builder.laws.get(parent)!
  const taken: number[] = []
  return siblings.map((chosen) => {
    const {tokenId, prob, perturbed} = chosen
    const usedProb = prob / massWithout(law, taken)
    taken.push(tokenId)
    return {place: builder.add(parent, tokenId, {usedProb, perturbed, value: perturbed}), chosen}
  })
}

/** Summed anew: 1 less what was taken would lose the digits of a small rest. */
function massWithout(law: Law, taken: readonly number[]): number {
  if (taken.length === 0) return 1
  let sum = 0
  for (let id = 0; id < law.length; id++) if (!taken.includes(id)) sum += law[id]!
  return sum
}
