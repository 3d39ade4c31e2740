import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {assembleTokens} from '../../../shared/lenses/assemble-tokens.ts'
import {
  type TokensEvent,
  type TokensRequestInput,
  type TokensResult,
  tokensRequestSchema,
  tokensResultSchema,
} from '../../../shared/lenses/tokens.ts'
import {createBlobs} from '../blobs.ts'
import {createHandlers, type EngineHandlers} from '../handlers.ts'

const FIXTURES = join(import.meta.dirname, '../../../../fixtures')
const KV = join(FIXTURES, 'tiny-decoder-kv')
const PLAIN = join(FIXTURES, 'tiny-decoder-plain')
const TEXT = 'The queen walks to the river. Né 🦜 2+2=4'

function handlersOf(changes: {maxMemoryBytes?: number; stateFolder?: string} = {}): EngineHandlers {
  return createHandlers(
    {
      version: '0.0.0',
      builtinModelsFolder: join(FIXTURES, 'no-such-folder'),
      tokenizersFolder: join(FIXTURES, '../assets/tokenizers'),
      fontsFolder: join(FIXTURES, '../assets/fonts'),
      stateFolder: null,
      threads: 1,
      maxMemoryBytes: 64e6,
      startCount: 1,
      lastExit: null,
      ...changes,
    },
    {blobs: createBlobs()}
  )
}

const clientOf = (handlers: EngineHandlers) => createRouterClient(handlers.router)
type Client = ReturnType<typeof clientOf>

async function eventsOf(client: Client, request: TokensRequestInput): Promise<TokensEvent[]> {
  const events: TokensEvent[] = []
  for await (const event of await client.tokens.run(request)) events.push(event)
  return events
}

async function resultOf(client: Client, request: TokensRequestInput): Promise<TokensResult> {
  const events = await eventsOf(client, request)
  const result = assembleTokens(tokensRequestSchema.parse(request), events)
  expect(events.at(-1)!.kind).toBe('completed')
  expect(tokensResultSchema.safeParse(result).error).toBeUndefined()
  return result!
}

/** A result without what the clock decides. */
function timeless({timing: _, ...result}: TokensResult): Omit<TokensResult, 'timing'> {
  return result
}

async function problemOf(promise: Promise<unknown>): Promise<{code: string; message: string}> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught
  )
  if (error instanceof ProblemError) return error.problem
  throw error
}

describe('the tokens lens', () => {
  let handlers: EngineHandlers
  let client: Client
  beforeAll(() => {
    handlers = handlersOf()
    client = clientOf(handlers)
  })
  afterAll(() => handlers.close())

  it('streams tokens, statistics, table and end, and spans tile the text', async () => {
    const events = await eventsOf(client, {model: KV, prompt: TEXT})
    const kinds = events.map((event) => event.kind).filter((kind) => kind !== 'progress')
    expect(kinds).toEqual(['tokenized', 'statistics', 'next', 'completed'])
    const result = assembleTokens(tokensRequestSchema.parse({model: KV, prompt: TEXT}), events)!
    expect(result.text).toBe(TEXT)
    let byteEnd = 0
    for (const token of result.tokens) {
      expect(token.byteStart).toBe(byteEnd)
      byteEnd = token.byteEnd
    }
    expect(byteEnd).toBe(Buffer.byteLength(TEXT))
    expect(result.tokens[0]).toMatchObject({isInserted: true, logprob: null, surprisalBits: null})
    expect(result.tokens.slice(1).every((token) => token.logprob !== null)).toBe(true)
    expect(result.position).toBe(result.tokens.length - 1)
  })

  it('has a table whose rows and rest sum to 1', async () => {
    for (const sampling of [{}, {temperature: 0.7}, {temperature: 2, topP: 0.6}]) {
      const result = await resultOf(client, {model: KV, prompt: 'one two', topK: 7, ...sampling})
      const sum = result.next.reduce((total, {prob}) => total + prob, 0)
      expect(Math.abs(sum + result.restProb! - 1)).toBeLessThan(1e-6)
      expect(result.next.length).toBe(7)
      expect(JSON.stringify(result)).not.toMatch(/NaN|Infinity/)
    }
  })

  it('gives the same result again, from what is kept and from a fresh engine', async () => {
    const request = {model: KV, prompt: TEXT, track: [5, 70], temperature: 0.8}
    const first = await resultOf(client, request)
    const again = await resultOf(client, request)
    const fresh = handlersOf()
    const elsewhere = await resultOf(clientOf(fresh), request)
    await fresh.close()
    expect(timeless(again)).toEqual(timeless(first))
    expect(timeless(elsewhere)).toEqual(timeless(first))
    expect(first.tracked![0]!.bytesHex).toMatch(/^[0-9a-f]+$/)
    expect(first.tracked![0]!.positions.length).toBe(first.tokens.length)
  })

  it('generates with statistics, and the same with the other kind of model', async () => {
    const request = {model: KV, prompt: 'river', generate: 20, track: [9]}
    const cached = await resultOf(client, request)
    const uncached = await resultOf(client, {...request, kvCache: false})
    const plain = await resultOf(client, {...request, model: PLAIN})
    expect(cached.completionIds.length).toBeGreaterThan(0)
    expect(uncached.completionIds).toEqual(cached.completionIds)
    expect(plain.completionIds).toEqual(cached.completionIds)
    expect(cached.position).toBe(cached.tokens.length - 1)
    expect(cached.tracked![0]!.positions.length).toBe(cached.tokens.length)
    let byteEnd = Buffer.byteLength('river')
    for (const token of cached.tokens.slice(cached.promptTokenCount)) {
      expect(token.byteStart).toBe(byteEnd)
      byteEnd = token.byteEnd
      expect(token.byteEnd - token.byteStart).toBe(token.bytesHex.length / 2)
      expect(token.logprob).toBeLessThanOrEqual(0)
    }
    // Continued by its own ids, the sequence is scored the same.
    const continued = await resultOf(client, {
      model: KV,
      prompt: 'river',
      completionIds: cached.completionIds,
    })
    expect(continued.tokens.length).toBe(cached.tokens.length)
    for (const [i, token] of continued.tokens.entries()) {
      if (token.logprob !== null) expect(token.logprob).toBeCloseTo(cached.tokens[i]!.logprob!, 4)
    }
    expect(continued.completionIds).toEqual(cached.completionIds)
  })

  it('answers for a position and for tracked tokens, kept or run again', async () => {
    const poor = handlersOf({maxMemoryBytes: 1000})
    const poorClient = clientOf(poor)
    const request = {model: KV, prompt: TEXT, generate: 6, track: [5], position: 4}
    const rich = await resultOf(client, request)
    const result = await resultOf(poorClient, request)
    expect(timeless(result)).toEqual(timeless(rich))
    expect((await poorClient.engine.status()).usedMemoryBytes).toBe(0)
    expect((await client.engine.status()).usedMemoryBytes).toBeGreaterThan(0)

    const ids = Int32Array.from(rich.tokens, (token) => token.id)
    const next = {model: KV, ids, topK: 5, temperature: 1, topP: 1}
    for (const position of [0, 4, ids.length - 1]) {
      const kept = await client.tokens.next({...next, position})
      const rerun = await poorClient.tokens.next({...next, position})
      expect(Array.from(rerun.tokens.ids)).toEqual(Array.from(kept.tokens.ids))
      for (let i = 0; i < 5; i++) expect(rerun.logits[i]).toBeCloseTo(kept.logits[i]!, 4)
    }
    const [kept] = await client.tokens.track({model: KV, ids, tokenIds: [5]})
    const [rerun] = await poorClient.tokens.track({model: KV, ids, tokenIds: [5]})
    for (let i = 0; i < ids.length; i++) {
      expect(kept!.prob[i]).toBeCloseTo(rerun!.prob[i]!, 5)
      expect(kept!.prob[i]).toBe(rich.tracked![0]!.positions[i]!.prob)
    }
    await poor.close()
  })

  it('renders a chat through the template of the model', async () => {
    const messages = [{role: 'user', content: 'hello'}]
    const chat = await resultOf(client, {model: KV, messages})
    const turn = await resultOf(client, {model: KV, prompt: 'hello', chat: true})
    expect(chat.text).toContain('user: hello')
    expect(turn.tokens).toEqual(chat.tokens)
    expect(chat.tokens[0]!.isSpecial).toBe(true)
  })

  it('says where each turn of a chat stands in its text, and none of a plain prompt', async () => {
    const messages = [
      {role: 'user', content: ' Né 🦜? '},
      {role: 'assistant', content: 'Lone \ud83e'},
      {role: 'user', content: 'Why?'},
    ]
    const {text, turns} = await resultOf(client, {model: KV, messages})
    const bytes = Buffer.from(text)
    const spoken = turns!.map(({role, byteStart, byteEnd}) => [
      role,
      bytes.toString('utf8', byteStart, byteEnd),
    ])
    expect(bytes.toString('utf8', 0, turns![0]!.byteStart)).toBe('<s>')
    expect(spoken).toEqual([
      ['user', 'user: Né 🦜?</s>\n'],
      ['assistant', 'assistant: Lone \ufffd</s>\n'],
      ['user', 'user: Why?</s>\n'],
      ['assistant', 'assistant: '],
    ])
    expect(turns!.at(-1)!.byteEnd).toBe(bytes.length)
    expect((await resultOf(client, {model: KV, prompt: 'Why?'})).turns).toBeUndefined()
  })

  it('takes an empty prompt where a begin token is inserted, else says what is missing', async () => {
    const result = await resultOf(client, {model: KV, prompt: ''})
    expect(result.tokens.length).toBe(1)
    expect(result.next.length).toBe(10)
    const problem = await problemOf(
      eventsOf(client, {model: KV, prompt: '', noSpecialTokens: true})
    )
    expect(problem.code).toBe('empty-prompt')
  })

  it('refuses a prompt beyond the context by how much, and cuts it when told to', async () => {
    const prompt = Array.from({length: 300}, (_, i) => `${i}`).join(' ')
    const {tokens} = await client.text.tokenize({model: KV, prompt})
    const problem = await problemOf(eventsOf(client, {model: KV, prompt}))
    expect(problem.code).toBe('prompt-too-long')
    expect(problem.message).toContain(`${tokens.ids.length - 256} tokens longer`)
    const right = await resultOf(client, {model: KV, prompt, truncate: 'right'})
    expect(right.tokens.length).toBe(256)
    expect(right.tokens.map(({id}) => id)).toEqual(Array.from(tokens.ids.slice(0, 256)))
    expect(right.warnings.map(({code}) => code)).toContain('prompt-truncated')
    const left = await resultOf(client, {model: KV, prompt, truncate: 'left', generate: 5})
    expect(left.tokens.map(({id}) => id)).toEqual([tokens.ids[0], ...tokens.ids.slice(-255)])
    expect(left.stopReason).toBe('context-full')
    expect(left.tokens.at(-1)!.byteEnd).toBe(Buffer.byteLength(prompt))
  })

  it('says that ids after the prompt leave it no room, by how much, whatever is cut', async () => {
    for (const truncate of [undefined, 'left', 'right'] as const) {
      const ids = (count: number) => ({
        model: KV,
        prompt: 'a',
        ...(truncate ? {truncate} : {}),
        completionIds: Array<number>(count).fill(5),
      })
      const beyond = await problemOf(eventsOf(client, ids(300)))
      expect(beyond.code).toBe('completion-too-long')
      expect(beyond.message).toBe(
        "The ids after the prompt are 44 more than the model's context holds."
      )
      const filled = await problemOf(eventsOf(client, ids(256)))
      expect(filled.message).toContain('leave no room for the prompt')
    }
  })

  it.each([
    [{position: 500}, 'position-out-of-range'],
    [{track: [99_999]}, 'unknown-token-id'],
    [{completionIds: [317]}, 'unknown-token-id'],
    [{model: join(FIXTURES, 'no-such-model')}, 'model-not-found'],
  ])('refuses %o', async (changes, code) => {
    const problem = await problemOf(eventsOf(client, {model: KV, prompt: 'a', ...changes}))
    expect(problem.code).toBe(code)
  })

  it('ends a cancelled run without another event, and is idle and able soon after', async () => {
    const controller = new AbortController()
    const request = {model: PLAIN, prompt: TEXT, generate: 200}
    const stream = await client.tokens.run(request, {signal: controller.signal})
    let generatedCount = 0
    let lateCount = 0
    const reading = (async () => {
      for await (const event of stream) {
        if (controller.signal.aborted) lateCount++
        if (event.kind !== 'generated') continue
        generatedCount++
        controller.abort(new Error('cancelled'))
      }
    })()
    await expect(reading).rejects.toThrow('cancelled')
    expect([generatedCount, lateCount]).toEqual([1, 0])
    for (let i = 0; i < 100 && (await client.engine.status()).runningCount > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect((await client.engine.status()).runningCount).toBe(0)
    const result = await resultOf(client, {model: PLAIN, prompt: 'again', generate: 3})
    expect(result.status).toBe('completed')
  })

  it('ends the job of a reader that goes away', async () => {
    const stream = await client.tokens.run({model: PLAIN, prompt: TEXT, generate: 200})
    for await (const event of stream) if (event.kind === 'generated') break
    for (let i = 0; i < 100 && (await client.engine.status()).runningCount > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect((await client.engine.status()).runningCount).toBe(0)
  })
})

describe('models and status', () => {
  it('loads once for two that ask, lists, unloads, and remembers the folder', async () => {
    const stateFolder = await mkdtemp(join(tmpdir(), 'tokenscope-test-'))
    const handlers = handlersOf({stateFolder})
    const client = clientOf(handlers)
    const watched: number[] = []
    const watching = (async () => {
      const controller = new AbortController()
      const stream = await client.engine.watch(undefined, {signal: controller.signal})
      for await (const status of stream) {
        watched.push(status.loaded.length)
        if (watched.includes(1) && status.loaded.length === 0) break
      }
    })()
    const load = async () => {
      const events = []
      for await (const event of await client.models.load({model: KV})) events.push(event)
      return events
    }
    const [first, second] = await Promise.all([load(), load()])
    const stagesOf = (events: typeof first) => [
      ...new Set(events.flatMap((event) => (event.kind === 'stage' ? [event.stage] : []))),
    ]
    // Whichever was read first began the load and saw all of it; the other joined in.
    const [whole] = [stagesOf(first), stagesOf(second)].sort((a, b) => b.length - a.length)
    expect(whole).toEqual(['reading', 'hashing', 'tokenizer', 'session', 'checking'])
    expect(second.at(-1)).toEqual(first.at(-1))
    const {loaded} = await client.engine.status()
    expect(loaded).toHaveLength(1)
    expect(loaded[0]).toMatchObject({
      id: 'tiny-decoder-kv',
      hasKvCache: true,
      vocabularySize: 317,
      contextLength: 256,
      chatTemplate: true,
      threads: 1,
    })
    expect(loaded[0]!.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(await client.tokens.estimate({model: KV, tokenCount: 9, generate: 0})).toEqual({
      seconds: null,
    })
    await resultOf(client, {model: KV, prompt: 'x'})
    const {seconds} = await client.tokens.estimate({model: KV, tokenCount: 9, generate: 3})
    expect(seconds).toBeGreaterThan(0)
    // The watcher is told at intervals: it sees it loaded before it is gone.
    while (!watched.includes(1)) await new Promise((resolve) => setTimeout(resolve, 10))
    expect((await client.models.unload({model: KV})).freedBytes).toBeGreaterThanOrEqual(0)
    expect((await client.engine.status()).loaded).toEqual([])
    await watching
    expect(watched).toContain(1)
    const listed = await client.models.list()
    expect(listed.map(({path}) => path)).toContain(KV)
    await handlers.close()
    await rm(stateFolder, {recursive: true})
  })

  it('tokenizes and describes without loading the model', async () => {
    const handlers = handlersOf()
    const client = clientOf(handlers)
    const {text, tokens, contextLength} = await client.text.tokenize({model: KV, prompt: TEXT})
    expect(text).toBe(TEXT)
    expect(contextLength).toBe(256)
    const described = await client.text.describe({model: KV, ids: Array.from(tokens.ids)})
    expect(described.pool.length).toBeGreaterThanOrEqual(tokens.byteEnds.at(-1)!)
    expect((await client.engine.status()).loaded).toEqual([])
    expect(await problemOf(client.text.describe({model: KV, ids: [9999]}))).toMatchObject({
      code: 'unknown-token-id',
    })
    await handlers.close()
  })

  it('hands blobs out once', async () => {
    const handlers = handlersOf()
    const client = clientOf(handlers)
    const probe = await client.blobs.probe({byteLength: 10, asBlob: true})
    if (!('blobId' in probe)) throw new Error('no blob')
    expect((await client.blobs.read({blobId: probe.blobId})).length).toBe(10)
    expect(await problemOf(client.blobs.read({blobId: probe.blobId}))).toMatchObject({
      code: 'blob-gone',
    })
    await handlers.close()
  })
})
