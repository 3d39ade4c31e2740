import {describe, expect, it} from 'vitest'
import type {BranchingModel} from './branching-model.ts'
import {type RolloutOptions, rollOut} from './rollouts.ts'

/** Whatever was read, the model says the same. */
const LAW = [0.5, 0.2, 0.15, 0.1, 0.05] as const
const logits = Float32Array.from(LAW, Math.log)
const model = {
  method: 'tree-mask',
  logitsAfter: async (paths: readonly unknown[]) => paths.map(() => logits),
  retain() {},
} as unknown as BranchingModel

const DRAW_COUNT = 4000
/** Of completions only the first token of which is drawn without the forbidden one. */
const OPTIONS: RolloutOptions = {
  ...{temperature: 0.5, topP: 0.5, maxNewTokens: 3, stopIds: []},
  ...{roomCount: 100_000, width: 64},
}

async function firstsAndRest(forbiddenId: number) {
  const starts = Array.from({length: DRAW_COUNT}, (_, seed) => ({
    ...{path: [1, 2], seed, forbiddenId},
  }))
  const firsts: number[] = []
  const rest = new Set<number>()
  for await (const {ids} of rollOut(model, starts, OPTIONS)) {
    firsts.push(ids[0]!)
    for (const id of ids.slice(1)) rest.add(id)
  }
  return {firsts, rest}
}

describe('a completion that may not begin with a token', () => {
  it('never does, however likely that is, and may have it afterwards', async () => {
    const {firsts, rest} = await firstsAndRest(0)
    expect(firsts).toHaveLength(DRAW_COUNT)
    expect(firsts).not.toContain(0)
    // Half of the law is one token, so that with top-p .5 nothing else is drawn.
    expect([...rest]).toEqual([0])
  })

  it.each([0, 1, 4])(
    'without %i begins by the model’s own law, without top-p, at temperature 1',
    async (id) => {
      const {firsts} = await firstsAndRest(id)
      const left = 1 - LAW[id]!
      let chiSquare = 0
      for (const [other, prob] of LAW.entries()) {
        const count = firsts.filter((first) => first === other).length
        if (other === id) {
          expect(count).toBe(0)
          continue
        }
        const expected = (DRAW_COUNT * prob) / left
        chiSquare += (count - expected) ** 2 / expected
      }
      // 99.9 % of three degrees of freedom.
      expect(chiSquare).toBeLessThan(16.27)
    }
  )
})
