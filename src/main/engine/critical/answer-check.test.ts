import {describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {openAnswerCheck} from './answer-check.ts'

async function judged(
  checker: Parameters<typeof openAnswerCheck>[0],
  answer: string,
  ...responses: string[]
) {
  const check = await openAnswerCheck(checker, answer)
  try {
    return await check.areRight(responses)
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
  [script('(r) => { if (r) throw new Error("no"); return false }'), 'checker-failed'],
  [script('(r) => { while (r) {} return false }'), 'checker-out-of-time'],
  [script('while (true) {}'), 'checker-out-of-time'],
  [script('const f = (r) => f(r) + 1; f'), 'checker-failed'],
  [script('(r) => { let s = r; while (s) s += s; return false }'), 'checker-failed'],
  [script('31'), 'checker-failed'],
  [script('(('), 'checker-failed'],
  [script('() => true'), 'checker-matches-everything'],
  [script('(r) => r && typeof process.exit'), 'checker-failed'],
  [regex('('), 'checker-failed'],
  [regex('.*'), 'checker-matches-everything'],
  [regex('^(a+)+$'), 'checker-out-of-time'],
  [regex('.+'), 'checker-matches-everything'],
  [regex('[a-z]+'), 'checker-matches-everything'],
  [script('(r) => r.length > 3'), 'checker-matches-everything'],
  [{kind: 'text'} as const, 'checker-matches-everything'],
])('%j is refused as %s', async (checker, code) => {
  const judging = judged(checker, '', `${'a'.repeat(40)}b`)
  await expect(judging).rejects.toMatchObject({problem: {code}})
})

/** The problem that a script ends in, on nonsense or on the response 'ba…a'. */
async function problemOf(source: string) {
  const judging = judged(script(source), '31', `b${'a'.repeat(40)}`)
  const error = await judging.catch((caught: unknown) => caught)
  if (error instanceof ProblemError) return error.problem
  throw new Error(`no problem, but ${String(error)}`)
}

describe('inside a built-in function, which nothing interrupts', () => {
  it.each([
    '"a".repeat(1e7).indexOf("a".repeat(5e6) + "b") > 0',
    'Boolean((() => { for (const a = [];;) a.push(new Array(1e6).fill(1)) })())',
  ])('%s ends with its thread, and everything else goes on', async (long) => {
    let turnCount = 0
    const turns = setInterval(() => turnCount++, 10)
    const problem = await problemOf(`(r) => r[0] === 'b' && ${long}`).finally(() =>
      clearInterval(turns)
    )
    expect(['checker-out-of-time', 'checker-failed']).toContain(problem.code)
    if (problem.code === 'checker-out-of-time') expect(problem.found).toContain('250 ms on "baaa')
    expect(problem).toMatchObject({field: 'checker', expected: expect.any(String)})
    expect(turnCount).toBeGreaterThan(10)
  })

  it('the one that hangs is named among many', async () => {
    const source = `(r) => r === 'x' && "a".repeat(1e7).indexOf("a".repeat(5e6) + "b") > 0`
    const check = await openAnswerCheck(script(source), '')
    const judging = check.areRight([...Array.from({length: 50}, (_, i) => `${i}`), 'x', 'y'])
    await expect(judging).rejects.toMatchObject({
      problem: {code: 'checker-out-of-time', found: 'it took more than 250 ms on "x"'},
    })
    // What has ended says so again.
    await expect(check.areRight(['y'])).rejects.toMatchObject({
      problem: {code: 'checker-out-of-time'},
    })
    check.close()
  })

  it('whoever stops waiting has the thread ended', async () => {
    const stop = new AbortController()
    const source = `(r) => { while (r === 'x') {} return false }`
    const check = await openAnswerCheck(script(source), '', stop.signal)
    const judging = check.areRight(['x'])
    stop.abort(new Error('left'))
    await expect(judging).rejects.toThrow('left')
    await expect(openAnswerCheck(script(source), '', stop.signal)).rejects.toThrow('left')
  })
})

it.each([
  ['async (r) => false', 'a promise', 'without async'],
  ['(r) => "yes"', 'a string, "yes"', 'Boolean'],
])('%s gives neither true nor false', async (source, kind, advice) => {
  expect(await problemOf(source)).toEqual({
    code: 'checker-failed',
    message: 'The checker script gives neither true nor false.',
    field: 'checker',
    found: `it gave ${kind} on ""`,
    expected: 'a function of (response, answer) that gives true or false',
    advice: expect.stringContaining(advice),
  })
})

it.each([
  [{kind: 'number', marker: 'Answer:'}, 'thirty-one', 'answer-not-a-number'],
  [{kind: 'number', marker: 'Answer:'}, '', 'answer-not-a-number'],
  [{kind: 'one-of', options: ['yes', 'no']}, 'maybe', 'answer-not-an-option'],
  [{kind: 'one-of', options: ['yes', 'no']}, '', 'answer-not-an-option'],
] as const)('%j does not find the answer “%s”', async (checker, answer, code) => {
  await expect(judged(checker as Parameters<typeof judged>[0], answer)).rejects.toMatchObject({
    problem: {
      ...{code, field: 'answer', expected: expect.any(String), advice: expect.any(String)},
      found: answer === '' ? 'no answer' : `"${answer}"`,
    },
  })
})

it('an answer that is found is not refused', async () => {
  const number = {kind: 'number', marker: 'Answer:'} as const
  expect(await judged(number, ' −1,200.5 ', 'Answer: -1200.5')).toEqual([true])
  const options = {kind: 'one-of', options: ['yes', 'no']} as const
  expect(await judged({...options, options: ['yes', 'no']}, ' yes', 'so yes')).toEqual([true])
})
