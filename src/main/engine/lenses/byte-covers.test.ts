import {describe, expect, it} from 'vitest'
import {type ByteModel, coversOf, nextBytes} from './byte-covers.ts'

const P = 0.3
const TOKENS = ['A', 'B', 'AA']
const bytesOf = (text: string) => new TextEncoder().encode(text)

/**
 * Independent bytes, A with probability p and B with q, spelled by A, B and AA with the longest match: at a
 * free state P(AA) = p², P(A) = pq, P(B) = q; after the token A the next one is B.
 */
const longestMatch: ByteModel = {
  tokenCount: TOKENS.length,
  bytesOf: (id) => bytesOf(TOKENS[id]!),
  encode: async (bytes) =>
    (new TextDecoder().decode(bytes).match(/AA|A|B/g) ?? []).map((token) => TOKENS.indexOf(token)),
  logprobsAfter: async (ids) =>
    Float64Array.from(ids.at(-1) === 0 ? [0, 1, 0] : [P * (1 - P), 1 - P, P * P], (prob) =>
      Math.log(prob)
    ),
  endIds: new Set(),
}

const probOf = (text: string) =>
  [...text].reduce((prob, letter) => prob * (letter === 'A' ? P : 1 - P), 1)

describe('the exact next byte', () => {
  it('finds the covers of the notes', async () => {
    const names = async (text: string) =>
      (await coversOf(bytesOf(text), longestMatch))
        .map(({ids}) => ids.map((id) => TOKENS[id]).join(' '))
        .sort()
    expect(await names('A')).toEqual(['A', 'AA'])
    expect(await names('AA')).toEqual(['AA'])
    expect(await names('AAA')).toEqual(['AA A', 'AA AA'])
    expect(await names('AB')).toEqual(['A B'])
  })

  it('gives back independent bytes, for every prefix of up to six', async () => {
    for (let length = 0; length <= 6; length++) {
      for (let bits = 0; bits < 1 << length; bits++) {
        const text = Array.from({length}, (_, i) => ((bits >> i) & 1 ? 'A' : 'B')).join('')
        const {probs, endProb, leakProb, prefixLogprob} = await nextBytes(
          bytesOf(text),
          longestMatch
        )
        expect(Math.exp(prefixLogprob)).toBeCloseTo(probOf(text), 12)
        expect(probs[0x41]).toBeCloseTo(P, 12)
        expect(probs[0x42]).toBeCloseTo(1 - P, 12)
        expect(endProb + leakProb).toBe(0)
      }
    }
  })

  it('differs from prompting with tokens, which is certain of B after A', async () => {
    const row = await longestMatch.logprobsAfter([0])
    expect(Math.exp(row[1]!)).toBe(1)
    expect((await nextBytes(bytesOf('A'), longestMatch)).probs[0x42]).toBeCloseTo(1 - P, 12)
  })

  it('counts what ends the text, and what no text encodes to, apart', async () => {
    const leaky: ByteModel = {
      ...longestMatch,
      tokenCount: 5,
      bytesOf: (id) => (id < 3 ? bytesOf(TOKENS[id]!) : new Uint8Array(0)),
      // After A the model gives a tenth to another A, which the longest match never writes.
      logprobsAfter: async () => Float64Array.from([0.1, 0.4, 0.2, 0.2, 0.1], (p) => Math.log(p)),
      endIds: new Set([3]),
    }
    const exact = await nextBytes(bytesOf('A'), leaky)
    // Covers: A with 0.1, AA with 0.2. After A: A and AA are not valid.
    expect(exact.probs[0x41]).toBeCloseTo(0.2 / 0.3, 12)
    expect(exact.probs[0x42]).toBeCloseTo((0.1 * 0.4) / 0.3, 12)
    expect(exact.endProb).toBeCloseTo((0.1 * 0.2) / 0.3, 12)
    expect(exact.leakProb).toBeCloseTo((0.1 * (0.1 + 0.1 + 0.2)) / 0.3, 12)
    const fast = await nextBytes(bytesOf('A'), leaky, 'fast')
    expect(fast.leakProb).toBeCloseTo((0.1 * 0.1) / 0.3, 12)
    for (const {probs, endProb, leakProb} of [exact, fast]) {
      expect(probs.reduce((sum, prob) => sum + prob, endProb + leakProb)).toBeCloseTo(1, 12)
    }
  })

  it('waits inside a character: each way to spell its start is kept', async () => {
    // É is C3 89; entries: the two bytes, and both together. é is C3 A9, of which there is no entry.
    const entries = [[0xc3], [0x89], [0xa9], [0xc3, 0x89]].map((bytes) => Uint8Array.from(bytes))
    const model: ByteModel = {
      tokenCount: 4,
      bytesOf: (id) => entries[id]!,
      encode: async (bytes) => {
        try {
          const text = new TextDecoder('utf-8', {fatal: true}).decode(bytes)
          return [...text].flatMap((letter) => (letter === 'É' ? [3] : [0, 2]))
        } catch {
          return null
        }
      },
      logprobsAfter: async () => Float64Array.from([0.5, 0.1, 0.2, 0.2], (p) => Math.log(p)),
      endIds: new Set(),
    }
    const {probs, leakProb, covers} = await nextBytes(Uint8Array.of(0xc3), model)
    expect(covers.map(({ids}) => ids)).toEqual([[0], [3]])
    // [C3][89] is not how É is written, so its mass leaks; so do a second start and a lone tail.
    expect(probs[0x89]).toBeCloseTo(0.2 / 0.7, 12)
    expect(probs[0xa9]).toBeCloseTo((0.5 * 0.2) / 0.7, 12)
    expect(leakProb).toBeCloseTo((0.5 * (0.5 + 0.1 + 0.2)) / 0.7, 12)
  })
})
