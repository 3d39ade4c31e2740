import {describe, expect, it} from 'vitest'
import {answerIn, checkAnswer, lastOptionOf, numberAfter} from './critical-checker.ts'

describe('the number after a marker', () => {
  it('is the one after the last marker, however it is written', () => {
    expect(numberAfter('38 - 7 = 21. Answer: 21. No. Answer: 31.', 'Answer:')).toBe(31)
    expect(numberAfter('#### 1,234.50', '####')).toBe(1234.5)
    expect(numberAfter('is −7', 'is')).toBe(-7)
    expect(numberAfter('Answer: none', 'Answer:')).toBeNull()
    expect(numberAfter('31', 'Answer:')).toBeNull()
  })

  it('is compared as a number', () => {
    const checker = {kind: 'number', marker: 'Answer:'} as const
    expect(checkAnswer(checker, 'Answer: 1,200.', '1200')).toBe(true)
    expect(checkAnswer(checker, 'Answer: 31', '3')).toBe(false)
    expect(checkAnswer(checker, 'Answer: 3', '31')).toBe(false)
    expect(checkAnswer(checker, 'Answer:', '')).toBe(false)
  })
})

describe('one of several', () => {
  it('is the one that is named last, as words of its own', () => {
    const options = ['yes', 'no', 'not sure', 'not']
    expect(lastOptionOf('no, then yes', options)).toBe('yes')
    expect(lastOptionOf('yes; I know', options)).toBe('yes')
    expect(lastOptionOf('I am not sure', options)).toBe('not sure')
    expect(lastOptionOf('nothing', options)).toBeNull()
    expect(lastOptionOf('(A) or (B)?', ['(A)', '(B)'])).toBe('(B)')
  })
})

it('the answer that is read stands beside the response', () => {
  expect(answerIn({kind: 'number', marker: 'Answer:'}, '7. Answer: 1,045.')).toBe('1045')
  expect(answerIn({kind: 'number', marker: 'Answer:'}, 'none')).toBeNull()
  expect(answerIn({kind: 'one-of', options: ['yes', 'no']}, 'no, yes')).toBe('yes')
  expect(answerIn({kind: 'text'}, 'x')).toBeNull()
})

it('text is the whole response, white space around it aside', () => {
  expect(checkAnswer({kind: 'text'}, ' Belto\n', 'Belto')).toBe(true)
  expect(checkAnswer({kind: 'text'}, 'Belto.', 'Belto')).toBe(false)
})
