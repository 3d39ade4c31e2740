import {
  readTokenFlags,
  type TokenParts,
  type TokenTable,
  tokenFlags,
} from '../../../shared/domain/token.ts'
import {type CodePointOffsets, fillSpans} from './byte-spans.ts'
import type {Vocabulary} from './vocabulary.ts'

/** What the native library gives of a text. */
export interface NativeEncoding {
  readonly ids: readonly number[]
  /** 1 for each token that the post-processor added; null where it added none. */
  readonly inserted: readonly number[] | null
  /** Asked for only where the tokens' bytes are not the text's. */
  readonly offsets: () => CodePointOffsets
}

/** A text's tokens with byte spans, as columns. See `fillSpans` for what the spans mean. */
export function encodingTable(
  text: Uint8Array,
  vocabulary: Vocabulary,
  {ids, inserted, offsets}: NativeEncoding
): TokenTable {
  const {pool: allBytes, starts} = vocabulary.allBytes
  const count = ids.length
  const poolStarts = new Uint32Array(count + 1)
  for (let i = 0; i < count; i++) {
    poolStarts[i + 1] = poolStarts[i]! + starts[ids[i]! + 1]! - starts[ids[i]!]!
  }
  const table: TokenTable = {
    ids: Int32Array.from(ids),
    byteStarts: new Uint32Array(count),
    byteEnds: new Uint32Array(count),
    flags: new Uint8Array(count),
    pool: new Uint8Array(poolStarts[count]!),
    poolStarts,
  }
  const typed = new Uint32Array(count)
  let typedCount = 0
  for (let i = 0; i < count; i++) {
    const id = ids[i]!
    // Entries are short: a loop is quicker than a view and a copy of it.
    for (let from = starts[id]!, to = poolStarts[i]!; to < poolStarts[i + 1]!; from++, to++) {
      table.pool[to] = allBytes[from]!
    }
    const isInserted = inserted?.[i] === 1
    const isSpecial = vocabulary.isSpecial(id)
    table.flags[i] = tokenFlags({isSpecial, isInserted, spanClass: 'lossless'})
    if (!isInserted) typed[typedCount++] = i
  }
  fillSpans(text, table, typed.subarray(0, typedCount), offsets)
  return table
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
