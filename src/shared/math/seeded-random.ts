const TWO_TO_32 = 4294967296
const TWO_TO_MINUS_53 = 1 / 9007199254740992

/** A stream of numbers that its seed determines. */
export interface SeededRandom {
  /** Uniform in [0, 1), with 53 random bits. */
  nextUnit(): number
  /** Uniform in 0 … 2^32 − 1. */
  nextUint32(): number
}

/**
 * The only source of randomness: xoshiro128** (Blackman and Vigna 2018), its state filled from the
 * seed by SplitMix32. `seed` is an integer from 0 to 2^53 − 1; all of its bits count.
 */
export function createSeededRandom(seed: number): SeededRandom {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`a seed is an integer from 0 to 2^53 - 1, got ${seed}`)
  }
  const next = splitMix32((seed % TWO_TO_32) >>> 0, Math.floor(seed / TWO_TO_32) >>> 0)
  let a = next()
  let b = next()
  let c = next()
  // Not all four words may be 0, and one that never is settles it.
  let d = next() | 1

  function nextUint32(): number {
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result
  }

  return {
    nextUint32,
    nextUnit() {
      const high = nextUint32() >>> 5
      const low = nextUint32() >>> 6
      return (high * 67108864 + low) * TWO_TO_MINUS_53
    },
  }
}

function splitMix32(low: number, high: number): () => number {
  let state = low ^ Math.imul(high, 0x9e3779b1)
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return mixed ^ (mixed >>> 15)
  }
}
