/** What is to be found, as it is sent to the thread that looks. */
export interface MatchQuery {
  readonly text: string
  readonly source: string
  readonly flags: string
  /** Matches after this many are not looked for. */
  readonly mostMatches: number
}

/** What the thread says: first that it is there, then its answer. */
export type MatchAnswer =
  | {readonly kind: 'ready'}
  | {
      readonly kind: 'matches'
      /** Start and end of each match, one after the other, as UTF-16 indices. */
      readonly bounds: Uint32Array
      readonly isCut: boolean
    }
  | {readonly kind: 'syntax'; readonly message: string}

/**
 * Finds every match of a regular expression, left to right; empty matches are passed over. It may run
 * for ever, so it is called only where it can be stopped from outside. Never throws.
 */
export function findMatches({text, source, flags, mostMatches}: MatchQuery): MatchAnswer {
  let expression: RegExp
  try {
    expression = new RegExp(source, fullFlags(flags))
  } catch (error) {
    return {kind: 'syntax', message: error instanceof Error ? error.message : String(error)}
  }
  const bounds: number[] = []
  for (const match of text.matchAll(expression)) {
    if (match[0].length === 0) continue
    if (bounds.length === 2 * mostMatches) {
      return {kind: 'matches', bounds: Uint32Array.from(bounds), isCut: true}
    }
    bounds.push(match.index, match.index + match[0].length)
  }
  return {kind: 'matches', bounds: Uint32Array.from(bounds), isCut: false}
}

/** All matches are wanted, and whole characters. */
function fullFlags(flags: string): string {
  const all = flags.includes('g') ? flags : `${flags}g`
  return /[uv]/.test(all) ? all : `${all}u`
}
