/** How well words fit a text, and which of its characters they fit. */
export interface FuzzyMatch {
  /** Higher is better; a whole word at the beginning is about 100. */
  readonly score: number
  /** How its worst word is found: as it begins a word, inside of one or by initials, or with gaps. */
  readonly rank: FitRank
  /** Ascending UTF-16 indices. */
  readonly indices: readonly number[]
}

/** What fits better in kind stands before whatever its score is. */
export type FitRank = 'word' | 'part' | 'scattered'

const AT_START = 100
const AT_WORD = 80
/** A word that is typed in full goes before the beginning of a longer one. */
const WHOLE_BONUS = 5
const INSIDE = 50
const INITIALS = 40
const SCATTERED = 15
/** Letters of a scattered word may be spread over so many times its length. */
const MOST_SPREAD = 3
const LEAST_SCATTERED = 4

/**
 * Every word of the query has to be found in the text, in any order: as it stands, by the beginnings of
 * words (`opmo` in “Open a model folder”), or with other letters between. Null where one is not.
 */
export function fuzzyMatch(query: string, text: string): FuzzyMatch | null {
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean)
  const lower = lowerCase(text)
  const indices = new Set<number>()
  let score = 0
  let rank: FitRank = 'word'
  for (const word of words) {
    const match = matchWord(word, lower)
    if (!match) return null
    score += match.score
    if (compareRanks(match.rank, rank) > 0) rank = match.rank
    for (const index of match.indices) indices.add(index)
  }
  // Of two that fit alike the shorter one is meant.
  const mean = words.length === 0 ? 0 : score / words.length
  return {score: mean - text.length / 100, rank, indices: [...indices].sort((a, b) => a - b)}
}

const RANKS: readonly FitRank[] = ['word', 'part', 'scattered']

/** Below 0 where the first is the better in kind. */
export const compareRanks = (a: FitRank, b: FitRank) => RANKS.indexOf(a) - RANKS.indexOf(b)

/** In lower case, at the same places: some letters would become two. */
function lowerCase(text: string): string {
  const lower = text.toLowerCase()
  return lower.length === text.length ? lower : text
}

const isWordEnd = (text: string, end: number) =>
  end === text.length || !/[\p{L}\p{N}]/u.test(text[end]!)

const isWordStart = (text: string, index: number) =>
  index === 0 || !/[\p{L}\p{N}]/u.test(text[index - 1]!)

function matchWord(word: string, text: string): FuzzyMatch | null {
  let inside = -1
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (isWordStart(text, at)) {
      const isWhole = isWordEnd(text, at + word.length)
      const score = (at === 0 ? AT_START : AT_WORD) + (isWhole ? WHOLE_BONUS : 0)
      return {score, rank: 'word', indices: range(at, word)}
    }
    if (inside < 0) inside = at
  }
  if (inside >= 0) return {score: INSIDE, rank: 'part', indices: range(inside, word)}
  if (word.length < 2) return null
  const initials = matchInitials(word, text, 0, 0)
  if (initials) return {score: INITIALS, rank: 'part', indices: initials}
  return word.length < LEAST_SCATTERED ? null : matchScattered(word, text)
}

const range = (from: number, {length}: string) => Array.from({length}, (_, i) => from + i)

/** Each letter begins a word or follows the letter before it. */
function matchInitials(
  word: string,
  text: string,
  letter: number,
  from: number
): readonly number[] | null {
  if (letter === word.length) return []
  for (let at = from; at < text.length; at++) {
    if (text[at] !== word[letter]) continue
    if (!isWordStart(text, at) && (letter === 0 || at !== from)) continue
    const rest = matchInitials(word, text, letter + 1, at + 1)
    if (rest) return [at, ...rest]
  }
  return null
}

/** Letters with others between, each beside at least one of its neighbours: single ones fit anything. */
function matchScattered(word: string, text: string): FuzzyMatch | null {
  for (let start = text.indexOf(word[0]!); start >= 0; start = text.indexOf(word[0]!, start + 1)) {
    if (!isWordStart(text, start)) continue
    const indices = [start]
    for (const letter of [...word].slice(1)) {
      const at = text.indexOf(letter, indices.at(-1)! + 1)
      if (at < 0) return null
      indices.push(at)
    }
    const isNear = indices.at(-1)! - start < MOST_SPREAD * word.length
    if (isNear && areInPairs(indices)) return {score: SCATTERED, rank: 'scattered', indices}
  }
  return null
}

function areInPairs(indices: readonly number[]): boolean {
  return indices.every((at, i) => indices[i - 1] === at - 1 || indices[i + 1] === at + 1)
}
