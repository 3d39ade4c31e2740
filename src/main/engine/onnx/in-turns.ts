import {setImmediate as nextTurn} from 'node:timers/promises'

/** Work that stops between its steps. */
export type Steps<Result> = Generator<void, Result, undefined>

/** All steps at once. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const {done, value} = steps.next()
    if (done) return value
  }
}

/** One step a turn, so that the thread answers between them. Aborted, it rejects before the next one. */
export async function inTurns<Result>(steps: Steps<Result>, signal?: AbortSignal): Promise<Result> {
  for (;;) {
    const {done, value} = steps.next()
    if (done) return value
    await nextTurn()
    signal?.throwIfAborted()
  }
}
