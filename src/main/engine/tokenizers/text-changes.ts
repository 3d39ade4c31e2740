import {
  hexOfBytes,
  isChangedToken,
  isInsertedToken,
  type TokenTable,
} from '../../../shared/domain/token.ts'
import type {TextChange} from '../../../shared/lenses/tokenize.ts'

/** What a tokenizer did to a text: counts of all of it, and its first places. */
export interface TextChanges {
  changedByteCount: number
  droppedByteCount: number
  /** The first dropped bytes, in hex. */
  droppedBytesHex: string
  readonly changes: TextChange[]
}

const MAX_CHANGES = 100
const MAX_DROPPED_BYTES = 1000
/** Runs whose product of lengths is larger are told as one change. */
const MAX_TABLE = 250_000

export function noChanges(): TextChanges {
  return {changedByteCount: 0, droppedByteCount: 0, droppedBytesHex: '', changes: []}
}

/**
 * Adds what tokens do not have of a text, or have otherwise, to `found`. Only where tokens are marked
 * normalized is there anything: their bytes are compared with the text's by a longest common subsequence.
 * `byteOffset` is where `text` begins in the whole.
 */
export function addChanges(
  table: TokenTable,
  text: Uint8Array,
  byteOffset: number,
  found: TextChanges
): void {
  const count = table.ids.length
  for (let i = 0; i < count; i++) {
    if (!isChanged(table, i)) continue
    const start = table.byteStarts[i]!
    let end = table.byteEnds[i]!
    const bytes: number[] = []
    for (; i < count; i++) {
      const isInserted = isInsertedToken(table.flags[i]!)
      if (!isInserted && !isChanged(table, i)) break
      if (isInserted) continue
      end = Math.max(end, table.byteEnds[i]!)
      for (let k = table.poolStarts[i]!; k < table.poolStarts[i + 1]!; k++) {
        bytes.push(table.pool[k]!)
      }
    }
    addRun(text.subarray(start, end), Uint8Array.from(bytes), byteOffset + start, found)
  }
}

function isChanged(table: TokenTable, i: number): boolean {
  const flags = table.flags[i]!
  return isChangedToken(flags) && !isInsertedToken(flags)
}

function addRun(from: Uint8Array, to: Uint8Array, byteStart: number, found: TextChanges): void {
  for (const {start, end, toStart, toEnd} of differences(from, to)) {
    const gone = from.subarray(start, end)
    const isDropped = toStart === toEnd
    if (isDropped) {
      found.droppedByteCount += gone.length
      const room = MAX_DROPPED_BYTES - found.droppedBytesHex.length / 2
      found.droppedBytesHex += hexOfBytes(gone.subarray(0, Math.max(0, room)))
    } else {
      found.changedByteCount += gone.length
    }
    if (found.changes.length >= MAX_CHANGES) continue
    found.changes.push({
      byteStart: byteStart + start,
      byteEnd: byteStart + end,
      fromHex: hexOfBytes(gone),
      toHex: hexOfBytes(to.subarray(toStart, toEnd)),
    })
  }
}

interface Difference {
  readonly start: number
  readonly end: number
  readonly toStart: number
  readonly toEnd: number
}

/** Stretches in which two byte strings differ, in order. */
function differences(from: Uint8Array, to: Uint8Array): Difference[] {
  let prefix = 0
  const shorter = Math.min(from.length, to.length)
  while (prefix < shorter && from[prefix] === to[prefix]) prefix++
  let suffix = 0
  while (
    suffix < shorter - prefix &&
    from[from.length - 1 - suffix] === to[to.length - 1 - suffix]
  ) {
    suffix++
  }
  const rows = from.length - prefix - suffix
  const columns = to.length - prefix - suffix
  if (rows === 0 && columns === 0) return []
  if (rows === 0 || columns === 0 || rows * columns > MAX_TABLE) {
    return [{start: prefix, end: prefix + rows, toStart: prefix, toEnd: prefix + columns}]
  }
  const a = from.subarray(prefix, prefix + rows)
  const b = to.subarray(prefix, prefix + columns)
  return commonSubsequence(a, b).map(({start, end, toStart, toEnd}) => ({
    start: start + prefix,
    end: end + prefix,
    toStart: toStart + prefix,
    toEnd: toEnd + prefix,
  }))
}

function commonSubsequence(a: Uint8Array, b: Uint8Array): Difference[] {
  const width = b.length + 1
  const lengths = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  const found: Difference[] = []
  let [i, j, start, toStart] = [0, 0, 0, 0]
  const close = () => {
    if (i > start || j > toStart) found.push({start, end: i, toStart, toEnd: j})
  }
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      close()
      i++
      j++
      start = i
      toStart = j
    } else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++
    else j++
  }
  i = a.length
  j = b.length
  close()
  return found
}
