import {join} from 'node:path'
import * as ort from 'onnxruntime-node'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {ModelSession} from './session.ts'
import type {CapturedEvent, RowsEvent, RunJob, RunOutcome} from './worker-protocol.ts'

const FIXTURES = join(import.meta.dirname, '../../../../fixtures')
const VOCABULARY_SIZE = 317
const HEADS = 2
const HEAD_SIZE = 8

type Options = {chunkLength?: number; model?: 'kv' | 'plain'}

async function open({chunkLength = 256, model = 'kv'}: Options = {}): Promise<ModelSession> {
  return ModelSession.create({
    modelId: `tiny-decoder-${model}`,
    filePath: join(FIXTURES, `tiny-decoder-${model}/onnx/model.onnx`),
    keyValueHeadCount: HEADS,
    headSize: HEAD_SIZE,
    contextLength: 256,
    threads: 1,
    chunkLength,
    checkIds: [0, 0],
  })
}

describe('a run that the runtime cannot finish', () => {
  it('is told as a problem, and the next one runs', async () => {
    const session = await open()
    try {
      await expect(collect(session, jobOf([5, VOCABULARY_SIZE + 3]))).rejects.toMatchObject({
        problem: {
          code: 'runtime-failed-run',
          file: join(FIXTURES, 'tiny-decoder-kv/onnx/model.onnx'),
          found: expect.stringMatching(/^running Gather node.*out of data bounds/),
        },
      })
      expect((await collect(session, jobOf([5, 7]))).rows).toHaveLength(2)
    } finally {
      await session.release()
    }
  })
})

function jobOf(ids: ArrayLike<number>, changes: Partial<RunJob> = {}): RunJob {
  return {
    ids: Int32Array.from(ids),
    knownCount: 0,
    useKvCache: true,
    keepLogits: true,
    endIds: [1],
    trackIds: [],
    rowPosition: null,
    answers: [],
    generation: null,
    ...changes,
  }
}

interface Collected {
  startAt: number | null
  outcome: RunOutcome
  events: RowsEvent[]
  rows: Float32Array[]
  completionIds: number[]
  column: (name: keyof RowsEvent['columns']) => number[]
}

async function collect(
  session: ModelSession,
  job: RunJob,
  signal?: AbortSignal
): Promise<Collected> {
  const events: RowsEvent[] = []
  let startAt: number | null = null
  const outcome = await session.run(job, {
    ...(signal ? {signal} : {}),
    onEvent: (event) => {
      if (event.kind === 'rows') events.push(event)
      if (event.kind === 'started') startAt = event.startAt
    },
  })
  return {
    startAt,
    outcome,
    events,
    rows: events.flatMap(({logits, rowCount}) =>
      Array.from({length: logits ? rowCount : 0}, (_, i) =>
        logits!.subarray(i * VOCABULARY_SIZE, (i + 1) * VOCABULARY_SIZE)
      )
    ),
    completionIds: events.flatMap((event) => Array.from(event.generatedIds)),
    column: (name) => events.flatMap((event) => Array.from(event.columns[name])),
  }
}

/** Ids that are spread over the vocabulary, beginning with the begin token. */
function someIds(count: number): number[] {
  return Array.from({length: count}, (_, i) => (i === 0 ? 0 : 4 + ((i * 89) % 300)))
}

/** The logits of a bare run over the whole sequence. */
async function bareLogits(ids: number[]): Promise<number[][]> {
  const session = await ort.InferenceSession.create(
    join(FIXTURES, 'tiny-decoder-kv/onnx/model.onnx'),
    {intraOpNumThreads: 1}
  )
  const whole = (values: number[]) =>
    new ort.Tensor('int64', BigInt64Array.from(values.map(BigInt)), [1, values.length])
  const feeds: Record<string, ort.Tensor> = {
    input_ids: whole(ids),
    attention_mask: whole(ids.map(() => 1)),
    position_ids: whole(ids.map((_, i) => i)),
  }
  for (const name of session.inputNames.filter((input) => input.startsWith('past'))) {
    feeds[name] = new ort.Tensor('float32', new Float32Array(0), [1, HEADS, 0, HEAD_SIZE])
  }
  const {logits} = await session.run(feeds)
  const data = Array.from(logits!.data as Float32Array)
  await session.release()
  return ids.map((_, i) => data.slice(i * VOCABULARY_SIZE, (i + 1) * VOCABULARY_SIZE))
}

function softmax(row: number[]): number[] {
  const max = Math.max(...row)
  const weights = row.map((logit) => Math.exp(logit - max))
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => weight / sum)
}

const greedy = (count: number) => ({count, stopIds: [], sampling: null, seed: 0})

describe('a model session', () => {
  let session: ModelSession
  let plain: ModelSession
  beforeAll(async () => {
    session = await open()
    plain = await open({model: 'plain'})
  })
  afterAll(async () => {
    await Promise.all([session.release(), plain.release()])
  })

  it('says what the model is', () => {
    expect(session.facts).toEqual({
      hasKvCache: true,
      chunkLength: 256,
      vocabularySize: VOCABULARY_SIZE,
    })
    expect(plain.facts.hasKvCache).toBe(false)
  })

  it('gives the statistics of a separate computation from the logits of a bare run', async () => {
    const ids = someIds(40)
    const reference = await bareLogits(ids)
    const {events, column} = await collect(session, jobOf(ids, {trackIds: [7, 1]}))
    expect(column('logprob')[0]).toBeNaN()
    for (let i = 1; i < ids.length; i++) {
      const row = reference[i - 1]!
      const probs = softmax(row)
      const own = probs[ids[i]!]!
      expect(column('logprob')[i]).toBeCloseTo(Math.log(own), 5)
      const entropy = -probs.reduce((sum, p) => sum + (p > 0 ? p * Math.log2(p) : 0), 0)
      expect(column('entropyBits')[i]).toBeCloseTo(entropy, 5)
      expect(column('rank')[i]).toBe(row.filter((logit) => logit > row[ids[i]!]!).length)
      expect(column('maxLogprob')[i]).toBeCloseTo(Math.log(Math.max(...probs)), 5)
      const top = probs.reduce((sum, p) => sum + (p >= own ? p : 0), 0)
      expect(column('topPMass')[i]).toBeCloseTo(top, 5)
      expect(column('endProb')[i]).toBeCloseTo(probs[1]!, 6)
    }
    for (let i = 0; i < ids.length; i++) {
      const probs = softmax(reference[i]!)
      expect(events[0]!.tracked[0]!.prob[i]).toBeCloseTo(probs[7]!, 6)
      expect(events[0]!.tracked[0]!.rank[i]).toBe(probs.filter((p) => p > probs[7]!).length)
      expect(events[0]!.tracked[1]!.logit[i]).toBeCloseTo(reference[i]![1]!, 5)
    }
  })

  it('scores an answer after a prompt as bare logits do, and generates as if it had not', async () => {
    const ids = someIds(30)
    const answerIds = Int32Array.of(12, 200, 7, 61, 12)
    const reference = await bareLogits([...ids, ...answerIds])
    const expected = Array.from(answerIds, (id, i) =>
      Math.log(softmax(reference[ids.length - 1 + i]!)[id]!)
    )
    const generation = greedy(6)
    const alone = await collect(session, jobOf(ids, {generation}))
    const byOne = await open({chunkLength: 1})
    const byFour = await open({chunkLength: 4})
    for (const [some, changes] of [
      [session, {}],
      [session, {useKvCache: false}],
      [plain, {}],
      [byOne, {}],
      [byFour, {}],
    ] as const) {
      for (const count of [answerIds.length, 1]) {
        const logprobs: number[] = []
        const otherLogprobs: number[] = []
        const generatedIds: number[] = []
        // Another one before it changes nothing.
        const answers = [Int32Array.of(12, 61, 9), answerIds.subarray(0, count)]
        const job = jobOf(ids, {answers, generation, ...changes})
        await some.run(job, {
          onEvent(event) {
            if (event.kind === 'answer') {
              const own = event.index === 1 ? logprobs : otherLogprobs
              own.push(...event.logprobs)
            }
            if (event.kind === 'rows') generatedIds.push(...event.generatedIds)
          },
        })
        expect(logprobs.length).toBe(count)
        expect(otherLogprobs.length).toBe(3)
        expect(otherLogprobs[0]).toBeCloseTo(expected[0]!, 4)
        for (const [i, logprob] of logprobs.entries()) expect(logprob).toBeCloseTo(expected[i]!, 4)
        expect(generatedIds).toEqual(alone.completionIds)
      }
    }
    await Promise.all([byOne.release(), byFour.release()])
  })

  it('gives the same rows in chunks as in one run', async () => {
    const ids = someIds(50)
    const whole = await collect(session, jobOf(ids))
    const inChunks = await open({chunkLength: 16})
    const chunked = await collect(inChunks, jobOf(ids))
    expect(chunked.events.map((event) => [event.firstPosition, event.rowCount])).toEqual([
      [0, 16],
      [16, 16],
      [32, 16],
      [48, 2],
    ])
    expect(chunked.rows.length).toBe(50)
    for (const [i, row] of chunked.rows.entries()) {
      for (const [id, logit] of row.entries()) expect(logit).toBeCloseTo(whole.rows[i]![id]!, 4)
    }
    for (const name of ['logprob', 'rank', 'topPMass'] as const) {
      expect(chunked.column(name).length).toBe(50)
      for (let i = 1; i < 50; i++) {
        expect(chunked.column(name)[i]).toBeCloseTo(whole.column(name)[i]!, 4)
      }
    }

    // Resumed, the numbers are not merely close: they are those of a run from the start.
    const changed = [...ids.slice(0, 48), 9, 10, 11]
    const resumed = await collect(inChunks, jobOf(changed, {knownCount: 50, generation: greedy(5)}))
    expect(resumed.startAt).toBe(48)
    const fresh = await open({chunkLength: 16})
    const again = await collect(fresh, jobOf(changed, {generation: greedy(5)}))
    expect(resumed.completionIds).toEqual(again.completionIds)
    expect(resumed.column('logprob')).toEqual(again.column('logprob').slice(48))

    // The worker is past what is known, or elsewhere: it begins anew, whatever was asked for.
    for (const job of [
      jobOf(changed, {knownCount: 47}),
      jobOf(changed.with(3, 77), {knownCount: 48}),
      jobOf(changed.slice(0, 48), {knownCount: 48}),
      jobOf(changed, {knownCount: 48, useKvCache: false}),
    ]) {
      const {startAt, column} = await collect(inChunks, job)
      const anew = await collect(fresh, {...job, knownCount: 0})
      expect([startAt, anew.startAt]).toEqual([0, 0])
      expect(column('logprob')).toEqual(anew.column('logprob'))
      await collect(inChunks, jobOf(changed))
    }
    await Promise.all([inChunks.release(), fresh.release()])
  })

  it.each([
    ['greedy', null],
    ['sampled', {temperature: 1.3, topP: 0.9}],
  ])('generates the same ids with and without a KV cache: %s', async (_, sampling) => {
    const generation = {count: 24, stopIds: [], sampling, seed: 5}
    const job = jobOf(someIds(12), {generation})
    const cached = await collect(session, job)
    const uncached = await collect(session, {...job, useKvCache: false})
    const without = await collect(plain, job)
    expect(cached.completionIds.length).toBe(24)
    expect(uncached.completionIds).toEqual(cached.completionIds)
    expect(without.completionIds).toEqual(cached.completionIds)
    expect(cached.rows.length).toBe(36)
    // Statistics of what was generated are those of the same sequence given as a prompt.
    const scored = await collect(session, jobOf([...someIds(12), ...cached.completionIds]))
    for (let i = 1; i < 36; i++) {
      expect(cached.column('logprob')[i]).toBeCloseTo(scored.column('logprob')[i]!, 4)
      expect(without.column('logprob')[i]).toBeCloseTo(scored.column('logprob')[i]!, 4)
      expect(cached.rows[i]![3]).toBeCloseTo(scored.rows[i]![3]!, 4)
    }
  })

  it('takes the likeliest token when it does not sample', async () => {
    const ids = someIds(6)
    const {completionIds} = await collect(session, jobOf(ids, {generation: greedy(3)}))
    for (const id of completionIds) {
      const last = (await bareLogits(ids)).at(-1)!
      expect(id).toBe(last.indexOf(Math.max(...last)))
      ids.push(id)
    }
  })

  it('repeats a text for its seed and gives another for another', async () => {
    const withSeed = async (seed: number) => {
      const generation = {count: 30, stopIds: [], sampling: {temperature: 1, topP: 1}, seed}
      return (await collect(session, jobOf([0, 9, 8], {generation}))).completionIds
    }
    const first = await withSeed(1)
    expect(await withSeed(1)).toEqual(first)
    expect(await withSeed(2)).not.toEqual(first)
  })

  it('stops at a stop id and at the end of the context', async () => {
    const ids = someIds(6)
    const free = await collect(session, jobOf(ids, {generation: greedy(8)}))
    const stopId = free.completionIds[4]!
    const until = free.completionIds.indexOf(stopId) + 1
    const stopped = await collect(
      session,
      jobOf(ids, {generation: {...greedy(8), stopIds: [stopId]}})
    )
    expect(stopped.completionIds).toEqual(free.completionIds.slice(0, until))
    expect(stopped.outcome.stopReason).toBe('stop-id')
    const full = await collect(session, jobOf(someIds(250), {generation: greedy(50)}))
    expect(full.completionIds.length).toBe(6)
    expect(full.outcome.stopReason).toBe('context-full')
    expect(free.outcome.stopReason).toBe('count')
  })

  it('hands out single rows where rows are not kept', async () => {
    const ids = someIds(20)
    const rows = new Map<number, Float32Array>()
    await session.run(jobOf(ids, {keepLogits: false, rowPosition: 5, generation: greedy(4)}), {
      onEvent: (event) => {
        if (event.kind === 'row') rows.set(event.position, event.logits)
        else if (event.kind === 'rows') expect(event.logits).toBeNull()
      },
    })
    expect([...rows.keys()]).toEqual([5, 19, 23])
    const reference = await bareLogits(ids)
    expect(rows.get(5)![100]).toBeCloseTo(reference[5]![100]!, 4)
    expect(rows.get(19)![100]).toBeCloseTo(reference[19]![100]!, 4)
  })

  it('ends a cancelled job between two runs and can run again', async () => {
    const controller = new AbortController()
    let eventCount = 0
    let afterAbort = 0
    const job = jobOf([0, 5], {
      useKvCache: false,
      generation: {count: 250, stopIds: [], sampling: null, seed: 0},
    })
    const running = session.run(job, {
      signal: controller.signal,
      onEvent: () => {
        if (controller.signal.aborted) afterAbort++
        if (++eventCount === 2) controller.abort(new Error('enough'))
      },
    })
    await expect(running).rejects.toThrow('enough')
    const next = await collect(session, jobOf(someIds(5)))
    expect(next.rows.length).toBe(5)
    expect(afterAbort).toBe(0)
    expect(session.jobCount).toBe(0)
  })

  it('never starts a job that was cancelled while it waited', async () => {
    const controller = new AbortController()
    const first = collect(session, jobOf(someIds(30), {generation: greedy(20)}))
    const second = collect(session, jobOf(someIds(5)), controller.signal)
    expect(session.jobCount).toBe(2)
    controller.abort(new Error('not needed'))
    await expect(second).rejects.toThrow('not needed')
    expect((await first).completionIds.length).toBe(20)
  })
})

describe('a file that the runtime refuses', () => {
  it('is a problem that names the file', async () => {
    const creating = ModelSession.create({
      modelId: 'broken',
      filePath: join(FIXTURES, 'tiny-decoder-kv/config.json'),
      keyValueHeadCount: 1,
      headSize: 1,
      contextLength: 8,
      threads: 1,
      chunkLength: 16,
      checkIds: [0, 0],
    })
    await expect(creating).rejects.toMatchObject({problem: {code: 'runtime-refused-model'}})
  })
})

describe('a capture', () => {
  const layerOutputs = ['present.0.key', 'logits']
  let session: ModelSession
  beforeAll(async () => {
    session = await open({chunkLength: 3})
  })
  afterAll(() => session.release())

  it('hands over each run by itself, and what goes on as the cache as well', async () => {
    const events: CapturedEvent[] = []
    const ids = Int32Array.of(1, 2, 3, 4, 5, 6, 7)
    const outcome = await session.capture(
      {ids, outputs: layerOutputs},
      {onCaptured: (event) => events.push(event)}
    )
    expect(outcome.status).toBe('completed')
    expect(events.map(({firstPosition, positionCount}) => [firstPosition, positionCount])).toEqual([
      [0, 3],
      [3, 3],
      [6, 1],
    ])
    expect(events.map(({tensors}) => tensors.map(({name, dims}) => [name, dims]))).toEqual(
      [3, 6, 7].map((total, run) => [
        ['present.0.key', [1, HEADS, total, HEAD_SIZE]],
        ['logits', [1, run < 2 ? 3 : 1, VOCABULARY_SIZE]],
      ])
    )
    const {events: rows} = await collect(session, jobOf(ids))
    const captured = events.flatMap(({tensors}) => [...(tensors[1]!.data as Float32Array)])
    expect(captured).toEqual(rows.flatMap(({logits}) => [...logits!]))
  })

  it('whose taker throws ends with that, and the next job hears nothing of it', async () => {
    const ids = Int32Array.from({length: 30}, (_, i) => i)
    const failing = session.capture(
      {ids, outputs: layerOutputs},
      {
        onCaptured() {
          throw new RangeError('no room')
        },
      }
    )
    const next = collect(session, jobOf([1, 2, 3, 4]))
    await expect(failing).rejects.toThrow('no room')
    expect((await next).rows).toHaveLength(4)
  })
})
