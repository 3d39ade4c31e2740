import {describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {DistributionSampler, FixedSampler, UniformSampler} from './samplers.ts'
import {SingleTokens} from './single-tokens.ts'

const VOCABULARY = ['<s>', 'a', 'b', 'ab', ' c', '\ufffd', 'd', 'd']
const encoder = new TextEncoder()

/** A tokenizer that has `ab` in its list and always cuts it in two, half a character, and one token twice. */
const tokenizer = {
  tokenCount: VOCABULARY.length,
  isSpecial: (id: number) => id === 0,
  bytesOf: (id: number) => (id === 5 ? Uint8Array.of(0xe2, 0x80) : encoder.encode(VOCABULARY[id])),
  encode: async (text: string) => {
    const ids = text === 'ab' ? [1, 2] : [VOCABULARY.indexOf(text)]
    const part = {bytes: encoder.encode(text), byteStart: 0, byteEnd: 1, isSpecial: false}
    const parts = ids.map((id) => ({
      ...{...part, id, isInserted: false, spanClass: 'lossless' as const},
    }))
    return {text, parts}
  },
}
const singles = () => new SingleTokens(tokenizer)

describe('single tokens', () => {
  it('are those whose text comes back as themselves, special ones never', async () => {
    const tokens = singles()
    const found = await Promise.all(VOCABULARY.map((_, id) => tokens.has(id)))
    // <s> is special, ab is cut, half a character has no text, and of two alike the first is encoded.
    expect(found).toEqual([false, true, true, false, true, false, true, false])
  })
})

describe('uniform replacements', () => {
  it('are every single token as often, with those that are none drawn again and counted', async () => {
    const sampler = new UniformSampler(singles())
    const positions = Array.from({length: 4000}, (_, i) => i)
    const drawn = await sampler.draw(positions, createSeededRandom(1))
    const counts = new Map<number, number>()
    for (const id of drawn) counts.set(id, (counts.get(id) ?? 0) + 1)
    expect([...counts.keys()].sort()).toEqual([1, 2, 4, 6])
    // Four standard deviations of a quarter of 4,000 are 110.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(110)
    // Three ordinary ids are no single token, four are.
    expect(Math.abs(sampler.redrawnCount - 3000)).toBeLessThan(350)
  })

  it('of the same stream are the same', async () => {
    const draw = (seed: number) =>
      new UniformSampler(singles()).draw([1, 2, 3, 4, 5, 6, 7, 8], createSeededRandom(seed))
    expect(await draw(3)).toEqual(await draw(3))
    expect(await draw(3)).not.toEqual(await draw(4))
  })
})

describe('replacements of a masked model', () => {
  const candidates = new Map([
    [2, {ids: Int32Array.of(4, 1, 2, 3), logits: Float32Array.of(2, 1, 1, 1)}],
  ])
  const ids = Int32Array.of(0, 6, 1)

  it('follow its distribution without the present token and without what is cut', async () => {
    const sampler = new DistributionSampler(singles(), ids, candidates)
    const random = createSeededRandom(2)
    const counts = new Map<number, number>()
    for (let i = 0; i < 4000; i++) {
      const [id] = await sampler.draw([2], random)
      counts.set(id!, (counts.get(id!) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual([2, 4])
    // e² to e of what is left.
    expect(counts.get(4)! / 4000).toBeCloseTo(Math.E / (Math.E + 1), 1)
    expect(sampler.redrawnCount / (4000 + sampler.redrawnCount)).toBeCloseTo(1 / (Math.E + 2), 1)
  })

  it('are said to be missing where there is none', async () => {
    const only = new Map([[2, {ids: Int32Array.of(3, 0), logits: Float32Array.of(1, 1)}]])
    const draw = new DistributionSampler(singles(), ids, only).draw([2], createSeededRandom(0))
    const error = await draw.catch((caught: unknown) => caught)
    expect((error as ProblemError).problem.code).toBe('no-valid-replacement')
    expect((error as ProblemError).problem.field).toBe('position 2')
  })
})

describe('fixed replacements', () => {
  it('are the first of a list that is a single token; without a list the token stays', async () => {
    const lists = new Map([[1, {ids: Int32Array.of(3, 5, 4, 1), logits: new Float32Array(4)}]])
    const sampler = new FixedSampler('self', singles(), Int32Array.of(6, 2), lists)
    expect(await sampler.draw([0, 1])).toEqual([6, 4])
    expect(await sampler.draw([1])).toEqual([4])
    // Counted once, however often it stands in.
    expect(sampler.redrawnCount).toBe(2)
    const none = new Map([[1, {ids: Int32Array.of(0, 3), logits: new Float32Array(2)}]])
    const empty = new FixedSampler('self', singles(), Int32Array.of(6, 2), none)
    await expect(empty.draw([1])).rejects.toThrow(ProblemError)
  })
})
