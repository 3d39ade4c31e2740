import {createSeededRandom} from '../math/seeded-random.ts'

/**
 * The seed of one row's own stream, 0 to 2^32 − 1, made of the list's seed and the row's id: the same
 * whichever other rows are run with it. The id's UTF-16 units enter one by one, mixed each time by the
 * project's generator.
 */
export function seedOfRow(seed: number, rowId: string): number {
  let mixed = createSeededRandom(seed).nextUint32()
  for (let i = 0; i < rowId.length; i++) {
    mixed = createSeededRandom(mixed * 65536 + rowId.charCodeAt(i)).nextUint32()
  }
  return mixed
}
