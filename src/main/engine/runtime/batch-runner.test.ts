import {dirname} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {
  type ExportFacts,
  exportPath,
  listExports,
  readReference,
} from '../../../../fixtures/exports/read-export.ts'
import {attentionContext} from '../lenses/test-attention.ts'
import {BatchRunner} from './batch-runner.ts'
import type {BatchedEvent, BatchWish} from './worker-protocol.ts'

const context = attentionContext({chunkLength: 16})
afterAll(() => context.close())

const ALL_EXPORTS = listExports().filter(({output}) => output === 'logits')
/** One of each way of exporting, and of each family; all of them in the long run of the tests. */
const EXPORTS = process.env.TOKENSCOPE_FULL
  ? ALL_EXPORTS
  : ALL_EXPORTS.filter(
      ({family, exporter}, i) =>
        ALL_EXPORTS.findIndex((one) => one.family === family) === i ||
        ALL_EXPORTS.findIndex((one) => one.exporter === exporter) === i
    )
const POSITIONS = [1, 4]

async function runnerOf(facts: ExportFacts, options?: {isCut: boolean}) {
  const model = await context.graphs.open({model: dirname(exportPath(facts))})
  return new BatchRunner(context.sessions, model, null, options)
}

async function run(
  runner: BatchRunner,
  sequences: readonly Int32Array[],
  wanted: BatchWish,
  positions = POSITIONS
): Promise<BatchedEvent[]> {
  const events: BatchedEvent[] = []
  await runner.run({sequences, positions, wanted}, {onBatched: (event) => events.push(event)})
  return events
}

function rowsOf(events: readonly BatchedEvent[]): Float32Array {
  return Float32Array.from(events.flatMap(({logits}) => [...logits]))
}

describe.each(EXPORTS.map((facts) => [facts.id, facts] as const))('%s', (_, facts) => {
  it('gives the rows of each sequence of a batch, with its head cut or not', async () => {
    const reference = readReference(facts)
    const [vocabularySize] = reference.logits.shape.slice(-1) as [number]
    const ids = Int32Array.from(reference.inputIds)
    const others = [
      ids.slice().reverse(),
      ids.map((id, i) => (i === 2 ? (id + 1) % vocabularySize : id)),
    ]
    const cut = rowsOf(await run(await runnerOf(facts), [ids, ...others], {kind: 'rows'}))
    const whole = rowsOf(
      await run(await runnerOf(facts, {isCut: false}), [ids, ...others], {kind: 'rows'})
    )
    const count = POSITIONS.length * vocabularySize
    expect(cut).toHaveLength(3 * count)
    const expected = POSITIONS.flatMap((position) => [
      ...reference.logits.values.subarray(
        position * vocabularySize,
        (position + 1) * vocabularySize
      ),
    ])
    expect(worst(cut.subarray(0, count), expected)).toBeLessThan(facts.tolerance.logits)
    expect(worst(whole.subarray(0, count), expected)).toBeLessThan(facts.tolerance.logits)
    for (const [i, sequence] of others.entries()) {
      const alone = rowsOf(
        await run(await runnerOf(facts, {isCut: false}), [sequence], {kind: 'rows'})
      )
      const together = cut.subarray((i + 1) * count, (i + 2) * count)
      // Models that round activations round a batch together, and other rows of a head.
      const limit = /int8/.test(facts.dtype) ? 0.2 : 2e-3
      expect(worst(together, [...alone])).toBeLessThan(limit)
    }
  })
})

function worst(found: ArrayLike<number>, expected: readonly number[]): number {
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0)
}

describe('targets', () => {
  const facts = EXPORTS.find(({id}) => id === 'llama-torchscript')!
  const reference = readReference(facts)
  const [vocabularySize] = reference.logits.shape.slice(-1) as [number]
  const ids = Int32Array.from(reference.inputIds)
  const rowAt = (position: number) => [
    ...reference.logits.values.subarray(position * vocabularySize, (position + 1) * vocabularySize),
  ]
  const shareOf = (position: number, id: number) => {
    const weights = rowAt(position).map(Math.exp)
    return weights[id]! / weights.reduce((sum, weight) => sum + weight, 0)
  }

  it('are the mean probability of their tokens, what is left, and the worst margin', async () => {
    const tokenIds = [7, 11]
    const wanted = {kind: 'targets', tokenIds, contrastId: null, stopK: 3} as const
    const [event] = await run(await runnerOf(facts), [ids], wanted)
    const mean = (shareOf(1, 7) + shareOf(4, 11)) / 2
    expect(event!.prob[0]).toBeCloseTo(mean, 5)
    expect(event!.otherProb[0]).toBeCloseTo(1 - mean, 5)
    const marginAt = (position: number, id: number) => {
      const others = rowAt(position).filter((_, other) => other !== id)
      return rowAt(position)[id]! - others.sort((a, b) => b - a)[2]!
    }
    expect(event!.margin[0]).toBeCloseTo(Math.min(marginAt(1, 7), marginAt(4, 11)), 3)
  })

  it('beside another token are the share of the first, and how far it is ahead', async () => {
    const wanted = {kind: 'targets', tokenIds: [7], contrastId: 9, stopK: 3} as const
    const [event] = await run(await runnerOf(facts), [ids], wanted, [4])
    const [a, b] = [shareOf(4, 7), shareOf(4, 9)]
    expect(event!.prob[0]).toBeCloseTo(a / (a + b), 5)
    expect(event!.otherProb[0]).toBeCloseTo(b / (a + b), 5)
    expect(event!.margin[0]).toBeCloseTo(rowAt(4)[7]! - rowAt(4)[9]!, 3)
  })

  it('of the likeliest tokens give these in falling order', async () => {
    const [event] = await run(await runnerOf(facts), [ids], {kind: 'likeliest', count: 3}, [2])
    const row = rowAt(2)
    const best = row.map((_, id) => id).sort((a, b) => row[b]! - row[a]!)
    expect([...event!.tokenIds]).toEqual(best.slice(0, 3))
    event!.logits.forEach((logit, i) => {
      expect(logit).toBeCloseTo(row[best[i]!]!, 3)
    })
  })

  it('run as many together as the model takes at once, and count what they run', async () => {
    const runner = await runnerOf(facts)
    const sequences = Array.from({length: 5}, () => ids.subarray(0, 8))
    const events = await run(runner, sequences, {kind: 'rows'}, [7])
    // 16 tokens at once are two sequences of 8.
    expect(events.map(({sequenceCount}) => sequenceCount)).toEqual([2, 2, 1])
    expect([runner.sequenceCount, runner.tokenCount]).toEqual([5, 40])
  })
})
