import {isInsertedToken, type TokenTable} from '../domain/token.ts'

/** Counts over words; those of parts of a text add up. */
export interface WordCounts {
  wordCount: number
  /** Tokens that belong to a word. */
  wordTokenCount: number
  /** Words with two tokens or more. */
  continuedWordCount: number
}

export function emptyWordCounts(): WordCounts {
  return {wordCount: 0, wordTokenCount: 0, continuedWordCount: 0}
}

/**
 * Adds how a text's words are cut to `counts`. `words` are [start, end) pairs in bytes, ascending. A
 * token belongs to the word that owns most of its bytes, the earlier of two with as many; one without a
 * width to the word it stands in; one without a byte of any word to none (tokenizer notes, 9.1).
 */
export function countWords(table: TokenTable, words: Uint32Array, counts: WordCounts): void {
  const wordCount = words.length / 2
  const perWord = new Uint32Array(wordCount)
  let word = 0
  for (let i = 0; i < table.ids.length; i++) {
    if (isInsertedToken(table.flags[i]!)) continue
    const start = table.byteStarts[i]!
    const end = table.byteEnds[i]!
    while (word < wordCount && words[2 * word + 1]! < start) word++
    let owner = -1
    let most = start === end ? -1 : 0
    for (let w = word; w < wordCount && words[2 * w]! <= end; w++) {
      const overlap = Math.min(end, words[2 * w + 1]!) - Math.max(start, words[2 * w]!)
      if (overlap > most) {
        most = overlap
        owner = w
      }
    }
    if (owner < 0) continue
    perWord[owner]!++
    counts.wordTokenCount++
  }
  counts.wordCount += wordCount
  for (const tokens of perWord) if (tokens >= 2) counts.continuedWordCount++
}

/** Tokens a word, and the share of words that are cut; null for a text without words. */
export function fertilityOf({wordCount, wordTokenCount, continuedWordCount}: WordCounts) {
  return {
    fertility: wordCount === 0 ? null : wordTokenCount / wordCount,
    continuedWordShare: wordCount === 0 ? null : continuedWordCount / wordCount,
  }
}

/** Tokens of sentences that mean the same, and how they compare with the reference language's. */
export function premiumOf(
  tokenCounts: readonly number[],
  referenceCounts: readonly number[]
): number | null {
  const total = tokenCounts.reduce((sum, count) => sum + count, 0)
  const reference = referenceCounts.reduce((sum, count) => sum + count, 0)
  return reference === 0 ? null : total / reference
}

/**
 * How unequal costs of n languages are: Σ|cᵢ − cⱼ| / (2n²·mean), 0 for equal ones. Null for fewer than
 * two (tokenizer notes, 9.5).
 */
export function fairnessGini(costs: readonly number[]): number | null {
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length
  if (costs.length < 2 || mean === 0) return null
  let sum = 0
  for (const a of costs) for (const b of costs) sum += Math.abs(a - b)
  return sum / (2 * costs.length ** 2 * mean)
}

/**
 * How evenly a vocabulary is used: Rényi entropy of order `alpha` in bits, divided by log2 of the number
 * of distinct tokens. Null for fewer than two (Zouhar et al. 2023; tokenizer notes, 9.7).
 */
export function renyiEfficiency(
  counts: Iterable<number>,
  alpha = 2.5
): {entropyBits: number; efficiency: number} | null {
  const used = [...counts].filter((count) => count > 0)
  if (used.length < 2) return null
  const total = used.reduce((sum, count) => sum + count, 0)
  const shares = used.map((count) => count / total)
  const entropyBits =
    alpha === 1
      ? -shares.reduce((sum, share) => sum + share * Math.log2(share), 0)
      : Math.log2(shares.reduce((sum, share) => sum + share ** alpha, 0)) / (1 - alpha)
  return {entropyBits, efficiency: entropyBits / Math.log2(used.length)}
}
