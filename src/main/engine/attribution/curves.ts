import type {AttributionCurves} from '../../../shared/lenses/attribute-row.ts'
import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {descendingOrder} from './importance.ts'
import {replaced, type Subject} from './subject.ts'

/** Points of a curve at most, both ends included. */
const MOST_POINTS = 33

/**
 * Deletion and insertion curves (Petsiuk et al. 2018, with replacements in place of blur): the explained probability
 * with the highest `count` positions replaced, and with all others replaced; mean over draws of the replacements.
 */
export async function measureCurves(
  subject: Subject,
  values: ArrayLike<number>,
  {drawCount, seed}: {drawCount: number; seed: number},
  signal?: AbortSignal
): Promise<AttributionCurves> {
  const {ids, positions} = subject
  const order = descendingOrder(values)
  const counts = countsOf(positions.length)
  const deletion = new Float64Array(counts.length)
  const insertion = new Float64Array(counts.length)
  for (let draw = 0; draw < drawCount; draw++) {
    signal?.throwIfAborted()
    const random = createSeededRandom(seedOfRow(seed, `curves ${draw}`))
    const background = await replaced(subject, positions, random)
    const mixed = (first: Int32Array, rest: Int32Array) => (count: number) => {
      const sequence = rest.slice()
      for (const at of order.slice(0, count)) sequence[positions[at]!] = first[positions[at]!]!
      return sequence
    }
    const {prob} = await subject.score([
      ...counts.map(mixed(background, ids)),
      ...counts.map(mixed(ids, background)),
    ])
    for (let i = 0; i < counts.length; i++) {
      deletion[i]! += prob[i]! / drawCount
      insertion[i]! += prob[counts.length + i]! / drawCount
    }
  }
  const curve = (probs: Float64Array) => counts.map((count, i) => ({count, prob: probs[i]!}))
  return {
    deletion: curve(deletion),
    insertion: curve(insertion),
    deletionArea: areaOf(counts, deletion),
    insertionArea: areaOf(counts, insertion),
    drawCount,
  }
}

/** 0 … positionCount, all of them or evenly chosen ones. */
export function countsOf(positionCount: number): number[] {
  const points = Math.min(MOST_POINTS, positionCount + 1)
  return Array.from({length: points}, (_, i) => Math.round((i * positionCount) / (points - 1)))
}

/** The mean height of a curve, straight between its points. */
function areaOf(counts: readonly number[], probs: Float64Array): number {
  let area = 0
  for (let i = 1; i < counts.length; i++) {
    area += ((probs[i]! + probs[i - 1]!) / 2) * (counts[i]! - counts[i - 1]!)
  }
  return area / counts.at(-1)!
}
