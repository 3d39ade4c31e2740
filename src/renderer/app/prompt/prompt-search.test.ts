import {describe, expect, test} from 'vitest'
import {tokensOfTable, tokenTableOf} from '../../../shared/domain/token.ts'
import {fakeEncode} from '../../../shared/engine-client/fake-language.ts'
import {foundPlaces} from './prompt-places.ts'
import {type SearchQuery, searchTexts, shownSpans} from './prompt-search.ts'

const PLAIN: SearchQuery = {words: '', isCase: false, isWord: false, isRegex: false}
const search = async (texts: readonly string[], query: Partial<SearchQuery>) => {
  const {signal} = new AbortController()
  const {spans} = await searchTexts(texts, {...PLAIN, ...query}, signal)
  return spans.map((own, i) => own.map(({from, to}) => texts[i]!.slice(from, to)))
}

describe('words in a prompt', () => {
  test('what has a meaning in expressions is looked for as it is', async () => {
    expect(await search(['a.b axb a.b'], {words: 'a.b'})).toEqual([['a.b', 'a.b']])
    expect(await search(['[x](y) - {z}$'], {words: '](y) - {z}$'})).toEqual([['](y) - {z}$']])
  })

  test('case and whole words, in every text', async () => {
    const texts = ['Tom tomtom', 'TOM’s Tömtom Tom_']
    expect(await search(texts, {words: 'tom'})).toEqual([
      ['Tom', 'tom', 'tom'],
      ['TOM', 'tom', 'Tom'],
    ])
    expect(await search(texts, {words: 'Tom', isCase: true})).toEqual([['Tom'], ['Tom']])
    expect(await search(texts, {words: 'tom', isWord: true})).toEqual([['Tom'], ['TOM']])
    expect(await search(texts, {words: ''})).toEqual([])
  })

  test('byte spans become indices of the text, whatever its characters', () => {
    const text = 'é東🙂b🙂'
    // 2, 3, 4, 1 and 4 bytes.
    const spans = [
      {byteStart: 2, byteEnd: 5},
      {byteStart: 5, byteEnd: 10},
      {byteStart: 10, byteEnd: 14},
    ]
    expect(shownSpans(text, spans).map(({from, to}) => text.slice(from, to))).toEqual([
      '東',
      '🙂b',
      '🙂',
    ])
  })
})

describe('places among tokens', () => {
  const tokens = tokensOfTable(tokenTableOf(fakeEncode('Mira has 4 coins. Tom has 4 coins.')))
  const positionsOf = (words: string) => foundPlaces(tokens, words).places.map((at) => at.position)

  test('a number is a position first, then text; text may run over tokens', () => {
    const texts = tokens.map(({text}) => text)
    const fours = texts.flatMap((text, i) => (text.includes('4') ? [i] : []))
    expect(fours).toHaveLength(2)
    expect(positionsOf('4')).toEqual([...new Set([4, ...fours])])
    expect(positionsOf('#2')).toEqual([2])
    expect(positionsOf('tom has')).toEqual([texts.findIndex((text) => text.includes('Tom'))])
    expect(positionsOf('999')).toEqual([])
    expect(positionsOf('')).toEqual([])
  })
})
