import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {isInEnglishLetters} from '../../../shared/lenses/english-letters.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {PartOfSpeechSampler} from './samplers.ts'
import {SingleTokens} from './single-tokens.ts'
import {loadTagger, TAGGER_NAME, wordClassesOf} from './word-classes.ts'

const WORDS = ['<s>', ' sings', 'ran', ' walks', ' queen', 'king', ',', ' =', ' ', 'queens', ' 38']
const encoder = new TextEncoder()

function tokenizerOf(words: readonly string[], sha256: string) {
  return {
    sha256,
    tokenCount: words.length,
    isSpecial: (id: number) => id === 0,
    bytesOf: (id: number) => encoder.encode(words[id]),
    // “king” alone is a token that is never made of its own text.
    encode: async (text: string) => ({
      text,
      parts: (text === 'king' ? [1, 2] : [words.indexOf(text)]).map((id) => ({
        ...{id, bytes: encoder.encode(text), byteStart: 0, byteEnd: 1},
        ...{isSpecial: false, isInserted: false, spanClass: 'lossless' as const},
      })),
    }),
  }
}

describe('the tagger', () => {
  it('gives the tags of the Penn treebank for words by themselves', async () => {
    const tagWord = await loadTagger()
    const tags = ['sings', 'ran', 'queen', 'queens', 'the', 'of', 'she', 'quick', '38', "we'll"]
    expect(tags.map(tagWord)).toEqual(
      ['VBZ', 'VBD', 'NN', 'NNS', 'DT', 'IN', 'PRP', 'JJ', 'CD', 'PRP+MD'].map(String)
    )
  })

  it('is named with the version that is installed', () => {
    const root = join(import.meta.dirname, '../../../..')
    const {devDependencies} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(TAGGER_NAME).toBe(`compromise ${devDependencies.compromise}`)
  })
})

describe('classes of a vocabulary', () => {
  it('hold every ordinary id once; signs and spaces are apart from words', async () => {
    const {classOfId, idsOfClass} = await wordClassesOf(tokenizerOf(WORDS, 'words'))
    expect(classOfId.slice(1)).toEqual(
      ['VBZ', 'VBD', 'VBZ', 'NN', 'NN', 'sign', 'sign', 'space', 'NNS', 'CD'].map(String)
    )
    const all = [...idsOfClass.values()].flat().sort((a, b) => a - b)
    expect(all).toEqual(WORDS.map((_, id) => id).slice(1))
  })

  it('are made once a tokenizer, and not to the end when nobody waits', async () => {
    let loadCount = 0
    const load = async () => {
      loadCount++
      return () => 'NN'
    }
    const words = ['<s>', 'a', 'b']
    expect(await wordClassesOf(tokenizerOf(words, 'once'), load)).toBe(
      await wordClassesOf(tokenizerOf(words, 'once'), load)
    )
    expect(loadCount).toBe(1)
    const slow = async () => (word: string) => {
      const until = performance.now() + 10
      while (performance.now() < until);
      return word
    }
    const many = tokenizerOf(
      Array.from({length: 5000}, (_, i) => `word${i}`),
      'many'
    )
    const left = AbortSignal.abort(new Error('left'))
    await expect(wordClassesOf(many, slow, left)).rejects.toThrow('left')
  })
})

describe('replacements of the same part of speech', () => {
  const samplerOf = async (ids: readonly number[]) => {
    const tokenizer = tokenizerOf(WORDS, 'words')
    const classes = await wordClassesOf(tokenizer)
    return new PartOfSpeechSampler(new SingleTokens(tokenizer), Int32Array.from(ids), classes)
  }

  it('are each as likely, the present one among them, and one that is no single token is drawn again', async () => {
    const sampler = await samplerOf([0, 1, 4])
    const positions = Array.from({length: 2000}, () => 1)
    const verbs = await sampler.draw(positions, createSeededRandom(1))
    expect(new Set(verbs)).toEqual(new Set([1, 3]))
    // Four standard deviations of a half of 2,000 are 90.
    expect(Math.abs(verbs.filter((id) => id === 1).length - 1000)).toBeLessThan(90)
    expect(sampler.redrawnCount).toBe(0)
    const nouns = await sampler.draw([2, 2, 2, 2, 2, 2, 2, 2], createSeededRandom(2))
    expect(new Set(nouns)).toEqual(new Set([4]))
    expect(sampler.redrawnCount).toBeGreaterThan(0)
  })

  it('are said to be missing where there is none', async () => {
    const tokenizer = tokenizerOf(['<s>', 'king'], 'king')
    const classes = await wordClassesOf(tokenizer)
    const sampler = new PartOfSpeechSampler(new SingleTokens(tokenizer), Int32Array.of(1), classes)
    const error = await sampler.draw([0], createSeededRandom(0)).catch((caught: unknown) => caught)
    expect((error as ProblemError).problem).toMatchObject({
      code: 'no-valid-replacement',
      found: 'nothing of the part-of-speech sampler that comes back as one token',
    })
    expect(error).toBeInstanceOf(ProblemError)
  })
})

describe('letters of English', () => {
  it.each([
    ['Mira keeps coins.', true],
    ['a naïve guide to the café in Paris', true],
    ['Η βασίλισσα', false],
    ['皇后走了', false],
    ['12 + 3 =', false],
    ['', false],
  ])('%s', (text, isEnglish) => {
    expect(isInEnglishLetters(text)).toBe(isEnglish)
  })
})
