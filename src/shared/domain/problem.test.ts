import {expect, test} from 'vitest'
import {formatProblem} from './problem.ts'

test('a problem reads as its parts, and leaves out those that are not known', () => {
  expect(
    formatProblem({
      code: 'head-count',
      message: 'The files contradict each other.',
      file: 'config.json',
      field: 'num_attention_heads',
      found: '16',
      expected: '12',
      advice: 'Correct config.json and open the folder again.',
    })
  ).toBe(
    [
      'The files contradict each other.',
      '  in        config.json',
      '  at        num_attention_heads',
      '  found     16',
      '  expected  12',
      '  do        Correct config.json and open the folder again.',
    ].join('\n')
  )
  expect(formatProblem({code: 'a', message: 'm', advice: 'b'})).toBe('m\n  do        b')
})
