import {createSeededRandom, type SeededRandom} from '../../../shared/math/seeded-random.ts'

const TWO_TO_32 = 4294967296
const HIGH_MASK = 0x1fffff

/** What a number is drawn for, so that no two draws of a node share one. */
export const PURPOSE = {draw: 1, accept: 2, correct: 3, bonus: 4, perturb: 5, run: 6} as const

/**
 * A key that other keys branch off: a whole number below 2^53. Random numbers are keyed by step, place in
 * the tree and purpose, so that neither the order of computing nor the size of a batch changes a draw.
 */
export type RandomKey = number

/** The key of the n-th thing under another key: a child of a node, a purpose, a step. */
export function keyUnder(key: RandomKey, n: number): RandomKey {
  let low = (key % TWO_TO_32) | 0
  let high = Math.floor(key / TWO_TO_32) | 0
  low = mix(low ^ Math.imul(n + 1, 0x9e3779b1))
  high = mix(high ^ low ^ Math.imul(n + 1, 0x85ebca6b))
  low = mix((low + Math.imul(high, 0xc2b2ae35)) | 0)
  return (high & HIGH_MASK) * TWO_TO_32 + (low >>> 0)
}

/** Of the n-th draw of a draft under a node. */
export function drawKey(node: RandomKey, n: number): RandomKey {
  return keyUnder(keyUnder(node, -1 - PURPOSE.draw), n)
}

/** Uniform in [0, 1). */
export function uniformOf(key: RandomKey): number {
  return createSeededRandom(key).nextUnit()
}

/** Many numbers of one key, in order. */
export function streamOf(key: RandomKey): SeededRandom {
  return createSeededRandom(key)
}

/** The finaliser of MurmurHash3 (Appleby 2011). */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
