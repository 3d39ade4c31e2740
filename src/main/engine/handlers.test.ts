import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import type {EngineStatus, LogLine} from '../../shared/contract/contract.ts'
import {ProblemError} from '../../shared/domain/problem.ts'
import {createBlobs} from './blobs.ts'
import {createHandlers, type EngineHandlers} from './handlers.ts'
import type {EngineOptions} from './options.ts'

const FIXTURES = join(import.meta.dirname, '../../../fixtures')
const KV = join(FIXTURES, 'tiny-decoder-kv')
const PLAIN = join(FIXTURES, 'tiny-decoder-plain')

let stateFolder: string
const open: EngineHandlers[] = []

beforeEach(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'handlers-'))
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((handlers) => handlers.close()))
  await rm(stateFolder, {recursive: true, force: true})
})

function engine(changes: Partial<EngineOptions> = {}) {
  const handlers = createHandlers(
    {
      version: '0.0.0',
      builtinModelsFolder: join(FIXTURES, 'no-such-folder'),
      tokenizersFolder: join(FIXTURES, '../assets/tokenizers'),
      fontsFolder: join(FIXTURES, '../assets/fonts'),
      stateFolder,
      threads: null,
      maxMemoryBytes: null,
      startCount: 1,
      lastExit: null,
      ...changes,
    },
    {blobs: createBlobs()}
  )
  open.push(handlers)
  return createRouterClient(handlers.router)
}
type Client = ReturnType<typeof engine>

async function run(client: Client, prompt: string, model = KV): Promise<void> {
  await drain(await client.tokens.run({model, prompt}))
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) {
    // To its end.
  }
}

/** The log as it is once a line has come that matches. */
async function logOf(client: Client, last: RegExp): Promise<LogLine[]> {
  const lines: LogLine[] = []
  for await (const batch of await client.engine.log()) {
    lines.push(...batch)
    if (lines.some(({text}) => last.test(text))) return lines
  }
  throw new Error('the log ended')
}

const textOf = (lines: LogLine[]) => lines.map(({level, text}) => `${level} ${text}`).join('\n')
const summary = ({threads, maxMemoryBytes, fixedByHost}: EngineStatus) => ({
  threads,
  maxMemoryBytes,
  fixedByHost,
})

describe('preferences of the engine', () => {
  it('are read at its start, and change memory at once and threads of later models', async () => {
    const preferences = {threads: 2, maxMemoryBytes: 2 ** 27, ofLater: true}
    await writeFile(join(stateFolder, 'preferences.json'), JSON.stringify(preferences))
    const client = engine()
    expect(summary(await client.engine.status())).toEqual({
      threads: 2,
      maxMemoryBytes: 2 ** 27,
      fixedByHost: [],
    })
    await run(client, 'one two three')
    expect((await client.engine.status()).usedMemoryBytes).toBeGreaterThan(0)
    const changed = await client.preferences.change({threads: 1, maxMemoryBytes: 2 ** 26})
    expect(changed).toMatchObject({threads: 1, maxMemoryBytes: 2 ** 26, theme: 'system'})
    await run(client, 'one', PLAIN)
    const status = await client.engine.status()
    expect(summary(status)).toMatchObject({threads: 1, maxMemoryBytes: 2 ** 26})
    expect(status.loaded.map(({threads}) => threads)).toEqual([2, 1])
  })

  it('have no say in what the host was told', async () => {
    const client = engine({threads: 3, maxMemoryBytes: 5e6})
    await client.preferences.change({threads: 1, maxMemoryBytes: 2 ** 27})
    expect(summary(await client.engine.status())).toEqual({
      threads: 3,
      maxMemoryBytes: 5e6,
      fixedByHost: ['threads', 'maxMemoryBytes'],
    })
  })

  it('are told to every page, with what was wrong with them', async () => {
    await writeFile(join(stateFolder, 'preferences.json'), '{"colors": "mauve"}')
    const client = engine()
    const stream = await client.preferences.watch()
    for await (const {problem} of stream) {
      if (!problem) continue
      expect(problem).toMatchObject({code: 'preferences-repaired', field: 'colors'})
      break
    }
    const lines = await logOf(client, /preferences-repaired in /)
    expect(textOf(lines)).not.toContain('mauve')
  })
})

describe('how a token was made', () => {
  it('is told without loading the model, and refused for ids that stand for nothing', async () => {
    const client = engine()
    const {tokens} = await client.text.tokenize({model: KV, prompt: ' the', noSpecialTokens: true})
    expect(tokens.ids.length).toBe(1)
    const {kind, merges} = await client.text.derive({model: KV, id: tokens.ids[0]!})
    expect([kind, merges.length]).toEqual(['merged', 3])
    expect((await client.engine.status()).loaded).toEqual([])
    const refused = await client.text.derive({model: KV, id: 317}).catch((error) => error)
    expect(refused).toBeInstanceOf(ProblemError)
    expect(refused.problem).toMatchObject({code: 'unknown-token-id', found: '317'})
  })
})

describe('the log of the engine', () => {
  it('tells of loads, runs, failures and cancelled work, and never what was said', async () => {
    const words = Array.from({length: 12}, (_, i) => `w${(7 ** 7 * (i + 3)).toString(36)}x`)
    const client = engine({lastExit: `stopped with exit code 1: Error: bad prompt ${words[0]}`})
    const messages = [
      {role: words[1]!, content: words[2]!},
      {role: 'user', content: words[3]!},
    ]
    await drain(await client.tokens.run({model: KV, messages, generate: 5, topK: 7}))
    for await (const event of await client.tokens.run({
      model: PLAIN,
      prompt: words[4],
      generate: 50,
    })) {
      if (event.kind === 'generated') break
    }
    const rows = [
      {id: words[5]!, prompt: words[6], answer: words[7]},
      {id: 'long', prompt: `${words[8]} `.repeat(300)},
    ]
    await drain(await client.prompts.run({model: KV, rows}))
    const failures: Promise<unknown>[] = [
      run(client, `${words[9]} `.repeat(400)),
      client.text.tokenize({model: PLAIN, prompt: words[10], chat: true}),
      client.text.describe({model: KV, ids: [99_999]}),
    ]
    await Promise.allSettled(failures)
    await client.models.unload({model: KV})
    const log = textOf(await logOf(client, /unloaded/))
    for (const word of words) expect(log).not.toContain(word)
    const expected = [
      /info engine 0\.0\.0, process \d+, start 1: onnxruntime \d/,
      /info the engine before it stopped with exit code 1$/m,
      /info loaded .*tiny-decoder-kv, onnx\/model\.onnx: llama, .* \d+ MB of memory, \d+ threads, in \d+ ms/,
      /info run of .*tiny-decoder-kv, \d+ prompt tokens, 5 of 5 generated: completed in \d+ ms/,
      /info run of .*tiny-decoder-plain, \d+ prompt tokens, \d+ of 50 generated: cancelled after \d+ ms/,
      /info prompt list on .*tiny-decoder-kv, 1 of 2 rows, 1 failed by prompt-too-long: completed/,
      /warning run of .*tiny-decoder-kv, 0 prompt tokens, .*: prompt-too-long$/m,
      /warning text\.tokenize: chat-template-missing$/m,
      /warning text\.describe: unknown-token-id$/m,
      /info unloaded .*tiny-decoder-kv/,
    ]
    for (const line of expected) expect(log).toMatch(line)
  })
})
