import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {
  type TemporaryFolder,
  temporaryFolder,
  writeBrokenModel,
} from '../../../../fixtures/broken.ts'
import {TINY_DECODER_SHAPE} from '../../../../fixtures/tiny-models.ts'
import {sentencePieceTokenizer} from '../../../../fixtures/tokenizer-variants.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {loadTokenizer} from './load-tokenizer.ts'

const {vocabularySize} = TINY_DECODER_SHAPE

let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(() => temporary.remove())

let variantCount = 0
async function loadVariant(json: object): Promise<unknown> {
  const path = join(temporary.path, `tokenizer-${variantCount++}.json`)
  await writeFile(path, JSON.stringify(json))
  const folder = {id: 'variant', path: temporary.path, tokenizerPath: path, vocabularySize: 100_000}
  return loadTokenizer(folder)
}

describe('tokenizer files that are no good', () => {
  async function problemOfBroken(name: Parameters<typeof writeBrokenModel>[0]) {
    const folder = await writeBrokenModel(name, join(temporary.path, name))
    const path = join(folder, 'tokenizer.json')
    try {
      await loadTokenizer({id: 'broken', path: folder, tokenizerPath: path, vocabularySize})
    } catch (error) {
      if (error instanceof ProblemError) return {problem: error.problem, path}
      throw error
    }
    throw new Error('no problem was found')
  }

  it('are named with the four parts', async () => {
    for (const [name, code, found, expected] of [
      ['no-tokenizer', 'tokenizer-missing', 'no such file', 'the tokenizer'],
      ['tokenizer-not-json', 'not-json', 'a git-LFS pointer', 'a JSON object'],
      ['tokenizer-without-model', 'tokenizer-invalid', 'nothing', 'the vocabulary'],
      [
        'tokenizer-beyond-logits',
        'tokenizer-beyond-logits',
        `ids up to ${vocabularySize + 2}`,
        `ids below ${vocabularySize}`,
      ],
    ] as const) {
      const {problem, path} = await problemOfBroken(name)
      expect(problem).toMatchObject({code, file: path})
      expect(problem.found).toContain(found)
      expect(problem.expected).toContain(expected)
      expect(problem.advice).toMatch(/^[A-Z].*\.$/)
    }
  })

  it('name the part that the native library refuses', async () => {
    const sound = sentencePieceTokenizer() as {normalizer: object; model: object}
    const refusals: [object, object][] = [
      [
        {pre_tokenizer: {type: 'NoSuchThing'}},
        {code: 'tokenizer-type-unknown', field: 'pre_tokenizer.type', found: '"NoSuchThing"'},
      ],
      [
        {normalizer: {type: 'Sequence', normalizers: [{type: 'NFC'}, {type: 'NFX'}]}},
        {code: 'tokenizer-type-unknown', field: 'normalizer.normalizers[1].type', found: '"NFX"'},
      ],
      [
        {model: {...sound.model, type: 'Morfessor'}},
        {code: 'tokenizer-type-unknown', field: 'model.type', found: '"Morfessor"'},
      ],
      [
        {
          pre_tokenizer: {
            type: 'Sequence',
            pretokenizers: [
              {type: 'Digits', individual_digits: true},
              {type: 'Split', pattern: {Regex: '(?<!a+'}, behavior: 'Isolated', invert: false},
            ],
          },
        },
        {
          code: 'tokenizer-regex-unusable',
          field: 'pre_tokenizer.pretokenizers[1].pattern.Regex',
          found: '(?<!a+',
        },
      ],
      [
        {decoder: {type: 'Strip', content: ' '}},
        {code: 'tokenizer-invalid', field: 'decoder', found: expect.any(String)},
      ],
      [
        {model: {...sound.model, merges: [['no such', 'piece']]}},
        {code: 'tokenizer-invalid', found: expect.stringMatching(/merge|vocab/i)},
      ],
    ]
    for (const [changed, problem] of refusals) {
      await expect(loadVariant({...sound, ...changed})).rejects.toMatchObject({problem})
    }
  })

  it('say where the JSON of a cut file ends', async () => {
    const path = join(temporary.path, 'cut.json')
    await writeFile(path, JSON.stringify(sentencePieceTokenizer()).slice(0, 500))
    const folder = {id: 'cut', path: temporary.path, tokenizerPath: path, vocabularySize: 1000}
    await expect(loadTokenizer(folder)).rejects.toMatchObject({
      problem: {code: 'not-json', file: path, found: expect.stringMatching(/500|position|end/i)},
    })
  })
})
