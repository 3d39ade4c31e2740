import {setImmediate as nextTurn} from 'node:timers/promises'
import type {ScoreRunner} from './score-runner.ts'

/** Multiplications that one run of the runtime takes at most: nothing ends it in its midst. */
const MOST_PRODUCTS = 4e9

/** a · b of two square matrices, row-major. `check` is called between runs of rows, and may throw. */
export async function multiplySquares(
  runner: ScoreRunner,
  a: Float32Array,
  b: Float32Array,
  check: () => void
): Promise<Float32Array<ArrayBuffer>> {
  const size = Math.round(Math.sqrt(a.length))
  // The runtime takes no shared memory.
  const right = b.slice()
  const result = new Float32Array(size * size)
  const step = Math.max(1, Math.min(size, Math.floor(MOST_PRODUCTS / size ** 2)))
  for (let start = 0; start < size; start += step) {
    check()
    const rows = a.subarray(start * size, Math.min(size, start + step) * size)
    result.set(await runner.multiply(rows, right, size), start * size)
    // What ends a job is heard between two turns.
    await nextTurn()
  }
  return result
}
