import {describe, expect, it} from 'vitest'
import type {DraftStrategy} from '../../../shared/lenses/tree.ts'
import {type DraftRunEvent, runDrafts} from './draft-run.ts'
import {DraftCounter} from './draft-stats.ts'
import type {DraftParameters} from './draft-strategy.ts'
import {DraftBuilder} from './draft-tree.ts'
import {keyUnder, PURPOSE, uniformOf} from './keyed-random.ts'
import {MARKOV_TARGET, markovModel, toyRun} from './test-toys.ts'
import {independentRule} from './verify-rules.ts'
import {verifyTree} from './verify-tree.ts'

type Verified = Extract<DraftRunEvent, {kind: 'verified'}>

async function verified(
  strategy: DraftStrategy,
  parameters: DraftParameters,
  options: Parameters<typeof toyRun>[2]
): Promise<Verified[]> {
  const events: Verified[] = []
  for await (const event of runDrafts(toyRun(strategy, parameters, options))) {
    if (event.kind === 'verified') events.push(event)
  }
  return events
}

describe('tests of merged paths', () => {
  const spectr = (seed: number) => verified('spectr', {paths: 4, draftLength: 2}, {seed})

  it('are one a path in the order of the paths, and end with the one that is accepted', async () => {
    let acceptingCount = 0
    let repeatedCount = 0
    for (let seed = 0; seed < 300; seed++) {
      for (const {tree, verification} of await spectr(seed)) {
        for (const {place, tests, acceptedPlace} of verification.verdicts) {
          // What is to be tested, from the paths alone: which child each of them goes to.
          const children = tree.nodes.flatMap(({parent, paths}, at) =>
            parent === place ? paths!.map((path) => ({path, at})) : []
          )
          children.sort((a, b) => a.path - b.path)
          const places = tests.map((test) => test.place)
          expect(places).toEqual(children.slice(0, tests.length).map(({at}) => at))
          for (const {uniform, acceptProb, isAccepted} of tests) {
            expect(isAccepted).toBe(uniform < acceptProb)
          }
          expect(tests.slice(0, -1).every(({isAccepted}) => !isAccepted)).toBe(true)
          if (new Set(places).size < places.length) repeatedCount++
          if (acceptedPlace === null) {
            expect(tests).toHaveLength(children.length)
            continue
          }
          acceptingCount++
          expect(tests.at(-1)).toMatchObject({place: acceptedPlace, isAccepted: true})
        }
      }
    }
    expect(acceptingCount).toBeGreaterThan(1000)
    expect(repeatedCount).toBeGreaterThan(100)
  })

  it('of one seed: A is rejected, B is rejected, A is accepted, with three numbers', async () => {
    const found = (await spectr(30))
      .flatMap(({verification}) => verification.verdicts)
      .find(({tests}) => tests.length === 3 && tests[0]!.place === tests[2]!.place)!
    expect(found.tests.map(({isAccepted}) => isAccepted)).toEqual([false, false, true])
    expect(found.tests[1]!.place).not.toBe(found.tests[0]!.place)
    expect(new Set(found.tests.map(({uniform}) => uniform)).size).toBe(3)
  })
})

describe('a number equal to its threshold', () => {
  it('is a rejection: accepted is what lies below', () => {
    const key = 12345
    // The number that the first test of the root's only child draws.
    const uniform = uniformOf(keyUnder(keyUnder(keyUnder(key, 0), -1 - PURPOSE.accept), 0))
    const context = {isEnd: () => false, maxDepth: 5, key, lawsAfter: async () => []}
    const builder = new DraftBuilder(context)
    const q = Float64Array.of(1, 0)
    builder.laws.set(-1, q)
    builder.add(-1, 0)
    const outcomeAt = (p: number) => {
      const targetLaw = () => Float64Array.of(p, 1 - p)
      const tree = builder.finish('draft')
      return verifyTree(tree, {...context, targetLaw, rule: independentRule}).outcomes[0]!
    }
    expect(outcomeAt(uniform)).toMatchObject({status: 'rejected', uniform, acceptProb: uniform})
    expect(outcomeAt(uniform + 2 ** -40).status).toBe('accepted')
    expect(outcomeAt(uniform - 2 ** -40).status).toBe('rejected')
  })
})

describe('counts', () => {
  it('tests are those that drew a number, and calls saved are those that were not made', async () => {
    for (const [strategy, parameters] of [
      ['chain', {draftLength: 3}],
      ['dyspec', {nodes: 8}],
      ['spectr', {paths: 4, draftLength: 2}],
    ] as const) {
      for (let seed = 0; seed < 40; seed++) {
        const target = markovModel(MARKOV_TARGET)
        const events = await verified(strategy, parameters, {seed, target})
        const counter = new DraftCounter()
        for (const event of events) counter.add(event)
        const stats = counter.stats()
        // Plain decoding: one call a token, but for the first, which the prompt's own run gives.
        const tokenCount = events.flatMap(({ids}) => ids).length
        expect(stats.targetCalls).toBe(target.callCount)
        expect(stats.targetCallsSaved).toBe(tokenCount - 1 - target.callCount)
        const drew = events.map(
          ({verification: {outcomes}}) => outcomes.filter(({uniform}) => uniform !== null).length
        )
        const tested = stats.perStep.map((step) => step.tested)
        const depthTested = stats.byDepth.reduce((sum, row) => sum + row.tested, 0)
        expect(depthTested).toBe(tested.reduce((sum, count) => sum + count, 0))
        if (strategy !== 'spectr') expect(tested).toEqual(drew)
        // Of merged paths each is a test: a step that rejected all of one node tested it once a path.
        for (const [i, {tree, verification}] of events.entries()) {
          expect(tested[i]).toBeGreaterThanOrEqual(drew[i]!)
          if (strategy !== 'spectr' || verification.accepted.length > 0) continue
          const atRoot = tree.nodes.filter(({parent}) => parent < 0)
          expect(tested[i]).toBe(atRoot.reduce((sum, {paths}) => sum + paths!.length, 0))
        }
      }
    }
  })

  it('of several runs have an error over runs; one run has none', async () => {
    const counter = new DraftCounter()
    const runs: {accepted: number; steps: number}[] = []
    for (let seed = 0; seed < 30; seed++) {
      const events = await verified('chain', {draftLength: 3}, {seed, maxSteps: 1 + (seed % 4)})
      for (const event of events) counter.add(event)
      if (seed === 0) expect(counter.stats().acceptedStandardError).toBeNull()
      const accepted = events.reduce((sum, {verification}) => sum + verification.accepted.length, 0)
      runs.push({accepted, steps: events.length})
    }
    // Leaving out one run at a time: the jackknife, which asks no formula of the ratio.
    const meanOf = (left: typeof runs) =>
      left.reduce((sum, {accepted}) => sum + accepted, 0) /
      left.reduce((sum, {steps}) => sum + steps, 0)
    const without = runs.map((_, i) => meanOf(runs.filter((_, at) => at !== i)))
    const centre = without.reduce((sum, one) => sum + one, 0) / runs.length
    const squares = without.reduce((sum, one) => sum + (one - centre) ** 2, 0)
    const jackknife = Math.sqrt(((runs.length - 1) / runs.length) * squares)
    const {acceptedStandardError, acceptedMean} = counter.stats()
    expect(acceptedMean).toBeCloseTo(meanOf(runs), 12)
    expect(acceptedStandardError! / jackknife).toBeGreaterThan(0.9)
    expect(acceptedStandardError! / jackknife).toBeLessThan(1.1)
  })
})
