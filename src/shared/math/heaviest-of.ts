/** The heaviest entries of a line of weights, heaviest first, and what all others come to. */
export function heaviestOf(
  line: Float32Array,
  count: number
): {
  readonly entries: readonly {readonly position: number; readonly weight: number}[]
  readonly rest: number
  readonly restCount: number
} {
  const entries: {position: number; weight: number}[] = []
  let rest = 0
  let restCount = 0
  for (let position = 0; position < line.length; position++) {
    const weight = line[position]!
    const size = Math.abs(weight)
    if (size === 0) continue
    const last = entries[count - 1]
    if (last && size <= Math.abs(last.weight)) {
      rest += weight
      restCount += 1
      continue
    }
    const at = entries.findIndex((entry) => size > Math.abs(entry.weight))
    entries.splice(at < 0 ? entries.length : at, 0, {position, weight})
    const dropped = entries.length > count ? entries.pop() : undefined
    if (dropped) {
      rest += dropped.weight
      restCount += 1
    }
  }
  return {entries, rest, restCount}
}
