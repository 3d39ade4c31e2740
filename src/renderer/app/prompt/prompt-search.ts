import {ProblemError} from '../../../shared/domain/problem.ts'
import {findMatches} from '../../../shared/units/find-matches.ts'
import type {ByteSpan} from '../../../shared/units/unit-choice.ts'
import {matchRegex} from '../../workers/match-regex.ts'
import type {FoundSpan} from './prompt-area.tsx'

export interface SearchQuery {
  readonly words: string
  readonly isCase: boolean
  readonly isWord: boolean
  readonly isRegex: boolean
}

export interface Found {
  /** By text, in the order of the texts. */
  readonly spans: readonly (readonly FoundSpan[])[]
  /** Why there is nothing, where that is not because nothing matches. */
  readonly problem: string | null
  readonly isCut: boolean
}

export const NOTHING_FOUND: Found = {spans: [], problem: null, isCut: false}
const MOST_MATCHES = 10_000

function sourceOf({words, isWord, isRegex}: SearchQuery): string {
  const source = isRegex ? words : words.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&')
  const edge = '[\\p{L}\\p{N}_]'
  return isWord ? `(?<!${edge})(?:${source})(?!${edge})` : source
}

/** UTF-16 spans of ascending byte spans. */
export function shownSpans(text: string, spans: readonly ByteSpan[]): FoundSpan[] {
  let at = 0
  let byte = 0
  const indexOf = (target: number) => {
    while (byte < target && at < text.length) {
      const code = text.codePointAt(at)!
      byte += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
      at += code > 0xffff ? 2 : 1
    }
    return at
  }
  return spans.map(({byteStart, byteEnd}) => ({from: indexOf(byteStart), to: indexOf(byteEnd)}))
}

/**
 * Finds words or a regular expression in some texts. An expression is looked for in a worker that is
 * stopped after a second; plain words cannot take long.
 */
export async function searchTexts(
  texts: readonly string[],
  query: SearchQuery,
  signal: AbortSignal
): Promise<Found> {
  if (query.words === '') return NOTHING_FOUND
  const source = sourceOf(query)
  const flags = query.isCase ? 'gu' : 'giu'
  const spans: FoundSpan[][] = []
  let isCut = false
  try {
    for (const text of texts) {
      if (query.isRegex) {
        const options = {signal, mostMatches: MOST_MATCHES}
        const {spans: bytes, warnings} = await matchRegex(text, {source, flags}, options)
        spans.push(shownSpans(text, bytes))
        isCut ||= warnings.length > 0
      } else {
        const answer = findMatches({text, source, flags, mostMatches: MOST_MATCHES})
        if (answer.kind !== 'matches') continue
        const own: FoundSpan[] = []
        for (let i = 0; i < answer.bounds.length; i += 2) {
          own.push({from: answer.bounds[i]!, to: answer.bounds[i + 1]!})
        }
        spans.push(own)
        isCut ||= answer.isCut
      }
    }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const {message, found, code} = error.problem
    return {
      spans: [],
      problem: code === 'regex-syntax' ? (found ?? message) : message,
      isCut: false,
    }
  }
  return {spans, problem: null, isCut}
}
