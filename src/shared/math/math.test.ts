import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {computeNormalizer, computeRowStatistics, NonFiniteLogitError} from './distribution.ts'
import {exp, expOfNonPositive} from './exp.ts'
import {float32OfFloat16Bits} from './float16.ts'
import {log} from './log.ts'
import {computeNextTokens} from './next-tokens.ts'
import {selectTopIds} from './partial-selection.ts'
import {drawToken, tokenLaw} from './sample.ts'
import {createSeededRandom} from './seeded-random.ts'

const logitsArbitrary = fc
  .array(fc.double({min: -60, max: 60, noNaN: true}), {minLength: 1, maxLength: 300})
  .chain((values) =>
    // Ties are common, so that their order is tested.
    fc
      .constantFrom(1, 4)
      .map((step) => Float32Array.from(values, (v) => Math.round(v * step) / step))
  )

function bruteProbs(logits: Float32Array, temperature: number): number[] {
  const scaled = Array.from(logits, (logit) => logit / temperature)
  const max = Math.max(...scaled)
  const weights = scaled.map((value) => Math.exp(value - max))
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / sum)
}

function bruteOrder(logits: Float32Array): number[] {
  return Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b)
}

describe('exp and log', () => {
  it('agree with Math.exp to 5e-13 over the whole range', () => {
    fc.assert(
      fc.property(fc.double({min: -708, max: 708, noNaN: true}), (x) => {
        expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(5e-13)
      }),
      {numRuns: 2000}
    )
  })

  it('handle the ends', () => {
    expect(exp(0)).toBe(1)
    expect(exp(-0)).toBe(1)
    expect(expOfNonPositive(-1e30)).toBe(0)
    expect(exp(Number.NEGATIVE_INFINITY)).toBe(0)
    expect(exp(710)).toBe(Number.POSITIVE_INFINITY)
    expect(exp(Number.NaN)).toBeNaN()
    expect(log(0)).toBe(Number.NEGATIVE_INFINITY)
    expect(log(-1)).toBeNaN()
    expect(log(1)).toBe(0)
    expect(log(5e-324)).toBeCloseTo(Math.log(5e-324), 11)
  })

  it('log agrees with Math.log', () => {
    fc.assert(
      fc.property(fc.double({min: 1e-300, max: 1e300, noNaN: true}), (x) => {
        const expected = Math.log(x)
        expect(Math.abs(log(x) - expected)).toBeLessThanOrEqual(
          4e-15 * Math.max(1, Math.abs(expected))
        )
      }),
      {numRuns: 2000}
    )
  })
})

describe('statistics of a row', () => {
  it('equal a brute-force computation', () => {
    fc.assert(
      fc.property(logitsArbitrary, fc.nat(), fc.nat(), (logits, a, b) => {
        const occurred = a % logits.length
        const end = b % logits.length
        // The row stands between others, which must not be touched.
        const padded = new Float32Array(logits.length + 2).fill(1e9)
        padded.set(logits, 1)
        const statistics = computeRowStatistics(padded, 1, logits.length, occurred, [end])
        const probs = bruteProbs(logits, 1)
        const own = logits[occurred]!
        expect(statistics.logprob).toBeCloseTo(Math.log(probs[occurred]!), 9)
        expect(statistics.rank).toBe(logits.filter((logit) => logit > own).length)
        expect(statistics.maxLogprob).toBeCloseTo(Math.log(Math.max(...probs)), 9)
        expect(statistics.endProb).toBeCloseTo(probs[end]!, 11)
        const entropy = -probs.reduce((sum, p) => sum + (p > 0 ? p * Math.log2(p) : 0), 0)
        expect(statistics.entropyBits).toBeCloseTo(entropy, 9)
        const size = logits.length
        const toUniform = probs.reduce((sum, p) => sum + (p > 0 ? p * Math.log2(p * size) : 0), 0)
        expect(statistics.klToUniformBits).toBeCloseTo(toUniform, 9)
        // Where a probability is too small for a number, its logarithm is still one.
        if (probs.every((p) => p > 1e-300)) {
          const fromUniform = probs.reduce((sum, p) => sum - Math.log2(p * size) / size, 0)
          expect(statistics.klFromUniformBits).toBeCloseTo(fromUniform, 8)
        }
        const top = probs.reduce((sum, p, id) => sum + (logits[id]! >= own ? p : 0), 0)
        expect(statistics.topPMass).toBeCloseTo(top, 11)
        expect(computeNormalizer(padded, 1, logits.length).logSumExp).toBeCloseTo(
          statistics.logSumExp,
          9
        )
      })
    )
  })

  it('is as far from the uniform distribution as the worked example, and not at all where it is one', () => {
    // In nats: KL(U‖p) = .290167 and KL(p‖U) = .276364.
    const logits = Float32Array.from([0.5, 0.2, 0.15, 0.1, 0.05], Math.log)
    const statistics = computeRowStatistics(logits, 0, 5, 0, [])
    expect(statistics.klFromUniformBits * Math.LN2).toBeCloseTo(0.290167, 6)
    expect(statistics.klToUniformBits * Math.LN2).toBeCloseTo(0.276364, 6)
    const nats = statistics.entropyBits * Math.LN2
    expect(statistics.klToUniformBits * Math.LN2).toBeCloseTo(Math.log(5) - nats, 12)
    const even = computeRowStatistics(new Float32Array(7).fill(2), 0, 7, 3, [])
    expect(even.klToUniformBits).toBeCloseTo(0, 12)
    expect(even.klFromUniformBits).toBeCloseTo(0, 12)
  })

  it('has whole mass at the least probable token and no end probability without stop ids', () => {
    const statistics = computeRowStatistics(Float32Array.of(3, -2, 1, 0.5), 0, 4, 1, [])
    expect(statistics.topPMass).toBe(1)
    expect(statistics.rank).toBe(3)
    expect(statistics.endProb).toBeNaN()
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s', (bad) => {
    const logits = Float32Array.of(1, 2, bad, 3)
    expect(() => computeRowStatistics(logits, 0, 4, 0, [])).toThrow(NonFiniteLogitError)
    expect(() => computeNormalizer(logits, 1, 3)).toThrow('token 1')
    expect(computeNormalizer(logits, 0, 2).maxLogit).toBe(2)
  })

  it('gives a forbidden token no probability, and the others what they have without it', () => {
    const free = computeRowStatistics(Float32Array.of(1, 2, 3), 0, 3, 0, [1])
    const logits = Float32Array.of(1, 2, Number.NEGATIVE_INFINITY, 3)
    const {klToUniformBits, klFromUniformBits, ...others} = computeRowStatistics(
      ...([logits, 0, 4, 0, [1]] as const)
    )
    expect(free).toMatchObject(others)
    // Its share of the uniform distribution is missed; from that side the divergence is infinite.
    expect(klToUniformBits).toBeCloseTo(free.klToUniformBits + Math.log2(4 / 3), 12)
    expect(klFromUniformBits).toBeNaN()
    expect(computeRowStatistics(logits, 0, 4, 2, []).topPMass).toBe(1)
    expect(logits.every(Number.isFinite)).toBe(true)
    const nothing = Float32Array.of(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY)
    expect(() => computeNormalizer(nothing, 0, 2)).toThrow(NonFiniteLogitError)
  })
})

describe('selection of the likeliest', () => {
  it('is the head of the full order for any count', () => {
    fc.assert(
      fc.property(logitsArbitrary, fc.integer({min: 0, max: 320}), (logits, count) => {
        expect(Array.from(selectTopIds(logits, count))).toEqual(bruteOrder(logits).slice(0, count))
      })
    )
  })

  it('treats negative zero as zero', () => {
    expect(Array.from(selectTopIds(Float32Array.of(-0, 0, -1, 1), 3))).toEqual([3, 0, 1])
  })
})

describe('next-token table', () => {
  it('equals a brute-force computation, and rows and rest sum to 1', () => {
    fc.assert(
      fc.property(
        logitsArbitrary,
        fc.integer({min: 1, max: 50}),
        fc.double({min: 0.05, max: 20, noNaN: true}),
        fc.double({min: 0.01, max: 1, noNaN: true}),
        (logits, topK, temperature, topP) => {
          const table = computeNextTokens(logits, {topK, temperature, topP})
          const order = bruteOrder(logits)
          const raw = bruteProbs(logits, 1)
          const hot = bruteProbs(logits, temperature)
          expect(Array.from(table.ids)).toEqual(order.slice(0, topK))
          expect(table.restCount).toBe(logits.length - table.ids.length)

          let cumulative = 0
          let keptCount = 0
          while (keptCount < order.length && (topP === 1 || cumulative < topP)) {
            cumulative += hot[order[keptCount++]!]!
          }
          // One more or less only where rounding decides.
          if (table.keptCount !== keptCount) expect(Math.abs(cumulative - topP)).toBeLessThan(1e-9)
          const kept = new Set(order.slice(0, table.keptCount))
          const keptMass = [...kept].reduce((sum, id) => sum + hot[id]!, 0)
          for (const [i, id] of table.ids.entries()) {
            expect(table.rawLogprobs[i]).toBeCloseTo(Math.log(raw[id]!), 8)
            expect(table.sampledProbs[i]).toBeCloseTo(kept.has(id) ? hot[id]! / keptMass : 0, 10)
          }
          const cut = raw.reduce((sum, p, id) => sum + (kept.has(id) ? 0 : p), 0)
          expect(table.cutRawProb).toBeCloseTo(cut, 10)
          const rawSum = table.rawLogprobs.reduce((sum, value) => sum + Math.exp(value), 0)
          expect(Math.abs(rawSum + table.rawRestProb - 1)).toBeLessThan(2e-12)
          const sampledSum = table.sampledProbs.reduce((sum, value) => sum + value, 0)
          expect(Math.abs(sampledSum + table.sampledRestProb - 1)).toBeLessThan(2e-12)
        }
      )
    )
  })

  it('keeps the digits of a tiny rest', () => {
    const table = computeNextTokens(Float32Array.of(50, 0, 0), {topK: 1, temperature: 1, topP: 1})
    expect(table.rawRestProb / (2 * Math.exp(-50))).toBeCloseTo(1, 10)
  })
})

describe('seeded random and drawing', () => {
  it('repeats for a seed, differs for another, and uses the high bits of the seed', () => {
    const draw = (seed: number) => {
      const random = createSeededRandom(seed)
      return Array.from({length: 8}, () => random.nextUint32())
    }
    expect(draw(1)).toEqual(draw(1))
    const firsts = new Set([0, 1, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map((s) => draw(s).join()))
    expect(firsts.size).toBe(6)
    expect(() => createSeededRandom(-1)).toThrow(RangeError)
    expect(() => createSeededRandom(0.5)).toThrow(RangeError)
  })

  it('is uniform enough', () => {
    const random = createSeededRandom(42)
    const counts = new Int32Array(64)
    const total = 64_000
    for (let i = 0; i < total; i++) counts[Math.floor(random.nextUnit() * 64)]!++
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    // 63 degrees of freedom: above 110 once in 4,000 streams.
    expect(chiSquare).toBeLessThan(110)
  })

  it('draws in proportion to the truncated, heated distribution', () => {
    const logits = Float32Array.of(1, 3, 2, -1, 0)
    const sampling = {temperature: 1.5, topP: 0.9}
    const {ids, sampledProbs} = computeNextTokens(logits, {topK: 5, ...sampling})
    const [random, same] = [createSeededRandom(7), createSeededRandom(7)]
    const draw = tokenLaw(logits, sampling)
    const counts = new Map<number, number>()
    const total = 20_000
    for (let i = 0; i < total; i++) {
      const id = draw(random)
      // Chosen once for all draws or anew for each.
      expect(drawToken(logits, sampling, same)).toBe(id)
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    for (const [i, id] of ids.entries()) {
      const expected = sampledProbs[i]! * total
      const deviation = Math.sqrt(Math.max(1, expected * (1 - sampledProbs[i]!)))
      expect(Math.abs((counts.get(id) ?? 0) - expected)).toBeLessThan(4.5 * deviation)
      if (expected === 0) expect(counts.has(id)).toBe(false)
    }
  })
})

describe('half precision', () => {
  it('decodes known numbers', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x3555, 0x7c00)
    expect(Array.from(float32OfFloat16Bits(bits))).toEqual([
      1,
      -2,
      2 ** -24,
      65504,
      -0,
      0.333251953125,
      Number.POSITIVE_INFINITY,
    ])
    expect(float32OfFloat16Bits(Uint16Array.of(0x7e00))[0]).toBeNaN()
  })
})
