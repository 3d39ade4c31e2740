/** The command was called in a way it does not understand: exit code 2, one line. */
export class UsageError extends Error {}

/** Exit codes of every command (cli contract). */
export const EXIT = {done: 0, failed: 1, usage: 2, interrupted: 130} as const
