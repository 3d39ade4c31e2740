import {ORPCError} from '@orpc/client'
import {type Problem, ProblemError, problemSchema} from '../domain/problem.ts'

/** A problem as the client's calls throw it: the contract's own error `PROBLEM`. */
export function problemError(problem: Problem): ORPCError<'PROBLEM', Problem> {
  return new ORPCError('PROBLEM', {defined: true, message: problem.message, data: problem})
}

/** The problem behind something that was caught; null where it is a bug or a cancellation. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof ProblemError) return error.problem
  if (error instanceof ORPCError && error.code === 'PROBLEM') {
    const parsed = problemSchema.safeParse(error.data)
    if (parsed.success) return parsed.data
  }
  return null
}

/** It was thrown because somebody cancelled, not because anything went wrong. */
export function isCancellation(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
