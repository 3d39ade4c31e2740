import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import type {ReagentOptions} from './reagent.ts'
import type {Subject} from './subject.ts'

/** What one probe of the plain implementation comes to. */
export interface PlainProbe {
  readonly masks: number[][]
  readonly start: number[]
  readonly scores: number[]
  readonly stepCount: number
  readonly hasStopped: boolean
}

/**
 * ReAGent once more, for tests: probe after probe, one sequence a call, straight from its definition. It shares the
 * names of the random streams with the other and nothing else.
 */
export async function plainReagent(
  subject: Subject,
  options: ReagentOptions
): Promise<{probes: PlainProbe[]; released: number[]; values: number[]}> {
  const {ids, positions, score, sampler} = subject
  const ask = async (sequence: Int32Array) => {
    const {prob, otherProb, margin} = await score([sequence])
    return {prob: prob[0]!, otherProb: otherProb[0]!, margin: margin[0]!}
  }
  const before = await ask(ids)
  const probes: PlainProbe[] = []
  for (let index = 0; index < options.probes; index++) {
    const [masking, replacing, testing] = ['masks', 'replacements', 'tests'].map((name) =>
      createSeededRandom(seedOfRow(options.seed, `probe ${index} ${name}`))
    )
    const start = positions.map(() => masking!.nextUnit())
    let scores = [...start]
    const masks: number[][] = []
    let stepCount = 0
    let hasStopped = false
    while (!hasStopped && stepCount < options.maxSteps) {
      const mask = positions.map(() => (masking!.nextUnit() < options.ratio ? 1 : 0))
      masks.push(mask)
      const changed = [...ids]
      const out = positions.filter((_, i) => mask[i] === 1)
      const drawn = await sampler.draw(out, replacing!)
      out.forEach((position, i) => {
        changed[position] = drawn[i]!
      })
      const after = await ask(Int32Array.from(changed))
      const rise = Math.min(1 - 1e-6, Math.max(1e-6, (1 + before.prob - after.prob) / 2))
      const delta = Math.log(rise / (1 - rise))
      scores = scores.map((score, i) => score + (mask[i] === 1 ? delta : -delta))
      stepCount++
      if (stepCount % options.testEvery !== 0 && stepCount !== options.maxSteps) continue
      const ranked = positions.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b)
      const lost = ranked.slice(options.keepCount).sort((a, b) => a - b)
      const tested = [...ids]
      const fresh = await sampler.draw(
        lost.map((i) => positions[i]!),
        testing!
      )
      lost.forEach((i, at) => {
        tested[positions[i]!] = fresh[at]!
      })
      hasStopped = (await ask(Int32Array.from(tested))).margin >= 0
    }
    probes.push({masks, start, scores, stepCount, hasStopped})
  }
  const stopped = probes.filter((probe) => probe.hasStopped)
  const counted = stopped.length > 0 ? stopped : probes
  const released = positions.map((_, i) => {
    const shares = counted.map(({scores}) => {
      const weights = scores.map((score) => Math.exp(score - Math.max(...scores)))
      return weights[i]! / weights.reduce((sum, weight) => sum + weight, 0)
    })
    return shares.reduce((sum, share) => sum + share, 0) / shares.length
  })
  const values = positions.map((_, i) => {
    const rates = probes.map(({scores, start, stepCount}) => (scores[i]! - start[i]!) / stepCount)
    return rates.reduce((sum, rate) => sum + rate, 0) / rates.length
  })
  return {probes, released, values}
}
