/** The tokens that are seen; ends need not be whole. */
export interface TokenWindow {
  readonly start: number
  readonly span: number
}

/** Narrower columns than this take several tokens. */
const LEAST_COLUMN_PX = 6.5
/** How many tokens share a column so that columns can be told apart: a power of two. */
export function tokensPerColumnOf(span: number, widthPx: number): number {
  let count = 1
  while ((widthPx * count) / span < LEAST_COLUMN_PX) count *= 2
  return count
}

/** Tokens that a window needs columns for, whole columns of them. */
export function columnsWindow(
  {start, span}: TokenWindow,
  tokenCount: number,
  tokensPerColumn: number
): [number, number] {
  const first = Math.floor(Math.floor(start) / tokensPerColumn) * tokensPerColumn
  const end = Math.ceil(Math.ceil(start + span - 1e-9) / tokensPerColumn) * tokensPerColumn
  return [Math.max(0, first), Math.min(tokenCount, Math.max(end, first + 1))]
}
