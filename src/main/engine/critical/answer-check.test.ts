import {expect, it} from 'vitest'
import {openAnswerCheck} from './answer-check.ts'

async function judged(
  checker: Parameters<typeof openAnswerCheck>[0],
  answer: string,
  ...responses: string[]
) {
  const check = await openAnswerCheck(checker, answer)
  try {
    return responses.map((response) => check.isRight(response))
  } finally {
    check.close()
  }
}
const script = (source: string) => ({kind: 'script', source}) as const
const regex = (pattern: string) => ({kind: 'regex', pattern}) as const

it('a script is a function of the response and the answer', async () => {
  const source = '(response, answer) => response.trim().endsWith(answer)'
  expect(await judged(script(source), '31', 'it is 31 ', 'it is 32')).toEqual([true, false])
})

it('an expression matches, or its last group is the answer', async () => {
  expect(await judged(regex('\\b31\\b'), '', 'is 31.', 'is 310')).toEqual([true, false])
  expect(await judged(regex('= (\\d+)'), '31', '1 = 31', '= 31, = 21', 'none')).toEqual([
    true,
    false,
    false,
  ])
})

it.each([
  [script('(r) => { if (r) throw new Error("no") }'), 'checker-failed'],
  [script('(r) => { while (r) {} }'), 'checker-out-of-time'],
  [script('while (true) {}'), 'checker-out-of-time'],
  [script('const f = (r) => f(r) + 1; f'), 'checker-failed'],
  [script('(r) => { let s = r; while (s) s += s }'), 'checker-failed'],
  [script('31'), 'checker-failed'],
  [script('(('), 'checker-failed'],
  [script('() => true'), 'checker-matches-everything'],
  [script('(r) => r && typeof process.exit'), 'checker-failed'],
  [regex('('), 'checker-failed'],
  [regex('.*'), 'checker-matches-everything'],
  [regex('^(a+)+$'), 'checker-out-of-time'],
  [{kind: 'text'} as const, 'checker-matches-everything'],
])('%j is refused as %s', async (checker, code) => {
  const judging = judged(checker, '', `${'a'.repeat(40)}b`)
  await expect(judging).rejects.toMatchObject({problem: {code}})
})
