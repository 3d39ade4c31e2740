/** What is combined with the scores of a site in one run, [query head, query, key] in the smallest form. */
export type ScoreOperand =
  | {readonly kind: 'constant'; readonly value: number}
  | RangesOperand
  | DenseOperand
/**
 * The same for all heads: `inside` for keys [starts[q], ends[q]), `outside` for the others. One entry for
 * every query of the run, or one for all.
 */
export interface RangesOperand {
  readonly kind: 'ranges'
  readonly inside: number
  readonly outside: number
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}
/** Entry head × headStride + query × queryStride + key × keyStride; a stride of 0 is the same for all. */
export interface DenseOperand {
  readonly kind: 'dense'
  readonly values: Float32Array
  readonly headStride: number
  readonly queryStride: number
  readonly keyStride: number
}

/** Numbers [head, query, key]; an axis of length 1 is the same for all. */
export interface ScoreValues {
  readonly values: Float32Array
  readonly headCount: number
  readonly queryCount: number
  readonly keyCount: number
}

/**
 * Numbers in the smallest form that gives them back exactly: one number, ranges of keys (masks), or as they
 * are. The array is kept where it is needed, not copied.
 */
export function compactOperand(numbers: ScoreValues): ScoreOperand {
  const {values, headCount, queryCount, keyCount} = numbers
  const first = values[0] ?? 0
  const other = values.find((value) => !Object.is(value, first))
  if (other === undefined) return {kind: 'constant', value: first}
  if (headCount === 1 && keyCount > 1) {
    // A mask's larger number is the one that lets a key be seen.
    const [small, large] = first < other ? [first, other] : [other, first]
    const ranges = rangesOf(numbers, large, small) ?? rangesOf(numbers, small, large)
    if (ranges) return ranges
  }
  return {
    kind: 'dense',
    values,
    headStride: headCount === 1 ? 0 : queryCount * keyCount,
    queryStride: queryCount === 1 ? 0 : keyCount,
    keyStride: keyCount === 1 ? 0 : 1,
  }
}

function rangesOf(
  {values, queryCount, keyCount}: ScoreValues,
  inside: number,
  outside: number
): RangesOperand | null {
  const starts = new Uint32Array(queryCount)
  const ends = new Uint32Array(queryCount)
  for (let query = 0; query < queryCount; query++) {
    const row = values.subarray(query * keyCount, (query + 1) * keyCount)
    let start = 0
    while (start < keyCount && row[start] === outside) start++
    let end = start
    while (end < keyCount && row[end] === inside) end++
    for (let key = end; key < keyCount; key++) if (row[key] !== outside) return null
    starts[query] = start
    ends[query] = end
  }
  return {kind: 'ranges', inside, outside, starts, ends}
}

/** Writes the operand's numbers for keys [start, end) of a row to the same places of `row`. */
export function fillOperandRow(
  operand: ScoreOperand,
  {head, query, start, end}: {head: number; query: number; start: number; end: number},
  row: Float64Array
): void {
  switch (operand.kind) {
    case 'constant':
      row.fill(operand.value, start, end)
      return
    case 'ranges': {
      const [from, to] = rangeOf(operand, query)
      row.fill(operand.outside, start, end)
      row.fill(operand.inside, Math.max(start, from), Math.max(start, Math.min(end, to)))
      return
    }
    case 'dense': {
      const {values, headStride, queryStride, keyStride} = operand
      const base = head * headStride + query * queryStride
      for (let key = start; key < end; key++) row[key] = values[base + key * keyStride]!
    }
  }
}

/** Keys [start, end) for which an operand of ranges is `inside`. */
export function rangeOf({starts, ends}: RangesOperand, query: number): [number, number] {
  const row = starts.length === 1 ? 0 : query
  return [starts[row]!, ends[row]!]
}

export function operandByteLength(operand: ScoreOperand): number {
  if (operand.kind === 'dense') return operand.values.byteLength
  return operand.kind === 'ranges' ? operand.starts.byteLength + operand.ends.byteLength : 8
}
