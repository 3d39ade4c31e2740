import {STOPPED_ON_REQUEST} from '../shared/contract/stopped-on-request.ts'

/** How an engine process ended. */
export interface EngineExit {
  readonly code: number | null
  readonly signal: string | null
  /** The end of what it wrote to standard error. */
  readonly lastWords: string
}

const HEAP_EXHAUSTED = /heap out of memory|Reached heap limit|OOMErrorHandler/
const ALLOCATION_FAILED = /bad_alloc|Failed to allocate memory|Cannot allocate memory|mmap failed/i
/** What shells and Windows report for an access violation. */
const CRASH_SIGNALS = new Set(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP'])
const WINDOWS_ACCESS_VIOLATION = 0xc0000005

/** Why it ended, as half a sentence for a person: “ran out of memory”. */
export function exitWords({code, signal, lastWords}: EngineExit): string {
  if (lastWords.includes(STOPPED_ON_REQUEST)) return 'was stopped on request'
  if (HEAP_EXHAUSTED.test(lastWords)) return 'ran out of JavaScript memory'
  if (ALLOCATION_FAILED.test(lastWords)) return 'ran out of memory'
  if (signal === 'SIGKILL') {
    return process.platform === 'linux'
      ? 'was killed (SIGKILL), by hand or by the system for want of memory'
      : 'was killed (SIGKILL)'
  }
  if (signal === 'SIGABRT' || code === 134) return withLastLine('aborted (SIGABRT)', lastWords)
  if (signal && CRASH_SIGNALS.has(signal)) return `crashed in native code (${signal})`
  if (code !== null && code >>> 0 === WINDOWS_ACCESS_VIOLATION) {
    return 'crashed in native code (access violation)'
  }
  if (signal) return `was ended by ${signal}`
  if (code === 0) return 'ended by itself'
  return withLastLine(`stopped with exit code ${code}`, lastWords)
}

function withLastLine(words: string, lastWords: string): string {
  const lines = lastWords.split('\n').map((line) => line.trim())
  // Node prints the error, then its stack, then its own version.
  const error = lines.findLast((line) => /^(?:\w*Error|terminate called|what\(\)):?/.test(line))
  return error ? `${words}: ${error}` : words
}
