/** How long the rest takes at the pace so far; null before anything is done. */
export function secondsLeftAt(
  elapsedMs: number,
  {done, total}: {readonly done: number; readonly total: number}
): number | null {
  return done > 0 ? ((elapsedMs / done) * Math.max(0, total - done)) / 1000 : null
}
