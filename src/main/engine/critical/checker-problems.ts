import {ProblemError} from '../../../shared/domain/problem.ts'
import type {AnswerChecker} from '../../../shared/lenses/critical-checker.ts'
import {CALL_LIMIT_MS, type ScriptError} from './script-error.ts'

const SHOWN_CHARACTERS = 120
const FUNCTION = 'a function of (response, answer) that gives true or false'

/** What a script or an expression did, and on which response where it was on one. */
export function checkerProblem(
  checker: AnswerChecker,
  error: ScriptError,
  response?: string
): ProblemError {
  const isRegex = checker.kind === 'regex'
  const name = isRegex ? 'The regular expression' : 'The checker script'
  const on =
    response === undefined ? '' : ` on ${JSON.stringify(response.slice(-SHOWN_CHARACTERS))}`
  const where = {
    field: 'checker',
    ...(checker.kind === 'script' && checker.file ? {file: checker.file} : {}),
  }
  const found = `${error.message}${on}`
  if (error.kind === 'out-of-time') {
    return new ProblemError({
      ...{code: 'checker-out-of-time', message: `${name} does not come to an end.`},
      ...{...where, found},
      expected: `an answer within ${CALL_LIMIT_MS} ms`,
      advice: isRegex
        ? 'Write it without repetitions inside of repetitions.'
        : 'Look for a loop that never ends, or for work on very long texts.',
    })
  }
  if (error.kind === 'not-boolean') {
    return new ProblemError({
      ...{code: 'checker-failed', message: `${name} gives neither true nor false.`},
      ...{...where, found, expected: FUNCTION},
      advice: error.message.includes('promise')
        ? 'Write it without async: it is asked for an answer at once.'
        : 'Have it compare, as in response.endsWith(answer), or write Boolean(…) around what it returns.',
    })
  }
  return new ProblemError({
    ...{code: 'checker-failed', message: `${name} cannot be run.`},
    ...{...where, found},
    expected: isRegex ? 'a regular expression of JavaScript' : FUNCTION,
    advice: isRegex
      ? 'Mend the expression.'
      : 'Write a file whose value is a function, such as (response, answer) => response.endsWith(answer).',
  })
}

/** A checker that takes what cannot be right. */
export function matchesEverything(checker: AnswerChecker, taken: string): ProblemError {
  return new ProblemError({
    code: 'checker-matches-everything',
    message: `The checker takes ${taken === '' ? 'an empty response' : 'a response without sense'} for right, so it would take any.`,
    field: 'checker',
    found: `${checker.kind === 'regex' ? checker.pattern : checker.kind}, true of ${JSON.stringify(taken)}`,
    expected: 'a checker that tells right responses from wrong ones',
    advice: 'Give an answer, or have the checker look for more.',
  })
}
