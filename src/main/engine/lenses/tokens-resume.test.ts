import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {assembleTokens} from '../../../shared/lenses/assemble-tokens.ts'
import {type TokensEvent, tokensRequestSchema} from '../../../shared/lenses/tokens.ts'
import {LogitsStore} from '../captures/logits-store.ts'
import {readModelFolder} from '../model-folder/read-model-folder.ts'
import {Models} from '../runtime/models.ts'
import {loadTokenizer} from '../tokenizers/load-tokenizer.ts'
import {runTokens, type TokensContext} from './tokens.ts'

const MODEL = join(import.meta.dirname, '../../../../fixtures/tiny-decoder-kv')
const CHUNK = 16

/** An engine whose prompts span several chunks. */
function engine(): TokensContext {
  return {
    models: new Models({
      readFolder: ({model}) => readModelFolder(model, {id: 'tiny', source: 'folder'}),
      loadTokenizer,
      threads: () => 1,
      chunkLength: CHUNK,
    }),
    store: new LogitsStore(64e6),
    versions: {tokenscope: '0', onnxruntime: '0', schema: '1'},
  }
}

/** Ids after a short text, so that the length in tokens is known: `from` decides which. */
const idsFrom = (from: number, count: number) =>
  Array.from({length: count}, (_, i) => 4 + ((from + i * 89) % 300))

function requestOf(completionIds: number[], generate = 0) {
  return tokensRequestSchema.parse({model: MODEL, prompt: '', completionIds, track: [9], generate})
}

async function resultOf(context: TokensContext, completionIds: number[], generate = 0) {
  const request = requestOf(completionIds, generate)
  const events: TokensEvent[] = []
  for await (const event of runTokens(context, request)) events.push(event)
  const positions = events.flatMap((event) =>
    event.kind === 'statistics'
      ? Array.from(event.columns.logprob, (_, i) => event.firstPosition + i)
      : []
  )
  // Each once and in order, wherever the worker began.
  expect(positions).toEqual(positions.map((_, i) => i))
  const {timing: _, ...result} = assembleTokens(request, events)!
  return result
}

/** Begins a run and cancels it at its first statistics. */
async function cancelled(context: TokensContext, completionIds: number[]): Promise<void> {
  const controller = new AbortController()
  try {
    for await (const event of runTokens(context, requestOf(completionIds), controller.signal)) {
      if (event.kind === 'statistics') controller.abort(new Error('enough'))
    }
  } catch (error) {
    if ((error as Error).message !== 'enough') throw error
  }
}

describe('a prompt of several chunks', () => {
  const context = engine()
  const fresh = engine()
  beforeAll(async () => {
    for (const {models} of [context, fresh]) await models.load({model: MODEL})
  })
  afterAll(async () => {
    for (const {models} of [context, fresh]) await models.close()
  })

  /** The same from an engine that keeps nothing. */
  const expected = (ids: number[], generate = 0) =>
    resultOf({...fresh, store: new LogitsStore(0)}, ids, generate)

  it('has the numbers of a fresh engine when another run took the cache before its turn', async () => {
    const first = idsFrom(0, 40)
    const other = idsFrom(150, 40)
    const more = [...first, ...idsFrom(7, 12)]
    await resultOf(context, first)
    // Both are asked for while the worker holds the first one's cache.
    const both = await Promise.all([resultOf(context, other), resultOf(context, more)])
    expect(both).toEqual([await expected(other), await expected(more)])
    const generated = await Promise.all([
      resultOf(context, [...other, 9], 5),
      resultOf(context, [...more, 9], 5),
    ])
    expect(generated).toEqual([await expected([...other, 9], 5), await expected([...more, 9], 5)])
  })

  it('has the numbers of a fresh engine after others were cancelled', async () => {
    for (let i = 0; i < 6; i++) {
      const ids = idsFrom(20 * i, 40)
      await resultOf(context, ids)
      const other = idsFrom(20 * i + 9, 180)
      const more = [...ids, ...idsFrom(i, 10)]
      if (i % 2 === 0) await cancelled(context, other)
      const [result] = await Promise.all([
        resultOf(context, more),
        ...(i % 2 === 0 ? [] : [cancelled(context, other)]),
      ])
      expect(result).toEqual(await expected(more))
    }
  })

  it('is not run again where an earlier run left rows and cache', async () => {
    const model = context.models.get({model: MODEL})!
    const startsAt: number[] = []
    const run = model.session.run.bind(model.session)
    model.session.run = (job, options) =>
      run(job, {
        ...options,
        onEvent(event) {
          if (event.kind === 'started') startsAt.push(event.startAt)
          options.onEvent(event)
        },
      })
    const ids = idsFrom(31, 40)
    await resultOf(context, ids)
    await resultOf(context, [...ids, 5])
    // One token more than the cache, one less, and a token inside it changed. The first position is
    // the begin token, so 31 ids end a chunk.
    await resultOf(context, ids.slice(0, 32))
    await resultOf(context, ids.slice(0, 31))
    await resultOf(context, [...ids.slice(0, 20), 5, 6, 7])
    expect(startsAt).toEqual([0, 32, 32, 0, 0])
  })
})
