import {ProblemError, type Warning} from '../domain/problem.ts'
import type {DecodedText} from './decoded-text.ts'
import type {MatchAnswer, MatchQuery} from './find-matches.ts'
import type {ByteSpan} from './unit-choice.ts'

/** A thread that runs `findMatches`: says `ready`, then answers one query. */
export interface MatchThread {
  post(query: MatchQuery): void
  terminate(): void
}

/** Starts a thread; `answer` hears what it says, `fail` what ends it. */
export type StartMatchThread = (listener: {
  answer(answer: MatchAnswer): void
  fail(error: Error): void
}) => MatchThread

export interface MatchOptions {
  /** After this many milliseconds of looking the thread is stopped; 1,000 by default. */
  readonly limitMs?: number
  readonly signal?: AbortSignal
  readonly mostMatches?: number
}

export interface RegexMatches {
  /** Ascending, without overlap, none empty; in the bytes of the text. */
  readonly spans: ByteSpan[]
  readonly warnings: Warning[]
}

/** Finds the matches of a regular expression in a text, as byte spans. */
export type MatchRegex = (
  text: string | DecodedText,
  regex: {readonly source: string; readonly flags: string},
  options?: MatchOptions
) => Promise<RegexMatches>

const LIMIT_MS = 1000
const MOST_MATCHES = 100_000
const SHOWN_SOURCE = 200

/**
 * A matcher that looks in a thread of its own and stops it when its time is over, since an expression
 * such as `(a+)+$` may backtrack for longer than anybody lives. Rejects with a Problem
 * (`regex-timeout`, `regex-syntax`) or with the signal's reason.
 */
export function createRegexMatcher(start: StartMatchThread): MatchRegex {
  return async (text, regex, options = {}) => {
    const {limitMs = LIMIT_MS, mostMatches = MOST_MATCHES, signal} = options
    const plain = typeof text === 'string' ? text : text.text
    const query = {text: plain, source: regex.source, flags: regex.flags, mostMatches}
    const answer = await ask(start, query, limitMs, signal)
    if (answer.kind === 'syntax') throw syntaxProblem(query, answer.message)
    const warnings = answer.isCut ? [cutWarning(mostMatches)] : []
    return {spans: byteSpans(answer.bounds, text), warnings}
  }
}

type FinalAnswer = Exclude<MatchAnswer, {kind: 'ready'}>

function ask(
  start: StartMatchThread,
  query: MatchQuery,
  limitMs: number,
  signal: AbortSignal | undefined
): Promise<FinalAnswer> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    let timer: ReturnType<typeof setTimeout> | undefined
    const end = (settle: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      thread.terminate()
      settle()
    }
    const onAbort = () => end(() => reject(signal!.reason))
    const thread = start({
      answer(answer) {
        if (answer.kind !== 'ready') return end(() => resolve(answer))
        // Starting a thread takes its time on a busy machine, and is not the expression's fault.
        timer = setTimeout(() => end(() => reject(timeoutProblem(query, limitMs))), limitMs)
        thread.post(query)
      },
      fail: (error) => end(() => reject(error)),
    })
    signal?.addEventListener('abort', onAbort)
  })
}

function byteSpans(bounds: Uint32Array, text: string | DecodedText): ByteSpan[] {
  const spans: ByteSpan[] = []
  const byteAt =
    typeof text === 'string' ? byteCounter(text) : (index: number) => text.byteOf[index]!
  for (let i = 0; i < bounds.length; i += 2) {
    spans.push({byteStart: byteAt(bounds[i]!), byteEnd: byteAt(bounds[i + 1]!)})
  }
  return spans
}

/** UTF-8 bytes before a UTF-16 index; asked for ascending indices, it reads the text once. */
function byteCounter(text: string): (index: number) => number {
  let at = 0
  let byteCount = 0
  return (index) => {
    while (at < index) {
      const code = text.codePointAt(at)!
      byteCount += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
      at += code > 0xffff ? 2 : 1
    }
    return byteCount
  }
}

function written({source, flags}: MatchQuery): string {
  const shown = source.length > SHOWN_SOURCE ? `${source.slice(0, SHOWN_SOURCE)}…` : source
  return `/${shown}/${flags}`
}

function timeoutProblem(query: MatchQuery, limitMs: number): ProblemError {
  const limit = `${limitMs / 1000} s`
  return new ProblemError({
    code: 'regex-timeout',
    message: 'The regular expression took too long and was stopped.',
    field: 'unit',
    found: `${written(query)}, still looking after ${limit} in ${query.text.length} characters`,
    expected: `all matches within ${limit}`,
    advice:
      'Take out repetitions inside repetitions, such as (a+)+, or draw the spans by hand instead.',
  })
}

function syntaxProblem(query: MatchQuery, message: string): ProblemError {
  return new ProblemError({
    code: 'regex-syntax',
    message: 'The regular expression cannot be read.',
    field: 'unit',
    found: message,
    expected: 'a regular expression as JavaScript writes it, with flags of dgimsuvy',
    advice: `Correct ${written(query)}; a sign that is meant as itself takes a backslash before it, such as \\(.`,
  })
}

function cutWarning(mostMatches: number): Warning {
  return {
    code: 'regex-matches-cut',
    message: `The regular expression has more than ${mostMatches} matches; those after them count as outside.`,
  }
}
