import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {bytesOfHex} from '../../../shared/domain/token.ts'
import {
  type VocabularyResult,
  vocabularyRequestSchema,
  vocabularyResultSchema,
} from '../../../shared/lenses/vocabulary.ts'
import {shapeOf} from '../tokenizers/entry-class.ts'
import {TokenizerShelf} from '../tokenizers/shelf.ts'
import {runVocabulary} from './vocabulary.ts'

const context = {
  shelf: new TokenizerShelf(async ({model}) => {
    throw new ProblemError({code: 'model-not-found', message: model, advice: ''})
  }),
  versions: {tokenscope: '0', onnxruntime: '0', schema: '1'},
}

async function resultOf(request: object): Promise<VocabularyResult> {
  const parsed = vocabularyRequestSchema.parse(request)
  for await (const event of runVocabulary(context, parsed)) {
    if (event.kind === 'completed') return vocabularyResultSchema.parse(event.result)
  }
  throw new Error('no result')
}

const bytes = (text: string) => new TextEncoder().encode(text)

describe('the shape of an entry', () => {
  test('is Qtok’s first match', () => {
    const shapes: readonly (readonly [string | Uint8Array, boolean, string, string | null])[] = [
      ['a', false, 'pure_unicode', null],
      [Uint8Array.of(0xe2), false, 'pure_unicode', null],
      [Uint8Array.of(0xe2, 0x80), false, 'unicode_flanks', null],
      ['ж', false, 'char_alpha', 'Cyrillic'],
      ['東', false, 'char_alpha', 'Han'],
      ['€', false, 'char_other', null],
      ['\u0085', false, 'char_errors', null],
      [' lamp', false, 'spaced_alpha', 'Latin'],
      [' नम', false, 'spaced_alpha', 'Devanagari'],
      [' lamp1', false, 'spaced_other', null],
      [' \u0001x', false, 'spaced_errors', null],
      ['вода', false, 'inner_alpha', 'Cyrillic'],
      ['вoda', false, 'inner_other', null],
      ['==', false, 'inner_other', null],
      ['<|endoftext|>', true, 'control_tokens', null],
      ['<unused0>', false, 'control_tokens', null],
      ['</div>', false, 'inner_other', null],
    ]
    for (const [source, isSpecial, name, script] of shapes) {
      const shape = shapeOf(typeof source === 'string' ? bytes(source) : source, isSpecial)
      expect([shape.class, shape.script], String(source)).toEqual([name, script])
    }
  })
})

describe('packaged vocabularies', () => {
  // Counts of distinct byte strings from the method notes, which counted them with another program.
  test('have the known sizes and share the known number of byte strings', async () => {
    const result = await resultOf({tokenizers: ['gpt2', 'llama2', 'mistral'], search: ' lamps'})
    expect(result.tokenizers.map(({distinctCount}) => distinctCount)).toEqual([
      50_256, 31_901, 31_872,
    ])
    const pair = result.overlap.find(({a, b}) => a === 'llama2' && b === 'mistral')!
    expect(pair).toMatchObject({shared: 24_085, onlyA: 31_901 - 24_085, onlyB: 31_872 - 24_085})
    expect(pair.jaccard).toBeCloseTo(0.6069, 4)
    for (const {id, entryCount} of result.tokenizers) {
      const own = result.composition.filter(({tokenizer}) => tokenizer === id)
      expect(own.reduce((sum, {count}) => sum + count, 0)).toBe(entryCount)
      expect(own.reduce((sum, {share}) => sum + share!, 0)).toBeCloseTo(1, 9)
    }
    const gpt2 = result.found!.find(({tokenizer}) => tokenizer === 'gpt2')!
    // What is nothing else comes first; its id is the published one.
    expect(gpt2.entries[0]).toMatchObject({id: 32209, text: ' lamps'})
    for (const {bytesHex} of gpt2.entries) {
      expect(Buffer.from(bytesOfHex(bytesHex)).includes(' lamps')).toBe(true)
    }
    const absorbed = await resultOf({tokenizers: ['gpt2'], limit: 10_000})
    expect(absorbed.underTrained[0]!.entries).toHaveLength(absorbed.underTrained[0]!.count!)
    expect(absorbed.underTrained[0]!.count).toBeGreaterThan(0)
    for (const {rankGap} of absorbed.underTrained[0]!.entries) {
      expect(rankGap).toBeGreaterThanOrEqual(0)
      expect(rankGap).toBeLessThanOrEqual(64)
    }
  }, 120_000)
})

describe('a vocabulary made by hand', () => {
  let folder: string
  let path: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vocabulary-'))
    path = join(folder, 'tokenizer.json')
    const vocab = {a: 0, b: 1, c: 2, ab: 3, abc: 4, bc: 5, é: 6, '<x>': 7}
    const model = {
      type: 'BPE',
      vocab,
      merges: ['a b', 'ab c'],
      fuse_unk: false,
      byte_fallback: false,
    }
    const special = {id: 7, content: '<x>', special: true, single_word: false}
    const added = [{...special, lstrip: false, rstrip: false, normalized: false}]
    await writeFile(path, JSON.stringify({version: '1.0', added_tokens: added, model}))
  })
  afterAll(() => rm(folder, {recursive: true}))

  test('an entry that no merge leads to is unreachable; the others are not', async () => {
    const {unreachable, lengths, completeness} = await resultOf({tokenizers: [path], reach: true})
    expect(unreachable).toEqual([
      {
        ...{tokenizer: path, count: 1, untriedCount: 0},
        entries: [{id: 5, bytesHex: '6263', text: 'bc', isSpecial: false}],
      },
    ])
    expect(lengths.slice(0, 3).map(({count}) => count)).toEqual([4, 2, 1])
    expect(completeness.find(({script}) => script === 'Latin')).toMatchObject({
      covered: 3,
      letters: 52,
    })
  })

  test('is searched by text, by bytes and by id', async () => {
    const idsOf = async (search: string) =>
      (await resultOf({tokenizers: [path], search})).found![0]!.entries.map(({id}) => id)
    expect(await idsOf('bc')).toEqual([5, 4])
    expect(await idsOf('hex:c3')).toEqual([6])
    expect(await idsOf('id:3')).toEqual([3])
    await expect(idsOf('hex:c')).rejects.toMatchObject({problem: {code: 'search-invalid'}})
  })
})
