import type {ScriptErrorKind} from './script-error.ts'

/** What a checker's thread is asked. */
export type CheckerCall =
  | {readonly kind: 'open'; readonly source: string}
  | {readonly kind: 'judge'; readonly responses: readonly string[]; readonly answer: string}

/** What it answers: `ready` once when its interpreter is loaded, then one answer a call. */
export type CheckerAnswer =
  | {readonly kind: 'ready'}
  | {readonly kind: 'opened'}
  | {readonly kind: 'judged'; readonly areRight: readonly boolean[]}
  | {
      readonly kind: 'failed'
      readonly error: ScriptErrorKind
      readonly message: string
      /** Of the responses that were asked of, the one that it failed on. */
      readonly index: number
    }

/** What it shares while it works, as Int32Array, so that one who cannot ask it can look. */
export const WORK_STATE = {
  /** Counts what was begun and what was ended: odd while a script runs. */
  turn: 0,
  /** Of the responses that were asked of, the one that the script runs on. */
  index: 1,
  size: 2,
} as const
