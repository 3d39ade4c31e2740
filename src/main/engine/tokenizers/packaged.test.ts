import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {afterAll, beforeAll, describe, expect, it, test} from 'vitest'
import {HARD_TEXTS, LOWER_BLOCK_TEXT} from '../../../../fixtures/hard-texts.ts'
import {readTokenFlags} from '../../../shared/domain/token.ts'
import {PACKAGED_TOKENIZERS} from '../../../shared/lenses/packaged-tokenizers.ts'
import {firstDifference, type SecondEngine, secondEngine} from './second-engine.ts'
import {type ShelvedTokenizer, TokenizerShelf} from './shelf.ts'
import type {EncodedTable} from './tokenizer.ts'

const root = join(import.meta.dirname, '../../../..')
const vectors = JSON.parse(readFileSync(join(root, 'assets/tokenizers/vectors.json'), 'utf8')) as {
  texts: string[]
  tokenizers: Record<string, {engine: string; ids: number[][]}>
}
const shelf = new TokenizerShelf(() => Promise.reject(new Error('packaged ones only')))
const literal = {noSpecialTokens: true} as const

/** Text in which the implementations are known to agree: no block that stands for a space. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({unit: 'binary', maxLength: 8}),
      fc.string({unit: 'grapheme', maxLength: 8}),
      fc.string({unit: 'grapheme-ascii', maxLength: 12}),
      fc.stringMatching(/^[ \t\r\n]{0,6}$/),
      fc.stringMatching(/^[0-9]{0,12}$/),
      fc.constantFrom(...HARD_TEXTS)
    ),
    {maxLength: 8}
  )
  .map((pieces) => pieces.join('').replaceAll('▁', '_'))

function expectTiling({table, textBytes}: EncodedTable): void {
  let end = 0
  for (let i = 0; i < table.ids.length; i++) {
    if (table.byteStarts[i] !== end) throw new Error(`token ${i} starts at ${table.byteStarts[i]}`)
    if (table.byteEnds[i]! < end) throw new Error(`token ${i} ends before it starts`)
    end = table.byteEnds[i]!
  }
  expect(end).toBe(textBytes.length)
}

describe.each(PACKAGED_TOKENIZERS)('$id', ({id}) => {
  let shelved: ShelvedTokenizer
  let second: SecondEngine
  beforeAll(async () => {
    shelved = await shelf.open(id)
    second = (await secondEngine(shelved))!
  }, 120_000)
  afterAll(() => second?.release())

  const isByteLevel = !['llama2', 'mistral'].includes(id)

  it('gives the ids of the reference on hard texts, which a second implementation gives too', async () => {
    expect(vectors.texts).toEqual(HARD_TEXTS)
    for (const [i, text] of HARD_TEXTS.entries()) {
      const {table} = await shelved.tokenizer.encodeTable(text, literal)
      expect([...table.ids], JSON.stringify(text)).toEqual(vectors.tokenizers[id]!.ids[i])
      expect(firstDifference(second.encode(text), table.ids), JSON.stringify(text)).toBeNull()
    }
    expect(second.name).toBe(vectors.tokenizers[id]!.engine)
  })

  it('agrees with the second implementation on any text, in spans that tile it', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const encoded = await shelved.tokenizer.encodeTable(text, literal)
        expect(firstDifference(second.encode(encoded.text), encoded.table.ids)).toBeNull()
        expectTiling(encoded)
        const pool = Buffer.from(encoded.table.pool).toString('hex')
        const own = Buffer.from(encoded.textBytes).toString('hex')
        // Decoding gives the text again, but for the space that is put in front of it.
        expect(pool).toBe(isByteLevel || own === '' ? own : `20${own}`)
        for (const [i, flags] of encoded.table.flags.entries()) {
          const isFirst = i === 0 && !isByteLevel
          expect(readTokenFlags(flags).spanClass).toBe(isFirst ? 'dummy-prefix' : 'lossless')
        }
      }),
      {numRuns: process.env.TOKENSCOPE_FULL ? 1000 : 60}
    )
  })

  it('makes lone surrogates U+FFFD', async () => {
    const encoded = await shelved.tokenizer.encodeTable('a\ud800b', literal)
    expect(encoded.text).toBe('a\ufffdb')
    expectTiling(encoded)
  })

  it('encodes the rest of a text as it stands in the whole', async () => {
    const [start, rest] = ['One line of it.\n', 'Another line, 😀 and more.\n']
    const idsOf = async (text: string, isContinued: boolean) => [
      ...(await shelved.tokenizer.encodeTable(text, {...literal, isContinued})).table.ids,
    ]
    expect([...(await idsOf(start, false)), ...(await idsOf(rest, true))]).toEqual(
      await idsOf(start + rest, false)
    )
  })
})

test('a block typed where spaces are spelled so is a space to the tokenizer, and told as a change', async () => {
  const {tokenizer} = await shelf.open('llama2')
  const {table, textBytes} = await tokenizer.encodeTable(LOWER_BLOCK_TEXT, literal)
  const classes = new Set([...table.flags].map((flags) => readTokenFlags(flags).spanClass))
  expect(classes).toContain('normalized')
  expect(Math.max(...table.byteEnds)).toBeLessThanOrEqual(textBytes.length)
  expect([...table.byteStarts]).toEqual([...table.byteStarts].sort((a, b) => a - b))
})

test('facts of the packaged vocabularies are those of their makers', async () => {
  const facts = async (id: string) => (await shelf.open(id)).facts
  expect(await facts('cl100k')).toMatchObject({
    ...{kind: 'packaged', modelType: 'BPE', vocabularySize: 100_277, missingByteCount: 0},
    ...{source: 'tiktoken@1.0.22', hasMerges: true, licence: 'MIT, OpenAI'},
  })
  expect(await facts('gpt2')).toMatchObject({vocabularySize: 50_257})
  expect(await facts('o200k')).toMatchObject({vocabularySize: 200_019})
  expect(await facts('llama2')).toMatchObject({vocabularySize: 32_000, missingByteCount: null})
  expect(await facts('llama3')).toMatchObject({vocabularySize: 128_256, missingByteCount: 0})
  const packages = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies
  for (const {packageName, packageVersion} of PACKAGED_TOKENIZERS) {
    expect(packages[packageName]).toBe(packageVersion)
  }
})

test('merges of a rank file are learned pairs: an entry is merged from two earlier ones', async () => {
  const {tokenizer} = await shelf.open('cl100k')
  // “ the” of cl100k is id 279: “ t” 259 and “he” 383 come after it, so it was “ th” 270 and “e” 68.
  const id = tokenizer.idOfBytes(new TextEncoder().encode(' the'))!
  const {kind, merges} = tokenizer.derivationOf(id)!
  expect([id, kind]).toEqual([279, 'merged'])
  expect(merges.map(({leftHex, rightHex}) => [leftHex, rightHex])).toEqual([
    ['20', '74'],
    ['2074', '68'],
    ['207468', '65'],
  ])
  expect(merges.map(({rank}) => rank + 256)).toEqual([259, 270, 279])
})

const folder = join(root, '../shared/vectors/tokenizers')
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.endsWith('.inp'))
      .map((name) => name.replace('.inp', ''))
  : []
if (names.length === 0) console.warn(`skipped: there are no vectors in ${folder}`)

test.skipIf(names.length === 0)('vectors of llama.cpp come out id by id', async () => {
  for (const name of names) {
    const {tokenizer} = await shelf.open(name)
    const inputs = readFileSync(join(folder, `${name}.inp`), 'utf8')
      .split('\n__ggml_vocab_test__\n')
      .slice(0, -1)
    const outputs = readFileSync(join(folder, `${name}.out`), 'utf8').split('\n')
    expect(inputs).toHaveLength(46)
    for (const [i, text] of inputs.entries()) {
      const {table} = await tokenizer.encodeTable(text, literal)
      expect(table.ids.join(' '), `${name} ${i}`).toBe(outputs[i]!.trim())
    }
  }
})
