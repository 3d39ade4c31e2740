/** What one call of a script may take: its own code is interrupted then. */
export const CALL_LIMIT_MS = 250
/**
 * And what it may take where it is inside a built-in function, which cannot be interrupted: then its thread is
 * ended. The time that the thread takes to start is in neither.
 */
export const THREAD_LIMIT_MS = 1000

/** `threw` also of a source that cannot be read, `ended` where its thread is gone. */
export type ScriptErrorKind = 'threw' | 'out-of-time' | 'no-function' | 'not-boolean' | 'ended'

/** What a script did instead of giving an answer. */
export class ScriptError extends Error {
  constructor(
    readonly kind: ScriptErrorKind,
    message: string
  ) {
    super(message)
    this.name = 'ScriptError'
  }
}

export const tookTooLong = () =>
  new ScriptError('out-of-time', `it took more than ${CALL_LIMIT_MS} ms`)
