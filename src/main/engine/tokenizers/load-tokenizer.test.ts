import {createHash} from 'node:crypto'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {TINY_DECODER_SHAPE} from '../../../../fixtures/tiny-models.ts'
import {
  appendedSpecialsTokenizer,
  composingTokenizer,
  sentencePieceTokenizer,
  unigramTokenizer,
  wordPieceTokenizer,
} from '../../../../fixtures/tokenizer-variants.ts'
import {displayTextOfBytes, hexOfBytes} from '../../../shared/domain/token.ts'
import {loadTokenizer} from './load-tokenizer.ts'
import type {Encoding, Tokenizer} from './tokenizer.ts'

const fixture = join(import.meta.dirname, '../../../../fixtures/tiny-decoder-kv')
const tokenizerPath = join(fixture, 'tokenizer.json')
const {vocabularySize} = TINY_DECODER_SHAPE

let temporary: TemporaryFolder
let tiny: Tokenizer
beforeAll(async () => {
  temporary = await temporaryFolder()
  tiny = await loadTokenizer({id: 'tiny', path: fixture, tokenizerPath, vocabularySize})
})
afterAll(() => temporary.remove())

let variantCount = 0
async function loadVariant(json: object): Promise<Tokenizer> {
  const path = join(temporary.path, `tokenizer-${variantCount++}.json`)
  await writeFile(path, JSON.stringify(json))
  const folder = {id: 'variant', path: temporary.path, tokenizerPath: path, vocabularySize: 100_000}
  return loadTokenizer(folder)
}

const utf8 = (text: string) => new TextEncoder().encode(text)
const typedParts = (encoding: Encoding) => encoding.parts.filter((part) => !part.isInserted)

/** Each typed token as text of its span, `|` between them, so that expectations can be read. */
function cuts(encoding: Encoding): string {
  const bytes = utf8(encoding.text)
  return typedParts(encoding)
    .map((part) => displayTextOfBytes(bytes.subarray(part.byteStart, part.byteEnd)))
    .join('|')
}

function expectTiling(encoding: Encoding): void {
  const length = utf8(encoding.text).length
  let end = 0
  for (const part of encoding.parts) {
    if (part.byteStart !== end) throw new Error(`a token starts at ${part.byteStart}, not ${end}`)
    if (part.byteEnd < end) throw new Error(`a token ends at ${part.byteEnd}, before its start`)
    if (part.isInserted && part.byteEnd !== end) throw new Error('an inserted token has a width')
    end = part.byteEnd
  }
  expect(end).toBe(typedParts(encoding).length > 0 ? length : 0)
}

/** Concatenated bytes of the typed tokens, which for a lossless tokenizer are the text's. */
function typedBytes(encoding: Encoding): Buffer {
  return Buffer.concat(typedParts(encoding).map((part) => part.bytes))
}

const HARD_TEXTS = [
  '',
  ' ',
  'The cat sat on the mat.',
  'nul \0 and \u0085 next line',
  'windows\r\nlines\r\n',
  '\uFEFFafter a byte order mark',
  'שלום עולם, مرحبا',
  'family 👨‍👩‍👧‍👦 flag 🇩🇪 skin 👍🏽',
  'e\u0301 a\u0308\u0323 Å',
  'lone \uD800 high, low \uDC00, and \uDC00\uD800 both',
  '▁ typed by hand ▁▁',
  '<s> and </s> and <mask>, <0x41> too',
  '\t\ttabs    and    runs   ',
  '日本語のテキスト',
]

/** Text of any kind: whole characters, lone surrogates, controls and what looks like special tokens. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({unit: 'binary', maxLength: 8}),
      fc.string({unit: 'grapheme', maxLength: 8}),
      fc.string({unit: 'grapheme-ascii', maxLength: 12}),
      fc.integer({min: 0xd800, max: 0xdfff}).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(...HARD_TEXTS)
    ),
    {maxLength: 10}
  )
  .map((pieces) => pieces.join(''))

describe('the tiny byte-level tokenizer', () => {
  it('knows itself', async () => {
    const bytes = await readFile(tokenizerPath)
    expect(tiny.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(tiny.id).toBe('tiny')
    expect(tiny.tokenCount).toBe(vocabularySize)
    expect(tiny.hasChatTemplate).toBe(true)
    expect([0, 1, 2, 3, 4].map((id) => tiny.isSpecial(id))).toEqual([true, true, true, true, false])
  })

  it('gives the bytes of every id, and the id of bytes', () => {
    expect(new TextDecoder().decode(tiny.bytesOf(1))).toBe('</s>')
    // The byte alphabet follows the four special tokens, in the order of the bytes.
    for (let byte = 0; byte < 256; byte++) {
      expect([...tiny.bytesOf(4 + byte)]).toEqual([byte])
      expect(tiny.idOfBytes(Uint8Array.of(byte))).toBe(4 + byte)
    }
    for (let id = 0; id < tiny.tokenCount; id++) {
      expect(tiny.idOfBytes(tiny.bytesOf(id))).toBe(id)
    }
    expect(tiny.idOfBytes(utf8('no such token'))).toBeNull()
    expect(tiny.bytesOf(vocabularySize)).toEqual(new Uint8Array(0))
    expect(tiny.idOfBytes(new Uint8Array(0))).toBeNull()
  })

  it('puts the begin token first, with no width', async () => {
    const {parts} = await tiny.encode('The cat')
    expect(parts[0]).toMatchObject({
      id: 0,
      byteStart: 0,
      byteEnd: 0,
      isInserted: true,
      isSpecial: true,
    })
    expect(cuts(await tiny.encode('The cat sat'))).toBe('The| cat| sat')
    const without = await tiny.encode('The cat', {noSpecialTokens: true})
    expect(without.parts.map((part) => part.id)).toEqual(parts.slice(1).map((part) => part.id))
  })

  it('cuts inside a character where the tokens do', async () => {
    const {parts} = await tiny.encode('😀', {noSpecialTokens: true})
    expect(parts.map((part) => hexOfBytes(part.bytes))).toEqual(['f09f98', '80'])
    expect(parts.map((part) => [part.byteStart, part.byteEnd])).toEqual([
      [0, 3],
      [3, 4],
    ])
  })

  it('takes special tokens literally unless told otherwise', async () => {
    const literal = await tiny.encode('a</s>b')
    expect(literal.parts.map((part) => part.isSpecial)).toEqual([true, ...Array(6).fill(false)])
    expect(typedBytes(literal).toString()).toBe('a</s>b')
    const parsed = await tiny.encode('a</s>b', {parseSpecial: true})
    expect(parsed.parts.map((part) => part.isInserted)).toEqual([true, false, false, false])
    expect(parsed.parts[2]).toMatchObject({id: 1, byteStart: 1, byteEnd: 5, isSpecial: true})
  })

  it('makes lone surrogates U+FFFD and keeps a byte order mark', async () => {
    const {text, parts} = await tiny.encode('\uFEFFa\uD800', {noSpecialTokens: true})
    expect(text).toBe('\uFEFFa\uFFFD')
    expect(Buffer.concat(parts.map((part) => part.bytes)).toString('hex')).toBe('efbbbf61efbfbd')
  })

  it('tiles hard texts, with its own bytes', async () => {
    for (const text of HARD_TEXTS) {
      for (const parseSpecial of [false, true]) {
        const encoding = await tiny.encode(text, {parseSpecial})
        expectTiling(encoding)
        expect(typedBytes(encoding).equals(utf8(encoding.text))).toBe(true)
        expect(encoding.parts.every((part) => part.spanClass === 'lossless')).toBe(true)
      }
    }
  })

  it('tiles any text', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.boolean(), async (text, parseSpecial) => {
        const encoding = await tiny.encode(text, {parseSpecial})
        expectTiling(encoding)
        expect(typedBytes(encoding).equals(Buffer.from(text, 'utf8'))).toBe(true)
        if (!parseSpecial) {
          expect(encoding.parts.slice(1).some((part) => part.isSpecial)).toBe(false)
        }
      }),
      {numRuns: 300}
    )
  })

  it('encodes a line of 100 KB without holding up the thread', async () => {
    const line = 'The cat 😀 שלום é\u0301 '.repeat(4000)
    const length = utf8(line).length
    expect(length).toBeGreaterThan(100_000)
    let longestMs = 0
    let last = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      longestMs = Math.max(longestMs, now - last)
      last = now
    }, 1)
    const encoding = await tiny.encode(line)
    clearInterval(timer)
    expectTiling(encoding)
    expect(typedBytes(encoding).length).toBe(length)
    expect(longestMs).toBeLessThan(1000)
    expectTiling(await tiny.encode('a'.repeat(100_000)))
  })
})

describe('tokenizers that put a space first', () => {
  it('leave that space out of the span', async () => {
    const tokenizer = await loadVariant(sentencePieceTokenizer())
    const encoding = await tokenizer.encode('Hello World')
    expect(cuts(encoding)).toBe('He|llo| W|or|l|d')
    expect(encoding.parts.map((part) => part.spanClass)).toEqual([
      'lossless',
      'dummy-prefix',
      ...Array(5).fill('lossless'),
    ])
    expect(hexOfBytes(encoding.parts[1]!.bytes)).toBe('204865')
    expectTiling(encoding)
  })

  it('call a token that is nothing but that space inserted', async () => {
    const tokenizer = await loadVariant(sentencePieceTokenizer())
    const {parts} = await tokenizer.encode('x')
    expect(parts.map((part) => [part.isInserted, part.byteStart, part.byteEnd])).toEqual([
      [true, 0, 0],
      [true, 0, 0],
      [false, 0, 1],
    ])
    expect(parts[1]).toMatchObject({isSpecial: false, spanClass: 'dummy-prefix'})
  })

  it('fall back to bytes inside a character', async () => {
    const tokenizer = await loadVariant(sentencePieceTokenizer())
    const encoding = await tokenizer.encode('a😀b')
    const emoji = encoding.parts.filter((part) => part.byteStart >= 1 && part.byteEnd <= 5)
    expect(emoji.map((part) => part.byteEnd - part.byteStart)).toEqual([1, 1, 1, 1])
    expect(Buffer.concat(emoji.map((part) => part.bytes)).toString()).toBe('😀')
    expect(tokenizer.idOfBytes(utf8('a'))).toBeGreaterThan(258)
    expect(tokenizer.idOfBytes(Uint8Array.of(0xf0))).toBe(3 + 0xf0)
  })

  it('tile what they cannot give back: the mark that stands for a space', async () => {
    const tokenizer = await loadVariant(sentencePieceTokenizer())
    const encoding = await tokenizer.encode('He▁llo 😀')
    expectTiling(encoding)
    const changed = encoding.parts.filter((part) => part.spanClass === 'normalized')
    expect(changed.map((part) => encoding.text.includes('▁') && hexOfBytes(part.bytes))).toEqual([
      '20',
    ])
    // Bytes of the emoji still have spans of their own.
    const last = encoding.parts.at(-1)!
    expect([last.byteEnd - last.byteStart, hexOfBytes(last.bytes)]).toEqual([1, '80'])
  })

  it('flag each token once where the text after the space in front is changed', async () => {
    const json = sentencePieceTokenizer() as {normalizer: {normalizers: object[]}}
    json.normalizer.normalizers.push({type: 'Lowercase'})
    const encoding = await (await loadVariant(json)).encode('WOW she', {noSpecialTokens: true})
    expectTiling(encoding)
    const classes = encoding.parts.map(({spanClass}) => spanClass)
    // The space stands for the first letter together with what that has become.
    expect(classes.slice(0, 2)).toEqual(['normalized', 'normalized'])
    expect(new Set(classes)).toEqual(new Set(['normalized', 'lossless']))
    expect(encoding.parts.filter(({isInserted}) => isInserted)).toEqual([])
    expect(hexOfBytes(Buffer.concat(encoding.parts.map(({bytes}) => bytes)))).toBe(
      hexOfBytes(utf8(' wow she'))
    )
  })

  it('tile any text', async () => {
    for (const json of [sentencePieceTokenizer(), unigramTokenizer()]) {
      const tokenizer = await loadVariant(json)
      await fc.assert(
        fc.asyncProperty(anyText, fc.boolean(), async (text, parseSpecial) => {
          const encoding = await tokenizer.encode(text, {parseSpecial})
          expectTiling(encoding)
          expect(encoding.text).toBe(Buffer.from(text).toString())
        }),
        {numRuns: 150}
      )
    }
  })
})

describe('tokenizers that change the text', () => {
  it('keep whole characters in spans of composed text', async () => {
    const tokenizer = await loadVariant(composingTokenizer())
    const encoding = await tokenizer.encode('The e\u0301 cat')
    expectTiling(encoding)
    expect(cuts(encoding)).toBe('The| |e\u0301| cat')
    expect(typedParts(encoding).map((part) => part.spanClass)).toEqual([
      'lossless',
      'lossless',
      'normalized',
      'lossless',
    ])
    // The token is the composed letter, its span the two code points that were typed.
    expect(hexOfBytes(typedParts(encoding)[2]!.bytes)).toBe('c3a9')
  })

  it('count in code points: characters beyond U+FFFF move no span', async () => {
    const tokenizer = await loadVariant(composingTokenizer())
    expect(cuts(await tokenizer.encode('😀😀 e\u0301 cat'))).toMatch(/\|e\u0301\| cat$/)
  })

  it('tile any text', async () => {
    for (const json of [composingTokenizer(), wordPieceTokenizer()]) {
      const tokenizer = await loadVariant(json)
      await fc.assert(
        fc.asyncProperty(anyText, async (text) => expectTiling(await tokenizer.encode(text))),
        {numRuns: 150}
      )
    }
  })

  it('span lower-cased words and their ends', async () => {
    const tokenizer = await loadVariant(wordPieceTokenizer())
    const encoding = await tokenizer.encode('Hello Worlds! Café')
    expect(encoding.parts.map((part) => displayTextOfBytes(part.bytes))).toEqual([
      ...['[CLS]', 'hello', 'wor', 'ld', 's', '!', 'cafe', '[SEP]'],
    ])
    expectTiling(encoding)
    expect(encoding.parts.at(-1)).toMatchObject({isInserted: true, isSpecial: true})
    expect(cuts(encoding)).toBe('Hello |Wor|ld|s|! |Café')
  })
})

describe('special tokens that text could reach', () => {
  it('stay literal where the vocabulary lists them as pieces', async () => {
    const tokenizer = await loadVariant(unigramTokenizer())
    const literal = await tokenizer.encode('Hello</s>')
    expect(typedParts(literal).some((part) => part.isSpecial)).toBe(false)
    expect(cuts(literal)).toBe('Hello|<|/|s|>')
    const parsed = await tokenizer.encode('Hello</s>', {parseSpecial: true})
    expect(parsed.parts.at(-1)).toMatchObject({id: 2, isSpecial: true})
  })

  it('stay literal where they follow the vocabulary, and move no other token', async () => {
    const {json, specialId, ordinaryId} = appendedSpecialsTokenizer()
    const tokenizer = await loadVariant(json)
    const text = 'a<|end|>b<think>c\t\td<|begin|>'
    const literal = await tokenizer.encode(text)
    expect(literal.parts[0]).toMatchObject({isInserted: true, isSpecial: true})
    expect(literal.parts.slice(1).some((part) => part.isSpecial)).toBe(false)
    expect(literal.parts.filter((part) => part.id === ordinaryId).length).toBe(1)
    expect(literal.parts.filter((part) => part.id === ordinaryId + 2).length).toBe(1)
    expect(typedBytes(literal).toString()).toBe(text)
    const parsed = await tokenizer.encode(text, {parseSpecial: true})
    expect(parsed.parts.filter((part) => part.id === specialId).length).toBe(1)
    expect(typedBytes(parsed).toString()).toBe(text)
  })

  it('leave ordinary text as it was: both ways of encoding agree', async () => {
    const variants = [
      sentencePieceTokenizer(),
      unigramTokenizer(),
      wordPieceTokenizer(),
      composingTokenizer(),
      appendedSpecialsTokenizer().json,
    ]
    for (const json of variants) {
      const tokenizer = await loadVariant(json)
      await fc.assert(
        fc.asyncProperty(anyText, async (text) => {
          // Without these characters nothing can look like a special token.
          const ordinary = text.replaceAll(/[<>[\]|]/g, '')
          const literal = await tokenizer.encode(ordinary)
          const control = await tokenizer.encode(ordinary, {parseSpecial: true})
          expect(literal).toEqual(control)
        }),
        {numRuns: 60}
      )
    }
  })

  it('are not cut off by a limit that the file carries', async () => {
    // This tokenizer's file says to cut after four tokens.
    const tokenizer = await loadVariant(unigramTokenizer())
    expect(typedParts(await tokenizer.encode('abcde')).length).toBe(5)
  })
})
