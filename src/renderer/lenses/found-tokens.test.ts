import {expect, test} from 'vitest'
import {foundTokens, wholeNumberOf} from './found-tokens.ts'

/** Entries whose ids are the places of their first letters in the alphabet. */
const entries = (...texts: string[]) =>
  texts.map((text) => ({
    id: text.trim().charCodeAt(0),
    bytesHex: Buffer.from(text).toString('hex'),
    isSpecial: false,
  }))
const none = {tokenCount: 1642, byId: null, plain: [], spaced: []}

test('a number that is no id adds nothing, and says which ids there are', () => {
  const nine = entries('9')
  const plain = [...nine, ...nine, ...nine]
  const found = foundTokens({...none, text: '99999', plain, spaced: entries(' ', '9')})
  expect(found.exact).toBeNull()
  expect(found.note).toMatch(/^no id 99999; ids are 0 to 1,641/)
  expect(found.choices.map((entry) => entry.bytesHex)).toContain('39')
})

test('several tokens are all choices, and Enter adds none of them', () => {
  const plain = entries(' lamp', ' and', ' coin')
  const found = foundTokens({...none, text: ' lamp and coin', plain})
  expect(found.exact).toBeNull()
  expect(found.choices).toEqual(plain)
  expect(found.note).toBe('3 tokens: choose one of them.')
})

test('one token is added by Enter: as typed, else after a space, which is said', () => {
  const plain = entries('lamp')
  expect(foundTokens({...none, text: 'lamp', plain}).exact).toBe(plain[0])
  const spaced = entries(' lamp')
  const found = foundTokens({...none, text: 'lamp', plain: entries('la', 'mp'), spaced})
  expect(found.exact).toBe(spaced[0])
  expect(found.note).toBe('Enter tracks ·lamp: after a space it is one token.')
})

test('a number is an id first; its text stays a choice', () => {
  const byId = {id: 7, bytesHex: '78', isSpecial: false}
  const found = foundTokens({...none, text: '#7', byId, plain: entries('7')})
  expect(found.exact).toBe(byId)
  expect(found.choices).toHaveLength(2)
  expect([wholeNumberOf('#7'), wholeNumberOf('7a'), wholeNumberOf('-7')]).toEqual([7, null, null])
})

test('a long text lists a part of its tokens and counts the others', () => {
  const plain = Array.from({length: 40}, (_, id) => ({id, bytesHex: '61', isSpecial: false}))
  expect(foundTokens({...none, text: 'long', plain})).toMatchObject({hiddenCount: 28, exact: null})
})
