import {Tensor} from 'onnxruntime-node'
import {describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {type HeldCapture, runCapture} from './capture-job.ts'
import type {CapturedEvent, CaptureJob, FedTensors} from './worker-protocol.ts'

const IDS = Int32Array.from([5, 6, 7, 8, 9, 10, 11])
const WIDTH = 2

interface Call {
  readonly ids: readonly number[]
  readonly outputs: readonly string[]
  readonly added: FedTensors
}

/** A decoder that gives `id` and `id` + 0.5 as the row of each position, and remembers what it was asked. */
function scripted({canChunk = true, rowsOf = (ids: readonly number[]) => ids} = {}) {
  const calls: Call[] = []
  return {
    calls,
    canChunk,
    cacheOutputNames: new Set<string>(),
    reset() {},
    mark: () => ({count: calls.flatMap(({ids}) => ids).length, tensors: new Map(), ids: []}),
    return() {},
    async appendFetching(
      ids: ArrayLike<number>,
      outputs: readonly string[],
      {added = {}}: {added?: FedTensors} = {}
    ) {
      calls.push({ids: Array.from(ids), outputs, added})
      const rows = rowsOf(Array.from(ids)).flatMap((id) => [id, id + 0.5])
      const dims = [1, rows.length / WIDTH, WIDTH]
      return Object.fromEntries(
        outputs.map((name) => [name, new Tensor('float32', Float32Array.from(rows), dims)])
      )
    },
  }
}

/** Runs a job three positions at a time; `cancelAfter` is how many events are seen before it is cancelled. */
async function capture(
  decoder: ReturnType<typeof scripted>,
  job: Omit<CaptureJob, 'ids'>,
  cancelAfter = Number.POSITIVE_INFINITY,
  {ids = IDS, held = null}: {ids?: Int32Array; held?: HeldCapture | null} = {}
) {
  const events: CapturedEvent[] = []
  const outcome = await runCapture(
    {ids, ...job},
    {
      decoder,
      held,
      chunkLength: 3,
      isCancelled: () => events.length >= cancelAfter,
      emit: (event) => events.push(event),
    }
  )
  return {events, ...outcome}
}

describe('a capture', () => {
  it('is run in pieces, each handed over before the next', async () => {
    const decoder = scripted()
    const {events, status} = await capture(decoder, {outputs: ['rows']})
    expect(status).toBe('completed')
    expect(decoder.calls.map(({ids}) => ids)).toEqual([[5, 6, 7], [8, 9, 10], [11]])
    expect(events.map(({firstPosition}) => firstPosition)).toEqual([0, 3, 6])
    expect(events[1]!.tensors[0]!.data).toEqual(Float32Array.of(8, 8.5, 9, 9.5, 10, 10.5))
  })

  it('goes on after what it left, only of the same text and for who has all of that', async () => {
    const begun = await capture(scripted(), {outputs: ['rows'], keepsCache: true}, 99, {
      ids: IDS.slice(0, 5),
    })
    expect(begun.held).toMatchObject({ids: IDS.slice(0, 5), mark: {count: 5}})
    const positionsOf = async (ids: Int32Array, knownCount: number) => {
      const {events} = await capture(scripted(), {outputs: ['rows'], knownCount}, 99, {
        ...{ids, held: begun.held},
      })
      return events.map(({firstPosition}) => firstPosition)
    }
    expect(await positionsOf(IDS, 5)).toEqual([5])
    expect(await positionsOf(IDS, 4)).toEqual([0, 3, 6])
    expect(await positionsOf(IDS.slice(0, 5), 5)).toEqual([0, 3])
    expect(await positionsOf(Int32Array.from([...IDS].reverse()), 5)).toEqual([0, 3, 6])
    expect(
      (await capture(scripted({canChunk: false}), {outputs: ['rows'], keepsCache: true})).held
    ).toBeNull()
  })

  it('makes no run after it was cancelled', async () => {
    for (const cancelAfter of [0, 1, 2]) {
      const decoder = scripted()
      const {status} = await capture(decoder, {outputs: ['rows']}, cancelAfter)
      expect([status, decoder.calls.length]).toEqual(['cancelled', cancelAfter])
    }
  })

  it('hands over one position alone where only that is wanted', async () => {
    for (const [position, ids] of [
      [0, 5],
      [4, 9],
      [6, 11],
    ] as const) {
      const {events} = await capture(scripted(), {
        outputs: ['rows'],
        single: {output: 'rows', position},
      })
      const tensors = events.flatMap((event) => event.tensors)
      expect(tensors).toHaveLength(1)
      expect(tensors[0]).toMatchObject({dims: [1, 1, WIDTH], data: Float32Array.of(ids, ids + 0.5)})
      // Nothing else hangs on to the whole of a run.
      expect(tensors[0]!.data.buffer.byteLength).toBe(WIDTH * 4)
    }
  })

  it('takes the last row of a graph that gives no other, and refuses another one', async () => {
    const rowsOf = (ids: readonly number[]) => ids.slice(-1)
    const wish = (position: number) => ({outputs: ['rows'], single: {output: 'rows', position}})
    const {events} = await capture(scripted({rowsOf}), wish(5))
    expect(events[1]!.tensors[0]!.data).toEqual(Float32Array.of(10, 10.5))
    const refused = await capture(scripted({rowsOf}), wish(4)).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ProblemError)
    expect((refused as ProblemError).problem.code).toBe('logits-shape')
  })

  it('feeds each run what it is to be changed by, made for that run', async () => {
    const decoder = scripted()
    await capture(decoder, {
      outputs: ['rows'],
      feeding: {
        intervention: {maskKeys: [1, 4]},
        inputs: {
          sharedBias: 'bias',
          ...{layerBias: [], allHeadsBias: [], headGates: []},
          ...{embeddingScale: null, positionShift: null},
        },
        layers: [],
        hiddenSize: 4,
      },
    })
    const shapes = decoder.calls.map(({added}) => added.bias!.dimensions)
    expect(shapes).toEqual([
      [3, 3],
      [3, 6],
      [1, 7],
    ])
    const last = decoder.calls[2]!.added.bias!.data
    expect(Array.from(last as Float32Array, (value) => value !== 0)).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((key) => key === 1 || key === 4)
    )
  })
})
