import type {CriticalRequest, CriticalResponse} from '../../../shared/lenses/critical.ts'
import {isAnswered} from '../../../shared/lenses/critical-checker.ts'
import {isRight as isRightBy, openAnswerCheck} from '../critical/answer-check.ts'
import {givenResponse, sampledResponse, textOf} from './critical-response.ts'
import {openCriticalText} from './critical-text.ts'
import type {TreeContext} from './tree-models.ts'

/**
 * The response of a request as ids, given or sampled, and whether its checker takes it for right: so a checker is
 * tried before anything long is run. Throws a Problem.
 */
export async function respondCritical(
  context: TreeContext,
  request: CriticalRequest,
  outer?: AbortSignal
): Promise<CriticalResponse> {
  const signal = outer ?? new AbortController().signal
  const {checker, answer} = request
  // A response may be typed before its answer is.
  const check =
    checker && isAnswered(checker, answer) ? await openAnswerCheck(checker, answer, signal) : null
  try {
    const opening = openCriticalText(context, request, signal)
    let step = await opening.next()
    while (!step.done) step = await opening.next()
    const {branches, options, tokenizer, limits} = step.value
    const given = await givenResponse(request, tokenizer, limits)
    const {seed} = request
    const sampled = given
      ? null
      : await sampledResponse(branches, options, {seed, check, tokenizer})
    const responseIds = given ?? [...sampled!.ids]
    const isRight = check ? await isRightBy(check, textOf(responseIds, tokenizer)) : null
    return {
      responseIds,
      verdict: isRight === null ? 'unchecked' : isRight ? 'right' : 'wrong',
      tryCount: sampled?.tryCount ?? null,
    }
  } finally {
    check?.close()
  }
}
