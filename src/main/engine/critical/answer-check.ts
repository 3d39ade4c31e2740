import {ProblemError} from '../../../shared/domain/problem.ts'
import {type AnswerChecker, checkAnswer} from '../../../shared/lenses/critical-checker.ts'
import {CALL_LIMIT_MS, Sandbox, ScriptError} from './sandbox.ts'

/** Tells right responses from wrong ones. Close it when it is not needed any more. */
export interface AnswerCheck {
  /** Throws a Problem where the checker throws, or does not come to an end. */
  isRight(response: string): boolean
  close(): void
}

/** What a regular expression is run by: in the sandbox, since an expression may run away like any script. */
const REGEX_SOURCE = `((pattern) => {
  const regex = new RegExp(pattern, 'gu')
  return (text, answer) => {
    const matches = [...text.matchAll(regex)]
    const last = matches.at(-1)
    if (!last) return false
    return last.length === 1 || (last[1] ?? '').trim() === answer.trim()
  }
})`

/**
 * Opens a checker and tries it on nothing: a Problem is thrown where it cannot be read, and where it takes an
 * empty response for right, since then it would take any.
 */
export async function openAnswerCheck(
  checker: AnswerChecker,
  answer: string
): Promise<AnswerCheck> {
  const check = await open(checker, answer)
  try {
    if (check.isRight('')) throw matchesEverything(checker)
    return check
  } catch (error) {
    check.close()
    throw error
  }
}

async function open(checker: AnswerChecker, answer: string): Promise<AnswerCheck> {
  if (checker.kind !== 'regex' && checker.kind !== 'script') {
    return {isRight: (response) => checkAnswer(checker, response, answer), close() {}}
  }
  const source =
    checker.kind === 'script'
      ? checker.source
      : `${REGEX_SOURCE}(${JSON.stringify(checker.pattern)})`
  let sandbox: Sandbox
  try {
    sandbox = await Sandbox.create(source)
  } catch (error) {
    throw problemOf(checker, error)
  }
  return {
    isRight(response) {
      try {
        return sandbox.call(response, answer)
      } catch (error) {
        throw problemOf(checker, error, response)
      }
    },
    close: () => sandbox.close(),
  }
}

const SHOWN_CHARACTERS = 120

function problemOf(checker: AnswerChecker, error: unknown, response?: string): unknown {
  if (!(error instanceof ScriptError)) return error
  const isRegex = checker.kind === 'regex'
  const name = isRegex ? 'The regular expression' : 'The checker script'
  const on =
    response === undefined ? '' : ` on ${JSON.stringify(response.slice(-SHOWN_CHARACTERS))}`
  const found = `${error.message}${on}`
  const file = checker.kind === 'script' && checker.file ? {file: checker.file} : {}
  if (error.kind === 'out-of-time') {
    return new ProblemError({
      ...{
        code: 'checker-out-of-time',
        message: `${name} does not come to an end.`,
        field: 'checker',
      },
      ...file,
      found,
      expected: `an answer within ${CALL_LIMIT_MS} ms`,
      advice: isRegex
        ? 'Write it without repetitions inside of repetitions.'
        : 'Look for a loop that never ends.',
    })
  }
  return new ProblemError({
    ...{code: 'checker-failed', message: `${name} cannot be run.`, field: 'checker'},
    ...file,
    found,
    expected: isRegex
      ? 'a regular expression of JavaScript'
      : 'a function of (response, answer) that gives true or false',
    advice: isRegex
      ? 'Mend the expression.'
      : 'Write a file whose value is a function, such as (response, answer) => response.endsWith(answer).',
  })
}

function matchesEverything(checker: AnswerChecker): ProblemError {
  return new ProblemError({
    code: 'checker-matches-everything',
    message: 'The checker takes an empty response for right, so it would take any.',
    field: 'checker',
    found: checker.kind === 'regex' ? checker.pattern : checker.kind,
    expected: 'a checker that tells right responses from wrong ones',
    advice: 'Give an answer, or have the checker look for more.',
  })
}
