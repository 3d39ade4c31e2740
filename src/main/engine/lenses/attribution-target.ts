import {ProblemError} from '../../../shared/domain/problem.ts'
import type {AttributeRequest} from '../../../shared/lenses/attribute.ts'
import {checkIds} from './encode-prompt.ts'
import {positionBeyond} from './rows.ts'

/** A target and the context that explains it. */
export interface TargetPlan {
  /** Where the target's tokens stand, or would stand. */
  readonly positions: readonly number[]
  readonly tokenIds: readonly number[]
  readonly contrastId: number | null
  /** The sequence that is run: up to the target's last token, which is predicted and need not be run. */
  readonly ids: Int32Array
  /** Positions whose rows predict the target, one a token of it. */
  readonly readPositions: readonly number[]
  /** Context positions that may be replaced, ascending. */
  readonly contextPositions: readonly number[]
  /** Inserted and special tokens of the context, which never are. */
  readonly specialPositions: readonly number[]
}

/** A text as targets are chosen from it. */
export interface TargetText {
  readonly ids: Int32Array
  /** Tokens before those that were appended to the prompt. */
  readonly promptTokenCount: number
  readonly isFixed: (position: number) => boolean
  readonly vocabularySize: number
  readonly contextLength: number
}

/** Flags that say what the target is; at most one may be given. */
const TARGET_NAMES = [
  'targetPosition',
  'targetToken',
  'targetSpan',
  'contrast',
  'allGenerated',
] as const

/**
 * The targets of a request, one a row; null where it is the likeliest token, which only a run tells. Throws a Problem
 * for a target that the text or the vocabulary does not have, and for a context with nothing to compare.
 */
export function planTargets(request: AttributeRequest, text: TargetText): TargetPlan[] | null {
  const given = TARGET_NAMES.filter(
    (name) => request[name] !== undefined && request[name] !== false
  )
  if (given.length > 1) throw severalTargets(given)
  const {ids, promptTokenCount} = text
  const {targetPosition, targetToken, targetSpan, contrast} = request
  if (targetPosition !== undefined) {
    if (targetPosition >= ids.length) throw positionBeyond(targetPosition, ids.length)
    return [planTarget(text, targetPosition, ids.subarray(targetPosition, targetPosition + 1))]
  }
  if (targetSpan) {
    const [start, end] = targetSpan
    if (end > ids.length) throw positionBeyond(end - 1, ids.length)
    return [planTarget(text, start, ids.subarray(start, end))]
  }
  if (targetToken !== undefined) {
    checkIds([targetToken], text.vocabularySize, 'targetToken')
    return [planTarget(text, ids.length, [targetToken])]
  }
  if (contrast) {
    checkIds(contrast, text.vocabularySize, 'contrast')
    return [planTarget(text, ids.length, [contrast[0]], contrast[1])]
  }
  if (request.allGenerated) {
    const count = ids.length - promptTokenCount
    if (count === 0) throw nothingGenerated()
    return Array.from({length: count}, (_, i) => {
      const position = promptTokenCount + i
      return planTarget(text, position, ids.subarray(position, position + 1))
    })
  }
  return null
}

/** Some consecutive tokens from a position on, each given all that stands before it. */
export function planTarget(
  text: TargetText,
  first: number,
  tokenIds: ArrayLike<number>,
  contrastId: number | null = null
): TargetPlan {
  const targets = Array.from(tokenIds)
  const positions = targets.map((_, i) => first + i)
  const ids = new Int32Array(first + targets.length - 1)
  ids.set(text.ids.subarray(0, Math.min(first, text.ids.length)))
  ids.set(targets.slice(0, -1), first)
  if (ids.length > text.contextLength) throw noRoom(ids.length, text.contextLength)
  const context = Array.from({length: first}, (_, position) => position)
  const contextPositions = context.filter((position) => !text.isFixed(position))
  if (contextPositions.length < 2) throw nothingToCompare(contextPositions.length)
  return {
    ...{positions, tokenIds: targets, contrastId, ids, contextPositions},
    readPositions: positions.map((position) => position - 1),
    specialPositions: context.filter(text.isFixed),
  }
}

function severalTargets(given: readonly string[]): ProblemError {
  return new ProblemError({
    code: 'several-targets',
    message: 'One run explains one target.',
    field: given.join(', '),
    found: `${given.length} targets`,
    expected: 'one of them, or none for the likeliest next token',
    advice: 'Give one of them, and run again for another.',
  })
}

function nothingGenerated(): ProblemError {
  return new ProblemError({
    code: 'nothing-generated',
    message: 'Nothing follows the prompt whose tokens could be explained.',
    field: 'allGenerated',
    found: 'no generated token',
    expected: 'at least one token after the prompt',
    advice: 'Let some be generated, or give ids that follow the prompt.',
  })
}

function nothingToCompare(count: number): ProblemError {
  return new ProblemError({
    code: 'context-too-short',
    message:
      'There is nothing to compare: the context has fewer than two tokens that can be replaced.',
    field: 'prompt',
    found: count === 1 ? '1 token before the target' : 'none before the target',
    expected: 'at least two; inserted and special tokens are never replaced',
    advice: 'Take a longer prompt, or a later target.',
  })
}

function noRoom(tokenCount: number, contextLength: number): ProblemError {
  return new ProblemError({
    code: 'prompt-too-long',
    message: 'The text with its target is longer than the context of the model.',
    field: 'prompt',
    found: `${tokenCount} tokens`,
    expected: `at most ${contextLength} tokens`,
    advice: 'Shorten it.',
  })
}
