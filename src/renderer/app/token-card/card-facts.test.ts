import {expect, test} from 'vitest'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {codePointsOf, statisticsOf} from './card-facts.ts'

const hex = (text: string) => Buffer.from(text).toString('hex')

test('code points are told with their kind; a part of a character is none', () => {
  expect(codePointsOf(hex(' Lя'))).toEqual([
    {code: 'U+0020', text: ' ', kind: 'space'},
    {code: 'U+004C', text: 'L', kind: 'Latin upper-case letter'},
    {code: 'U+044F', text: 'я', kind: 'Cyrillic lower-case letter'},
  ])
  expect(codePointsOf(`${hex('a')}c3`)).toHaveLength(1)
  expect(codePointsOf(hex('\u200d👍')).map(({code}) => code)).toEqual(['U+200D', 'U+1F44D'])
  expect(codePointsOf(hex('\ufffd'))).toHaveLength(1)
  expect(codePointsOf('')).toEqual([])
})

test('statistics rest on the places that have them', () => {
  const at = (position: number, surprisalBits: number | null) =>
    ({position, surprisalBits}) as ScoredToken
  expect(statisticsOf([at(0, null)])).toBeNull()
  expect(statisticsOf([at(0, null), at(4, 3), at(9, 0.5), at(12, 1)])).toEqual({
    count: 3,
    meanBits: 1.5,
    leastBits: 0.5,
    mostBits: 3,
    leastPosition: 9,
    mostPosition: 4,
  })
})
