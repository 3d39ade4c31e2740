import {rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {HARD_TEXTS} from '../../../../fixtures/hard-texts.ts'
import {
  sentencePieceTokenizer,
  wordPieceTokenizer,
} from '../../../../fixtures/tokenizer-variants.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {tokensOfTable} from '../../../shared/domain/token.ts'
import {
  type TokenizeEvent,
  type TokenizeRequestInput,
  tokenizeEventSchema,
  tokenizeRequestSchema,
} from '../../../shared/lenses/tokenize.ts'
import {TokenizerShelf} from '../tokenizers/shelf.ts'
import {TextThread} from './text-thread.ts'
import {runTokenize, type TokenizeContext} from './tokenize.ts'
import {ReferenceVectors} from './tokenize-proof.ts'

const assets = join(import.meta.dirname, '../../../../assets')
const tiny = join(import.meta.dirname, '../../../../fixtures/tiny-decoder-kv')
const versions = {tokenscope: '0', onnxruntime: '0', schema: '1'}
const context: TokenizeContext = {
  shelf: new TokenizerShelf(async ({model}) => {
    throw new ProblemError({code: 'model-not-found', message: model, advice: 'No.'})
  }),
  vectors: new ReferenceVectors(join(assets, 'tokenizers/vectors.json')),
  versions,
  parallelPath: join(assets, 'tokenizers/parallel.json'),
}

let folder: TemporaryFolder
beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [name, json] of [
    ['sp.json', sentencePieceTokenizer()],
    ['wp.json', wordPieceTokenizer()],
  ] as const) {
    await writeFile(join(folder.path, name), JSON.stringify(json))
  }
})
afterAll(() => folder.remove())

async function run(request: TokenizeRequestInput, changes: Partial<TokenizeContext> = {}) {
  const events: TokenizeEvent[] = []
  const parsed = tokenizeRequestSchema.parse(request)
  for await (const event of runTokenize({...context, ...changes}, parsed)) {
    events.push(tokenizeEventSchema.parse(event))
  }
  const last = events.at(-1)!
  if (last.kind !== 'completed') throw new Error('the run did not complete')
  const tokens = (id: string) => {
    const event = events.find((one) => one.kind === 'tokens' && one.tokenizer === id)
    return event?.kind === 'tokens' ? tokensOfTable(event.tokens) : []
  }
  return {events, result: last.result, tokens}
}

describe('the tokenize lens', () => {
  it('hands out the row of one tokenizer before the next one is loaded', async () => {
    const shelf = new TokenizerShelf(() => Promise.reject(new Error('no models here')))
    const open = shelf.open.bind(shelf)
    // A vocabulary that takes long to be read.
    shelf.open = async (name) => {
      await new Promise((resolve) => setTimeout(resolve, 60))
      return open(name)
    }
    const names = ['sp.json', 'wp.json'].map((name) => join(folder.path, name))
    const {events, result} = await run({tokenizers: names, text: 'Hello world'}, {shelf})
    const order = events.map((event) =>
      event.kind === 'progress'
        ? `load ${event.done}`
        : event.kind === 'tokens'
          ? `row ${names.indexOf(event.tokenizer)}`
          : event.kind
    )
    expect(order).toEqual(['opened', 'load 0', 'row 0', 'load 1', 'row 1', 'completed'])
    for (const event of events) {
      if (event.kind !== 'tokens') continue
      // What it says by then is what it says in the end.
      const last = result.results.find(({tokenizer}) => tokenizer === event.tokenizer)!
      expect(event.row).toMatchObject({tokenCount: last.tokenCount, fertility: last.fertility})
      expect(event.row!.characters).toBe(11)
    }
  })

  it('compares a text by bytes, with numbers that can be worked out by hand', async () => {
    const {result, tokens} = await run({
      ...{tokenizers: ['gpt2'], baselines: ['bytes', 'characters', 'words'], reference: 'bytes'},
      ...{text: 'né two', price: 2, contextLength: 100},
    })
    expect(tokens('gpt2').map(({text}) => text)).toEqual(['n', 'é', ' two'])
    const [gpt2, bytes, characters, words] = result.results
    expect(gpt2).toMatchObject({
      ...{tokenCount: 3, bytes: 7, characters: 6, bytesPerToken: 7 / 3, charactersPerToken: 2},
      ...{wordCount: 2, fertility: 3 / 2, continuedWordShare: 1 / 2, relativeLength: 3 / 7},
      ...{contextShare: 0.03, cost: 6e-6, distinctCount: 3, utilisation: 3 / 50_257},
    })
    expect([bytes, characters, words].map((row) => row?.tokenCount)).toEqual([7, 6, 2])
    expect([bytes, words].map((row) => row?.fertility)).toEqual([6 / 2, 1])
    const {boundaryAgreement} = result.metrics
    // “n|é| two” has cuts after 1 and 3; characters after 1, 3, 4, 5, 6.
    expect(boundaryAgreement.find(({a, b}) => a === 'gpt2' && b === 'characters')).toMatchObject({
      ...{precision: 1, recall: 2 / 5, f1: 4 / 7, coverage: 1},
      blocks: {'1:1': 2, '1:n': 1, 'm:1': 0, 'm:n': 0},
    })
  })

  it('carries its proof: vectors of the reference, a second engine, what is inserted', async () => {
    const {result} = await run({
      ...{tokenizers: ['llama2', 'gpt2'], text: 'Hello world', checkEngines: true},
    })
    const texts = result.results.map(({badges}) => badges.map(({kind, text}) => `${kind}: ${text}`))
    const count = HARD_TEXTS.length
    expect(texts[0]).toEqual([
      'dummy-prefix: lossless after one space put in front',
      `reference: matches @huggingface/tokenizers on ${count} of ${count} vectors`,
      'special-text: text that looks like a special token is literal',
      'inserted: 1 token inserted, not counted',
      'engines: two engines agree (tokenizers, @huggingface/tokenizers)',
    ])
    expect(texts[1]).toContain('engines: two engines agree (tokenizers, tiktoken)')
    expect(result.results[0]).toMatchObject({tokenCount: 2, insertedCount: 1})
  })

  it('tells what a tokenizer changes or drops of a text', async () => {
    const sp = join(folder.path, 'sp.json')
    const wp = join(folder.path, 'wp.json')
    const {result} = await run({tokenizers: [sp], text: 'He▁llo  é'})
    const [changed] = result.results
    // A block stands for a space there, so its three bytes became one.
    expect(changed).toMatchObject({changedByteCount: 3, droppedByteCount: 0})
    expect(changed?.changes).toEqual([{byteStart: 2, byteEnd: 5, fromHex: 'e29681', toHex: '20'}])
    expect(changed?.badges[0]).toMatchObject({kind: 'normalized', isGood: false})
    const bert = await run({tokenizers: [wp], text: 'Hello world! caf\u00e9'})
    // Lower case and no accent are changes; the spaces between words are in no token.
    expect(bert.result.results[0]).toMatchObject({
      ...{changedByteCount: 3, droppedByteCount: 2, droppedBytesHex: '2020', insertedCount: 2},
      changes: [
        {byteStart: 0, byteEnd: 1, fromHex: '48', toHex: '68'},
        {byteStart: 5, byteEnd: 6, fromHex: '20', toHex: ''},
        {byteStart: 12, byteEnd: 13, fromHex: '20', toHex: ''},
        {byteStart: 16, byteEnd: 18, fromHex: 'c3a9', toHex: '65'},
      ],
    })
    expect(bert.result.results[0]?.badges[0]).toEqual({
      ...{kind: 'lossy', isGood: false},
      text: 'lossy: 2 bytes dropped, 3 changed',
    })
  })

  it('gives a premium of every language, and its inequality', async () => {
    const {result} = await run({
      ...{tokenizers: [], baselines: ['bytes', 'words'], text: ''},
      ...{parallel: {en: ['a b', 'c'], de: ['aa bb', 'cc dd']}, referenceLanguage: 'en'},
    })
    const row = (tokenizer: string, language: string) =>
      result.metrics.parity?.find((one) => one.tokenizer === tokenizer && one.language === language)
    expect(row('bytes', 'de')).toMatchObject({tokenCount: 10, premium: 10 / 4, pairs: 2})
    expect(row('words', 'de')).toMatchObject({tokenCount: 4, premium: 4 / 3})
    expect(row('words', 'en')?.premium).toBe(1)
    // Costs of 2 and 5 bytes a sentence: |2 − 5| · 2 / (2 · 4 · 3.5).
    expect(result.metrics.fairness?.[0]).toEqual({tokenizer: 'bytes', gini: 6 / 28})
    await expect(
      run({tokenizers: ['gpt2'], text: '', parallel: {en: ['a'], de: ['a', 'b']}})
    ).rejects.toMatchObject({problem: {code: 'sentences-not-aligned', field: 'parallel.de'}})
    await expect(
      run({tokenizers: ['gpt2'], text: '', parallel: {de: ['a']}})
    ).rejects.toMatchObject({problem: {code: 'no-reference-language'}})
  })

  it('ships aligned sentences in at least twelve languages', async () => {
    const {result} = await run({tokenizers: ['gpt2'], text: '', parallel: 'builtin'})
    const rows = result.metrics.parity!
    expect(rows.length).toBeGreaterThanOrEqual(12)
    expect(rows.every(({pairs}) => pairs === 10)).toBe(true)
    expect(rows.find(({language}) => language === 'hi')!.premium).toBeGreaterThan(3)
  })

  it('counts a text in parts as it counts it whole, and cuts where no token is changed', async () => {
    const line =
      "The cat sat, 3,141 mats; \tna\u00efve \u65e5\u672c\u8a9e \ud83d\ude00 don't stop!\n"
    const path = join(folder.path, 'long.txt')
    const text = line.repeat(900)
    await writeFile(path, text)
    const request = {
      tokenizers: ['gpt2', 'llama2', tiny, join(folder.path, 'sp.json')],
      ...{baselines: ['graphemes', 'words'] as const, noSpecialTokens: true},
    }
    const whole = await run({...request, baselines: [...request.baselines], text})
    const parts = await run(
      {...request, baselines: [...request.baselines], textFile: path},
      {maxWholeBytes: 6000}
    )
    expect(parts.result.text).toBeNull()
    expect(parts.events.filter(({kind}) => kind === 'progress').length).toBeGreaterThan(4)
    const numbers = ({results}: typeof whole.result) =>
      results.map(({badges, changes: _, ...row}) => ({
        ...row,
        badges: badges.filter(({kind}) => kind === 'approximate'),
      }))
    const plain = (rows: ReturnType<typeof numbers>) =>
      rows.map((row) => ({...row, facts: null, insertedCount: null}))
    expect(plain(numbers(parts.result))).toEqual(plain(numbers(whole.result)))
    const f1 = ({metrics}: typeof whole.result) => metrics.boundaryAgreement.map((row) => row.f1)
    expect(f1(parts.result)).toEqual(f1(whole.result))
    await rm(path)
  })

  it('marks where it had to cut what a token may span', async () => {
    const path = join(folder.path, 'line.txt')
    await writeFile(path, 'a'.repeat(40_000))
    const {result} = await run(
      {tokenizers: ['cl100k'], baselines: ['bytes'], textFile: path},
      {maxWholeBytes: 8000}
    )
    const kinds = result.results.map(({badges}) => badges.map(({kind}) => kind))
    expect(kinds[0]).toContain('approximate')
    expect(kinds[1]).toEqual(['lossless'])
    expect(result.bytes).toBe(40_000)
  })

  it('shows what of a file is no UTF-8 as bytes', async () => {
    const path = join(folder.path, 'bad.txt')
    const bytes = [0x61, 0xff, 0x62, 0xe2, 0x82, 0x63, 0xf0, 0x9f]
    await writeFile(path, Uint8Array.from(bytes))
    const {result} = await run({tokenizers: ['gpt2'], textFile: path})
    expect(result.text).toBe('a\ufffdb\ufffdc\ufffd')
    expect(result.text).toBe(new TextDecoder().decode(Uint8Array.from(bytes)))
    expect(result.invalidBytes).toEqual([
      {fileOffset: 1, hex: 'ff', byteStart: 1},
      {fileOffset: 3, hex: 'e282', byteStart: 5},
      {fileOffset: 6, hex: 'f09f', byteStart: 9},
    ])
    expect(result.warnings[0]).toMatchObject({code: 'not-utf-8'})
  })

  it('names what it cannot do', async () => {
    const text = 'a'
    const codes: [TokenizeRequestInput, string][] = [
      [{tokenizers: ['no-such'], text}, 'tokenizer-not-found'],
      [{tokenizers: [], text}, 'no-tokenizers'],
      [{tokenizers: ['gpt2'], reference: 'o200k', text}, 'reference-not-compared'],
      [{tokenizers: ['gpt2'], text, textFile: '/x'}, 'two-texts'],
      [{tokenizers: ['gpt2'], textFile: join(folder.path, 'none')}, 'not-found'],
      [{tokenizers: ['gpt2'], textFile: folder.path}, 'not-a-file'],
    ]
    for (const [request, code] of codes) {
      await expect(run(request)).rejects.toMatchObject({problem: {code}})
    }
  })
})

it('runs in a thread of its own, and stops there when it is aborted', async () => {
  const thread = new TextThread({
    ...{builtinModelsFolder: join(assets, 'models'), stateFolder: null, versions},
    tokenizersFolder: join(assets, 'tokenizers'),
  })
  const request = tokenizeRequestSchema.parse({tokenizers: ['micro-base', 'gpt2'], text: 'Hello'})
  const kinds: string[] = []
  for await (const event of thread.run('tokenize', request)) {
    kinds.push(event.kind)
    if (event.kind === 'completed') {
      expect(event.result.results.map(({tokenizer}) => tokenizer)).toEqual(['micro-base', 'gpt2'])
    }
  }
  expect(kinds).toEqual(['opened', 'progress', 'tokens', 'progress', 'tokens', 'completed'])
  const missing = tokenizeRequestSchema.parse({tokenizers: ['no-such'], text: 'a'})
  await expect(
    thread
      .run('tokenize', missing)
      .next()
      .then(() => thread.run('tokenize', missing))
      .then(async (events) => {
        for await (const _ of events);
      })
  ).rejects.toMatchObject({problem: {code: 'tokenizer-not-found'}})
  const controller = new AbortController()
  const aborted = thread.run('tokenize', request, controller.signal)
  await aborted.next()
  controller.abort()
  await expect(aborted.next()).rejects.toThrow(/abort/i)
  thread.close()
})
