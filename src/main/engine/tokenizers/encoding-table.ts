import {
  readTokenFlags,
  type TokenParts,
  type TokenTable,
  tokenFlags,
  tokenTableOf,
} from '../../../shared/domain/token.ts'
import {alignTokens} from './byte-spans.ts'
import type {Vocabulary} from './vocabulary.ts'

/** What the native library gives of a text. */
export interface NativeEncoding {
  readonly ids: readonly number[]
  /** 1 for each token that the post-processor added; null where it added none. */
  readonly inserted: readonly number[] | null
  /** Code points; asked for only where the tokens' bytes are not the text's. */
  readonly offsets: () => readonly (readonly number[])[]
}

const SPACE = 0x20

/** A text's tokens with byte spans, as columns. See `alignTokens` for what the spans mean. */
export function encodingTable(
  text: Uint8Array,
  vocabulary: Vocabulary,
  encoding: NativeEncoding
): TokenTable {
  return exactTable(text, vocabulary, encoding) ?? alignedTable(text, vocabulary, encoding)
}

/** Where the tokens' bytes are the text's, or those after one space: a running sum is exact. */
function exactTable(
  text: Uint8Array,
  vocabulary: Vocabulary,
  {ids, inserted}: NativeEncoding
): TokenTable | null {
  const {pool: allBytes, starts} = vocabulary.allBytes
  const count = ids.length
  let poolLength = 0
  let typedLength = 0
  let firstTyped = -1
  for (let i = 0; i < count; i++) {
    const length = starts[ids[i]! + 1]! - starts[ids[i]!]!
    poolLength += length
    if (inserted?.[i] === 1) continue
    typedLength += length
    if (firstTyped < 0 && length > 0) firstTyped = i
  }
  const extra = typedLength - text.length
  if (extra !== 0 && extra !== 1) return null
  if (extra === 1 && allBytes[starts[ids[firstTyped]!]!] !== SPACE) return null
  const table = emptyTable(count, poolLength)
  let poolEnd = 0
  let position = -extra
  for (let i = 0; i < count; i++) {
    const id = ids[i]!
    const start = starts[id]!
    const length = starts[id + 1]! - start
    const isInserted = inserted?.[i] === 1
    const isFirst = !isInserted && position < 0 && extra === 1
    for (let k = 0; k < length; k++) {
      const byte = allBytes[start + k]!
      table.pool[poolEnd + k] = byte
      if (!isInserted && byte !== text[position + k] && !(isFirst && k === 0)) return null
    }
    poolEnd += length
    table.ids[i] = id
    table.poolStarts[i + 1] = poolEnd
    const from = Math.max(0, position)
    const to = isInserted ? from : Math.max(0, position + length)
    table.byteStarts[i] = from
    table.byteEnds[i] = to
    table.flags[i] = tokenFlags({
      isSpecial: vocabulary.isSpecial(id),
      // A token that is nothing but the space put before the text was not typed either.
      isInserted: isInserted || (isFirst && from === to),
      spanClass: isFirst ? 'dummy-prefix' : 'lossless',
    })
    if (!isInserted) position += length
  }
  return table
}

function emptyTable(count: number, poolLength: number): TokenTable {
  return {
    ids: new Int32Array(count),
    byteStarts: new Uint32Array(count),
    byteEnds: new Uint32Array(count),
    flags: new Uint8Array(count),
    pool: new Uint8Array(poolLength),
    poolStarts: new Uint32Array(count + 1),
  }
}

function alignedTable(
  text: Uint8Array,
  vocabulary: Vocabulary,
  {ids, inserted, offsets}: NativeEncoding
): TokenTable {
  const typed = ids.map((_, i) => i).filter((i) => inserted?.[i] !== 1)
  const spans = alignTokens(
    text,
    typed.map((i) => vocabulary.bytesOf(ids[i]!)),
    () => {
      const all = offsets()
      return typed.map((i) => [all[i]![0]!, all[i]![1]!])
    }
  )
  const parts: TokenParts[] = []
  let byteEnd = 0
  let typedCount = 0
  for (const [i, id] of ids.entries()) {
    const base = {id, bytes: vocabulary.bytesOf(id), isSpecial: vocabulary.isSpecial(id)}
    const span = inserted?.[i] === 1 ? undefined : spans[typedCount++]
    if (!span) {
      parts.push({
        ...base,
        ...{byteStart: byteEnd, byteEnd, isInserted: true, spanClass: 'lossless'},
      })
      continue
    }
    byteEnd = span.end
    parts.push({
      ...base,
      byteStart: span.start,
      byteEnd: span.end,
      isInserted: span.spanClass === 'dummy-prefix' && span.start === span.end,
      spanClass: span.spanClass,
    })
  }
  return tokenTableOf(parts)
}

/** The columns as one record a token; bytes are views of the table's own. */
export function partsOfTable(table: TokenTable): TokenParts[] {
  return Array.from(table.ids, (id, i) => ({
    id,
    bytes: table.pool.subarray(table.poolStarts[i], table.poolStarts[i + 1]),
    byteStart: table.byteStarts[i]!,
    byteEnd: table.byteEnds[i]!,
    ...readTokenFlags(table.flags[i]!),
  }))
}

/** Whether a text has no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
