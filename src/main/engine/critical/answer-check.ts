import {ProblemError} from '../../../shared/domain/problem.ts'
import {type AnswerChecker, checkAnswer, numberOf} from '../../../shared/lenses/critical-checker.ts'
import {checkerProblem, matchesEverything} from './checker-problems.ts'
import {CheckerThread, JudgeError} from './checker-thread.ts'

/** Tells right responses from wrong ones. Close it when it is not needed any more. */
export interface AnswerCheck {
  /**
   * Whether each of some responses is right, asked together since asking costs more than judging one. Throws a Problem
   * where the checker throws, gives anything but true or false, or does not come to an end.
   */
  areRight(responses: readonly string[]): Promise<readonly boolean[]>
  close(): void
}

export async function isRight(check: AnswerCheck, response: string): Promise<boolean> {
  return (await check.areRight([response]))[0]!
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

/** What no response is: neither of them is right by a checker that can tell. */
const NONSENSE = ['', ' Qzx vwk jbt.'] as const

/**
 * Opens a checker and tries it on nothing and on nonsense: a Problem is thrown where it cannot be read, where it takes
 * either for right, since then it would take any, and where the answer is none that it could find.
 */
export async function openAnswerCheck(
  checker: AnswerChecker,
  answer: string,
  signal?: AbortSignal
): Promise<AnswerCheck> {
  refuseAnswer(checker, answer)
  const check = await open(checker, answer, signal)
  try {
    const taken = (await check.areRight(NONSENSE)).indexOf(true)
    if (taken >= 0) throw matchesEverything(checker, NONSENSE[taken]!)
    return check
  } catch (error) {
    check.close()
    throw error
  }
}

function refuseAnswer(checker: AnswerChecker, answer: string): void {
  const refused = (code: string, message: string, expected: string, advice: string) =>
    new ProblemError({
      ...{code, message, field: 'answer', expected, advice},
      found: answer.trim() === '' ? 'no answer' : JSON.stringify(answer),
    })
  if (checker.kind === 'number' && numberOf(answer) === null) {
    throw refused(
      'answer-not-a-number',
      `The checker compares numbers after ${JSON.stringify(checker.marker)}, and the answer is none.`,
      'a number in digits, such as 31 or −1,200.5',
      'Write the answer in digits, or choose a checker of text.'
    )
  }
  if (checker.kind === 'one-of' && !checker.options.includes(answer.trim())) {
    throw refused(
      'answer-not-an-option',
      'The answer is none of the options that the checker looks for.',
      `one of ${checker.options.map((option) => JSON.stringify(option)).join(', ')}`,
      'Give one of the options as the answer, or add it to them.'
    )
  }
}

async function open(
  checker: AnswerChecker,
  answer: string,
  signal: AbortSignal | undefined
): Promise<AnswerCheck> {
  if (checker.kind !== 'regex' && checker.kind !== 'script') {
    return {
      areRight: async (responses) =>
        responses.map((response) => checkAnswer(checker, response, answer)),
      close() {},
    }
  }
  const source =
    checker.kind === 'script'
      ? checker.source
      : `${REGEX_SOURCE}(${JSON.stringify(checker.pattern)})`
  let thread: CheckerThread
  try {
    thread = await CheckerThread.open(source, signal)
  } catch (error) {
    throw error instanceof JudgeError ? checkerProblem(checker, error.script) : error
  }
  return {
    async areRight(responses) {
      try {
        return await thread.judge(responses, answer, signal)
      } catch (error) {
        throw error instanceof JudgeError
          ? checkerProblem(checker, error.script, responses[error.index])
          : error
      }
    },
    close: () => thread.close(),
  }
}
