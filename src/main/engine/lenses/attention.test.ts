import {join} from 'node:path'
import {afterEach, describe, expect, it} from 'vitest'
import {temporaryFolder} from '../../../../fixtures/broken.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  attentionResultOf,
  foldAttentionEvent,
  startAttentionRun,
} from '../../../shared/lenses/assemble-attention.ts'
import {
  type AttentionEvent,
  attentionArchiveRequestSchema,
  attentionEventSchema,
  attentionRequestSchema,
  attentionResultSchema,
} from '../../../shared/lenses/attention.ts'
import {OneLayer} from '../onnx/test-one-layer.ts'
import {archiveAttention, attentionRows, runAttention} from './attention.ts'
import {
  archiveOf,
  arrayOf,
  attentionContext,
  eventsOf,
  type TestAttentionContext,
  weightsByOnnxruntime,
} from './test-attention.ts'
import {writeModelFolder} from './test-family-folder.ts'

const TEXT = 'The queen walks to the river. 2+2=4'
const KV = {model: 'tiny-decoder-kv', prompt: TEXT}
const PLAIN = {model: 'tiny-decoder-plain', prompt: TEXT}
const [LAYERS, HEADS] = [2, 4]

let contexts: TestAttentionContext[] = []
function context(options: Parameters<typeof attentionContext>[0] = {}) {
  const made = attentionContext(options)
  contexts.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(contexts.map((one) => one.close()))
  contexts = []
})

function idsOf(events: readonly AttentionEvent[]): Int32Array {
  const tokenized = events.find((event) => event.kind === 'tokenized')
  if (!tokenized) throw new Error('no tokens')
  return tokenized.tokens.ids
}

async function problemOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught
  )
  if (error instanceof ProblemError) return error.problem
  throw error
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  let largest = 0
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!))
  return largest
}

describe('the attention lens', () => {
  it('gives events that assemble to a result', async () => {
    const events = await eventsOf(context(), KV)
    for (const event of events) expect(attentionEventSchema.safeParse(event).error).toBeUndefined()
    const run = events.reduce(
      foldAttentionEvent,
      startAttentionRun(attentionRequestSchema.parse(KV))
    )
    const result = attentionResultSchema.parse(attentionResultOf(run, 'completed'))
    expect(result).toMatchObject({layerCount: 2, queryHeadCount: 4, keyValueHeadCount: 2})
    expect(result.shape).toEqual([LAYERS, HEADS, result.tokens.length, result.tokens.length])
    expect(result.layers).toEqual(
      [0, 1].map((layer) => ({
        layer,
        ...{source: 'queries-keys', queryHeadCount: 4, keyValueHeadCount: 2, dtype: 'float32'},
      }))
    )
    expect(result.text).toBe(TEXT)
  })

  for (const request of [KV, PLAIN]) {
    for (const capture of ['qk', 'weights'] as const) {
      it(`${request.model}, ${capture}: an archive has the weights that onnxruntime gives`, async () => {
        // Seven positions a run: the text is cut, and its end is no whole run.
        const made = context({chunkLength: 7})
        const events = await eventsOf(made, {...request, capture})
        const archive = await archiveOf(made, {...request, capture})
        const ids = idsOf(events)
        const weights = arrayOf(archive, 'weights')
        expect(weights.shape).toEqual([LAYERS, HEADS, ids.length, ids.length])
        const expected = await weightsByOnnxruntime(request.model, ids)
        expect(largestDifference(weights.values, expected)).toBeLessThan(1e-6)
        expect([...arrayOf(archive, 'tokenIds').values]).toEqual([...ids])
        expect([...arrayOf(archive, 'layers').values]).toEqual([0, 1])
        expect([...arrayOf(archive, 'heads').values]).toEqual([0, 1, 2, 3])
        const progress = events.filter((event) => event.kind === 'progress')
        const steps = progress.filter(({phase}) => phase === 'capturing').map(({done}) => done)
        const runs = request === KV ? Math.ceil(ids.length / 7) : 1
        expect(steps).toHaveLength(runs + 1)
        expect(steps.at(-1)).toBe(ids.length)
      })
    }
  }

  it('says how long is left once something was measured', async () => {
    const made = context({chunkLength: 8})
    const leftOf = async (prompt: string) =>
      (await eventsOf(made, {...KV, prompt})).flatMap((event) =>
        event.kind === 'progress' && event.phase === 'capturing' ? [event.secondsLeft] : []
      )
    const [first, ...later] = await leftOf(TEXT)
    expect(first).toBeNull()
    expect(later.length).toBeGreaterThan(1)
    expect(later.at(-1)).toBe(0)
    // Another text of the model, which takes as long.
    const again = await leftOf(`${TEXT}!`)
    expect(again[0]).toBeGreaterThan(0)
    expect(again.at(-1)).toBe(0)
  })

  it('selects layers, heads and queries', async () => {
    const made = context()
    const whole = arrayOf(await archiveOf(made, KV), 'weights')
    const part = await archiveOf(made, {...KV, layers: [1], heads: [0, 3], queries: [2, 5]})
    const {shape, values} = arrayOf(part, 'weights')
    const length = whole.shape[3]!
    expect(shape).toEqual([1, 2, 3, length])
    const rows = [0, 3].flatMap((head) => {
      const start = ((HEADS + head) * length + 2) * length
      return [...whole.values.subarray(start, start + 3 * length)]
    })
    expect([...values]).toEqual(rows)
  })

  it('writes an aggregate of chosen heads, one matrix a layer', async () => {
    const made = context()
    const length = arrayOf(await archiveOf(made, KV), 'weights').shape[3]!
    const a = arrayOf(await archiveOf(made, {...KV, heads: [0]}), 'weights').values
    const b = arrayOf(await archiveOf(made, {...KV, heads: [3]}), 'weights').values
    for (const [aggregate, of] of [
      ['mean', (x: number, y: number) => (x + y) / 2],
      ['max', Math.max],
    ] as const) {
      const archive = await archiveOf(made, {...KV, heads: [0, 3], aggregate})
      const {shape, values} = arrayOf(archive, 'weights')
      expect(shape).toEqual([LAYERS, 1, length, length])
      expect([...arrayOf(archive, 'heads').values]).toEqual([0, 3])
      expect(
        largestDifference(
          values,
          Array.from(a, (x, i) => of(x, b[i]!))
        )
      ).toBeLessThan(1e-6)
    }
  })

  it('writes two archives of one text at the same time, one ending while the other is half-way', async () => {
    const made = context()
    const started = async (head: number) => {
      const stream = archiveAttention(
        made,
        attentionArchiveRequestSchema.parse({...KV, heads: [head]})
      )
      const pieces: Uint8Array[] = []
      const take = async (count: number) => {
        for (let taken = 0; taken < count; ) {
          const {done, value} = await stream.next()
          if (done) return
          if (value.kind !== 'piece') continue
          pieces.push(value.bytes)
          taken++
        }
      }
      await take(1)
      return async () => {
        await take(Number.POSITIVE_INFINITY)
        return arrayOf(Buffer.concat(pieces), 'weights').values
      }
    }
    // The second is planned when all layers are there, and reads them after the first has used them up.
    const [first, second] = [await started(0), await started(3)]
    const together = [await first(), await second()]
    const alone = async (head: number) =>
      arrayOf(await archiveOf(context(), {...KV, heads: [head]}), 'weights').values
    expect(together).toEqual([await alone(0), await alone(3)])
  })

  it('writes attention rollout through each layer', async () => {
    const made = context()
    const {shape, values} = arrayOf(
      await archiveOf(made, {...KV, layers: [1], aggregate: 'attention-rollout'}),
      'weights'
    )
    const n = shape[3]!
    const all = arrayOf(await archiveOf(made, KV), 'weights').values
    const mixed = (layer: number, query: number, key: number) => {
      let sum = 0
      for (let head = 0; head < HEADS; head++) {
        sum += all[((layer * HEADS + head) * n + query) * n + key]!
      }
      return sum / HEADS / 2 + (query === key ? 0.5 : 0)
    }
    const expected = Array.from({length: n * n}, (_, at) => {
      let sum = 0
      for (let via = 0; via < n; via++) {
        sum += mixed(1, Math.floor(at / n), via) * mixed(0, via, at % n)
      }
      return sum
    })
    expect(shape).toEqual([1, 1, n, n])
    expect(largestDifference(values, expected)).toBeLessThan(1e-6)
  })

  it('writes what filters leave: without key 0, the heaviest keys, 0 for the others', async () => {
    const made = context()
    const n = arrayOf(await archiveOf(made, KV), 'weights').shape[3]!
    const all = arrayOf(await archiveOf(made, KV), 'weights').values
    const filtered = arrayOf(await archiveOf(made, {...KV, dropSink: true, topK: 2}), 'weights')
    expect(filtered.shape).toEqual([LAYERS, HEADS, n, n])
    for (const row of [3, 2 * n + 5, LAYERS * HEADS * n - 1]) {
      const plain = [...all.subarray(row * n, (row + 1) * n)]
      const shares = plain.map((weight, key) => (key === 0 ? 0 : weight / (1 - plain[0]!)))
      const heaviest = [...shares].sort((x, y) => y - x).slice(0, 2)
      const expected = shares.map((weight) => (heaviest.includes(weight) ? weight : 0))
      const found = filtered.values.subarray(row * n, (row + 1) * n)
      expect(largestDifference(found, expected)).toBeLessThan(1e-6)
    }
  })

  it('gives the same bytes for the same request, kept or captured anew', async () => {
    const made = context()
    await eventsOf(made, KV)
    const kept = await archiveOf(made, KV)
    expect(await archiveOf(context(), KV)).toEqual(kept)
  })

  it('appends what is generated, and captures its rows as well', async () => {
    const made = context()
    const short = idsOf(await eventsOf(made, KV))
    const long = idsOf(await eventsOf(made, {...KV, generate: 3}))
    expect([...long.subarray(0, short.length)]).toEqual([...short])
    expect(long.length).toBe(short.length + 3)
    const completionIds = [...long.subarray(short.length)]
    const replayed = await archiveOf(made, {...KV, completionIds})
    expect(replayed).toEqual(await archiveOf(made, {...KV, generate: 3}))
  })

  it('says why a layer that has attention cannot be captured', async () => {
    const layer = new OneLayer()
    // What turns its queries and keys itself hands nothing out.
    const attributes = {num_heads: 4, do_rotary: 1}
    const bytes = layer.bytes(
      (states) =>
        layer.graph.nodes('Attention', [states, layer.weight('qkv', 16, 48)], {
          ...{domain: 'com.microsoft', attributes},
        })[0]!
    )
    const temporary = await temporaryFolder()
    try {
      const model = await writeModelFolder(join(temporary.path, 'model'), bytes, {})
      const ids = Int32Array.of(1, 2, 3)
      const wish = {model, ids, capture: 'qk' as const, layer: 0, head: 0}
      const problem = await problemOf(attentionRows(context(), {...wish, queries: [0, 3]}))
      expect(problem).toMatchObject({
        code: 'operands-not-rebuilt',
        file: join(model, 'model.onnx'),
        field: expect.stringMatching(/^layer 0, node /),
      })
      expect(problem.found).toContain('rotary')
    } finally {
      await temporary.remove()
    }
  })

  it('hands out rows from what is kept, and captures again what is gone', async () => {
    const made = context()
    const ids = idsOf(await eventsOf(made, KV))
    const wish = {...{model: KV.model, ids, capture: 'qk' as const}, layer: 1, head: 2}
    const kept = await attentionRows(made, {...wish, queries: [3, 6]})
    expect(kept).toMatchObject({queryStart: 3, queryEnd: 6, keyCount: ids.length})
    const expected = await weightsByOnnxruntime(KV.model, ids)
    const start = ((HEADS + 2) * ids.length + 3) * ids.length
    const rows = expected.subarray(start, start + 3 * ids.length)
    expect(largestDifference(kept.weights, rows)).toBeLessThan(1e-6)
    // Another use needs all the room there is.
    expect(made.budget.makeRoom(made.budget.maxBytes)).toBe(true)
    expect(made.budget.usedBytes).toBe(0)
    expect(await attentionRows(made, {...wish, queries: [3, 6]})).toEqual(kept)
    expect(made.budget.usedBytes).toBeGreaterThan(0)
  })

  it('captures an encoder, whose queries see keys after them', async () => {
    const made = context()
    const request = {model: 'tiny-encoder', prompt: 'The queen walks'}
    const {shape, values} = arrayOf(await archiveOf(made, request), 'weights')
    const length = shape[3]!
    expect(shape.slice(0, 2)).toEqual([1, 1])
    expect(values[length - 1]).toBeGreaterThan(0)
    for (let query = 0; query < length; query++) {
      const row = [...values.subarray(query * length, (query + 1) * length)]
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5)
    }
  })

  it('refuses what is not there, by name', async () => {
    const made = context()
    const cases: [object, string, string][] = [
      [{layers: [0, 2]}, 'layers', '0 to 1'],
      [{heads: [4]}, 'heads', '0 to 3'],
      [{queries: [0, 1000]}, 'queries', 'an end of at most'],
    ]
    for (const [changes, field, expected] of cases) {
      const problem = await problemOf(archiveOf(made, {...KV, ...changes}))
      expect(problem).toMatchObject({code: 'selection-out-of-range', field})
      expect(problem.expected).toContain(expected)
    }
    expect(
      (await problemOf(eventsOf(made, {model: 'exports/gpt2-dynamo', prompt: 'a'}))).code
    ).toBe('tokenizer-missing')
    expect(
      (await problemOf(eventsOf(made, {model: 'tiny-encoder', prompt: 'a', generate: 1}))).code
    ).toBe('model-is-encoder')
  })
})

describe('cancelling a capture', () => {
  it('ends it between two runs, keeps nothing, and leaves the session usable', async () => {
    const made = context({chunkLength: 2})
    const controller = new AbortController()
    const events: AttentionEvent[] = []
    const stream = runAttention(made, attentionRequestSchema.parse(KV), controller.signal)
    const reading = (async () => {
      for await (const event of stream) {
        events.push(event)
        const isUnderWay =
          event.kind === 'progress' && event.phase === 'capturing' && event.done > 0
        if (isUnderWay) controller.abort(new DOMException('enough', 'AbortError'))
      }
    })()
    await expect(reading).rejects.toThrow('enough')
    expect(events.some(({kind}) => kind === 'captured')).toBe(false)
    expect(made.budget.usedBytes).toBe(0)
    const after = await eventsOf(made, KV)
    expect(after.at(-1)?.kind).toBe('completed')
  })
})

describe('a capture over the budget', () => {
  const bytesOf = (events: readonly AttentionEvent[]) => {
    const last = events.at(-1)
    return last?.kind === 'completed' ? last : null
  }

  /** While a run's mask is taken in it is there twice, a number for each query and key. */
  const handedMaskBytes = (events: readonly AttentionEvent[]) => 2 * 4 * idsOf(events).length ** 2

  it('is made in parts, with the same archive', async () => {
    const roomy = context()
    const whole = await archiveOf(roomy, KV)
    const events = await eventsOf(roomy, KV)
    const all = bytesOf(events)!
    expect(all.partCount).toBe(1)
    // One layer's numbers and what a run hands over of it fit, two layers' do not.
    const tight = context({maxBytes: 1.6 * all.bytes + handedMaskBytes(events)})
    expect(await archiveOf(tight, KV)).toEqual(whole)
    expect(tight.budget.usedBytes).toBe(0)
    expect(bytesOf(await eventsOf(tight, KV))!.partCount).toBe(2)
  })

  it('is stored as float16 where a layer by itself does not fit, and says so', async () => {
    const roomy = context()
    const exact = arrayOf(await archiveOf(roomy, KV), 'weights').values
    const roomyEvents = await eventsOf(roomy, KV)
    const {bytes} = bytesOf(roomyEvents)!
    // A layer takes bytes / 2 and twice that while it is run; in float16 bytes / 4 and twice bytes / 2.
    const tight = context({maxBytes: 1.3 * bytes + handedMaskBytes(roomyEvents)})
    const events = await eventsOf(tight, KV)
    const layers = events.flatMap((event) => (event.kind === 'captured' ? event.layers : []))
    expect(layers.map(({dtype}) => dtype)).toEqual(['float16', 'float16'])
    const rounded = arrayOf(await archiveOf(tight, KV), 'weights').values
    const difference = largestDifference(rounded, exact)
    expect(difference).toBeGreaterThan(0)
    expect(difference).toBeLessThan(2e-3)
  })

  it('is refused where a layer has no room at all', async () => {
    const problem = await problemOf(eventsOf(context({maxBytes: 1000}), KV))
    expect(problem.code).toBe('capture-over-budget')
  })
})
