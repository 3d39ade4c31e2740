import {afterAll, expect, test} from 'vitest'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {sharedFloat32} from '../captures/shared-numbers.ts'
import type {Priority} from '../jobs/run-queue.ts'
import type {MatrixText} from './matrix-protocol.ts'
import {MatrixThread} from './matrix-thread.ts'

const TOKENS = 1024
const SIZE = 8
const thread = new MatrixThread({threads: () => 1})
afterAll(() => thread.close())

/** Two causal heads at random. */
function sampleText(): MatrixText {
  const random = createSeededRandom(5)
  const numbers = () => {
    const values = sharedFloat32(2 * TOKENS * SIZE)
    for (let i = 0; i < values.length; i++) values[i] = 4 * random.nextUnit() - 2
    return values
  }
  const run = {queryStart: 0, queryEnd: TOKENS, keyCount: TOKENS, keys: null, sink: null}
  const attention = {
    ...{kind: 'queries-keys' as const, keyValueHeadCount: 2, size: SIZE},
    ...{queries: numbers(), keys: numbers()},
    runs: [{...run, steps: [{kind: 'band' as const, first: null, last: 0}]}],
  }
  const site = {queryHeadCount: 2, attention, valueNorms: null, keysBeforeRotary: null}
  const layer = {layer: 0, queryHeadCount: 2, sites: [site]}
  return {tokenCount: TOKENS, layers: [{layer, dtype: 'float32'}]}
}

const text = sampleText()
const all = [0, TOKENS] as const
const picture = (head: number, priority: Priority) =>
  thread.run(
    'tile',
    {
      ...{text, map: {kind: 'head', layer: 0, head}, queries: all, whole: null},
      filters: {dropSink: false, threshold: 0},
      shape: {queries: all, keys: all, rowCount: 64, columnCount: 64, pooling: 'max'},
    },
    {priority}
  )

test('a picture that nobody waits for makes room for one that a person waits for, and comes whole afterwards', async () => {
  const alone = await picture(1, 'batch')
  const order: string[] = []
  const told = (name: string) => () => void order.push(name)
  // It runs by now: nothing was asked before it.
  const batch = picture(1, 'batch')
  const awaited = picture(0, 'interactive')
  const quiet = thread.quiet()
  await Promise.all([
    batch.then(told('batch')),
    awaited.then(told('awaited')),
    quiet.then(told('quiet')),
  ])
  expect(order.indexOf('awaited')).toBe(0)
  expect(order.at(-1)).toBe('batch')
  expect((await batch).values).toEqual(alone.values)
  expect((await awaited).values).not.toEqual(alone.values)
})

test('it is quiet while nobody waits, whatever else runs', async () => {
  const order: string[] = []
  const batch = picture(0, 'batch').then(() => order.push('batch'))
  await thread.quiet().then(() => order.push('quiet'))
  await batch
  expect(order).toEqual(['quiet', 'batch'])
})
