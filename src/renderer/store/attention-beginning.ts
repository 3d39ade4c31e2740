import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'

/** Beginnings by the first token: a run that is done anew has others. */
const beginnings = new WeakMap<object, TokensRun>()

/** A run as it was after so many tokens; the same object as long as these are the same. */
export function beginningOf(data: TokensRun, count: number): TokensRun {
  const [first] = data.tokens
  if (!first || count === data.tokens.length) return data
  const known = beginnings.get(first)
  const isSame = known?.tokens.length === count && known.tokens.at(-1) === data.tokens[count - 1]
  if (isSame) return known
  const beginning = {...data, tokens: data.tokens.slice(0, count)}
  beginnings.set(first, beginning)
  return beginning
}
