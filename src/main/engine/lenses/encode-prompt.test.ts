import {expect, test} from 'vitest'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {checkTextLength} from './encode-prompt.ts'

const folder = {contextLength: 100_000}
const tokenizer = {longestTokenBytes: 10}

function refused(input: Parameters<typeof checkTextLength>[0]): Problem | null {
  try {
    checkTextLength(input, folder, tokenizer)
    return null
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
}

test('a text that cannot fit by its length alone is refused before it is encoded', () => {
  const fits = 'é'.repeat(500_000)
  expect(refused({prompt: fits})).toBeNull()
  expect(refused({prompt: `${fits}é`})).toMatchObject({
    code: 'prompt-too-long',
    // 1,000,002 bytes are at least 100,001 tokens of 10 bytes.
    message: "The prompt is at least 1 token longer than the model's context.",
    found: '1,000,002 bytes, with tokens of at most 10 bytes',
    expected: 'at most 100,000 tokens',
  })
  const turns = [
    {role: 'system', content: fits},
    {role: 'user', content: 'and more'},
  ]
  expect(refused({messages: turns})).toMatchObject({code: 'prompt-too-long'})
})

test('a text that is to be cut, and a short one, are always encoded', () => {
  expect(refused({prompt: 'x'.repeat(2_000_000), truncate: 'left'})).toBeNull()
  const small = {contextLength: 1}
  expect(() => checkTextLength({prompt: 'x'.repeat(200_000)}, small, tokenizer)).not.toThrow()
})
