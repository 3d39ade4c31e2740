import {type Token, tokensOfTable} from '../../shared/domain/token.ts'
import type {NextTokens} from '../../shared/lenses/tokens.ts'
import {exp} from '../../shared/math/exp.ts'

export interface InsteadRows {
  /** Likeliest first, by raw probability over the whole vocabulary. */
  readonly rows: readonly {readonly token: Token; readonly prob: number}[]
  /** Of all tokens without a row, and how many those are. */
  readonly restProb: number
  readonly restCount: number
}

/** A next-token table as so many rows and the rest: what the table has beyond them is folded into it. */
export function insteadRows(table: NextTokens, rowCount: number): InsteadRows {
  const probs = Array.from(table.rawLogprobs, exp)
  const folded = probs.slice(rowCount)
  return {
    rows: tokensOfTable(table.tokens)
      .slice(0, rowCount)
      .map((token, i) => ({token, prob: probs[i]!})),
    restProb: folded.reduce((sum, prob) => sum + prob, table.rawRestProb),
    restCount: table.restCount + folded.length,
  }
}
