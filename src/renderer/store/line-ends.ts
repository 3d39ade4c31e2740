/** How lines end in a text. */
export type LineEnds = 'none' | 'lf' | 'crlf' | 'cr' | 'mixed'

/** What a text area makes of a text: every line ends in LF. */
export function normalizedLineEnds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/gu, '\n') : text
}

/** Which line ends a text has; `mixed` where it has more than one kind. */
export function lineEndsOf(text: string): LineEnds {
  if (!text.includes('\r')) return text.includes('\n') ? 'lf' : 'none'
  const withoutPairs = text.replace(/\r\n/gu, '')
  const kinds: LineEnds[] = []
  if (withoutPairs.length < text.length) kinds.push('crlf')
  if (withoutPairs.includes('\r')) kinds.push('cr')
  if (withoutPairs.includes('\n')) kinds.push('lf')
  return kinds.length === 1 ? kinds[0]! : 'mixed'
}

/**
 * The text after an edit in a text area, which only ever shows LF: what the edit left alone keeps the
 * line ends it has in `stored`, and new lines end as the others do.
 */
export function withEdit(stored: string, edited: string): string {
  if (!stored.includes('\r')) return edited
  const shown = normalizedLineEnds(stored)
  let prefix = 0
  const mostPrefix = Math.min(shown.length, edited.length)
  while (prefix < mostPrefix && shown.charCodeAt(prefix) === edited.charCodeAt(prefix)) prefix++
  let suffix = 0
  const mostSuffix = mostPrefix - prefix
  while (
    suffix < mostSuffix &&
    shown.charCodeAt(shown.length - 1 - suffix) === edited.charCodeAt(edited.length - 1 - suffix)
  ) {
    suffix++
  }
  const middle = edited.slice(prefix, edited.length - suffix)
  const ends = lineEndsOf(stored)
  const lineEnd = ends === 'crlf' ? '\r\n' : ends === 'cr' ? '\r' : '\n'
  return joined(
    joined(
      stored.slice(0, storedIndex(stored, prefix)),
      lineEnd === '\n' ? middle : middle.replaceAll('\n', lineEnd)
    ),
    stored.slice(storedIndex(stored, shown.length - suffix))
  )
}

/** A CR and an LF that meet were two line ends, and must not become one. */
const joined = (before: string, after: string) =>
  before.endsWith('\r') && after.startsWith('\n') ? `${before}\n${after}` : before + after

/** Where in the stored text an index of the shown text lies; between the two signs of a CRLF never. */
export function storedIndex(stored: string, shownIndex: number): number {
  if (!stored.includes('\r')) return shownIndex
  let at = 0
  for (let shown = 0; shown < shownIndex && at < stored.length; shown++) {
    at += stored.charCodeAt(at) === 13 && stored.charCodeAt(at + 1) === 10 ? 2 : 1
  }
  return at
}
