import {expect, test} from 'vitest'
import {answerForms, isAnswer, judgeAnswer} from './judge-answer.ts'

const judged = (answer: string, completion: string, isCut = false) =>
  judgeAnswer(answer, {bytes: new TextEncoder().encode(completion), isCut})

test.each([
  ['20', ' 20.', 'right'],
  [' 20', ' 20.', 'right'],
  [' 20', '20', 'right'],
  ['20', '\n 20\n', 'right'],
  [' 2', ' 20.', 'wrong'],
  ['2', ' 20.', 'wrong'],
  ['20', ' 205', 'wrong'],
  ['20', ' 2', 'wrong'],
  ['20', ' 20.5', 'right'],
  ['cat', ' cats', 'wrong'],
  ['cat', ' cat’s', 'right'],
  ['cat', ' cat sat', 'right'],
  ['Cat', ' cat', 'wrong'],
  // A mark over the last letter makes it another one.
  ['cafe', ' cafe\u0301', 'wrong'],
  ['café', ' café.', 'right'],
  ['“', '“Yes', 'right'],
  ['(a +', ' (a + b)', 'right'],
  ['the red box', ' the red box.', 'right'],
  ['the  red', ' the red', 'wrong'],
  ['20', '', 'wrong'],
] as const)('%j for the completion %j is %s', (answer, completion, verdict) => {
  expect(judged(answer, completion)).toBe(verdict)
})

test('a completion that was cut off says nothing only as long as it may become the answer', () => {
  expect(judged('twenty', ' twe', true)).toBe('cut')
  expect(judged('twenty', '', true)).toBe('cut')
  expect(judged('twenty', ' twi', true)).toBe('wrong')
  expect(judged('twenty', ' twenty', true)).toBe('right')
  expect(judged('twenty', ' twe', false)).toBe('wrong')
})

test('half a character at the end is neither part of the text nor against it', () => {
  const bytes = new TextEncoder().encode(' né')
  const torn = {bytes: bytes.subarray(0, bytes.length - 1), isCut: true}
  expect(judgeAnswer('né', torn)).toBe('cut')
  expect(judgeAnswer('n', torn)).toBe('right')
  expect(judgeAnswer('no', torn)).toBe('cut')
})

test('white space alone is no answer', () => {
  expect(['', ' ', '\n\t ', null, undefined].map(isAnswer)).toEqual(Array(5).fill(false))
  expect([' 2', '0'].map(isAnswer)).toEqual([true, true])
})

test('a space is put before an answer only where there is none yet', () => {
  expect(answerForms('10 + 10 =', '20')).toEqual(['20', ' 20'])
  expect(answerForms('10 + 10 =', ' 20')).toEqual([' 20'])
  expect(answerForms('10 + 10 = ', '20')).toEqual(['20'])
  expect(answerForms('assistant:\n', '20')).toEqual(['20'])
  expect(answerForms('', '20')).toEqual(['20'])
})
