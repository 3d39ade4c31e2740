/** Which keys each query may see: keys [starts[i], ends[i]) of query i. */
export interface VisibleKeys {
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/**
 * Keys up to the query itself, at most `window` of them; every key where it is not causal.
 * @param window Keys that a query sees, itself included; null is no bound.
 */
export function visibleKeys(
  tokenCount: number,
  {isCausal, window = null}: {isCausal: boolean; window?: number | null}
): VisibleKeys {
  const starts = new Int32Array(tokenCount)
  const ends = new Int32Array(tokenCount).fill(tokenCount)
  for (let query = 0; query < tokenCount; query++) {
    if (isCausal) ends[query] = query + 1
    if (window !== null) starts[query] = Math.max(0, query + 1 - window)
  }
  return {starts, ends}
}

/** Whether a query may see a key. */
export function isVisible({starts, ends}: VisibleKeys, query: number, key: number): boolean {
  return key >= starts[query]! && key < ends[query]!
}

/** Whether no query sees a key after itself. */
export function isCausalOver({ends}: VisibleKeys): boolean {
  return ends.every((end, query) => end <= query + 1)
}
