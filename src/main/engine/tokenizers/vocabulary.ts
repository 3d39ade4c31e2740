import type {PieceSpelling, TokenizerDefinition} from './tokenizer-json.ts'

/**
 * The byte of each character of a byte-level vocabulary: printable Latin-1 bytes stand for
 * themselves, the other 68 take code points from 256 on, in the order of their bytes
 * (GPT-2's `bytes_to_unicode`).
 */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(
  (() => {
    const rows: [string, number][] = []
    let next = 256
    for (let byte = 0; byte < 256; byte++) {
      const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173)
      rows.push([String.fromCodePoint(isPrintable ? byte : next++), byte])
    }
    return rows
  })()
)

const CHARACTER_OF_BYTE: readonly string[] = [...BYTE_OF_CHARACTER]
  .sort(([, a], [, b]) => a - b)
  .map(([character]) => character)

/** How a byte-level vocabulary spells one byte. */
export function characterOfByte(byte: number): string {
  return CHARACTER_OF_BYTE[byte]!
}

const encoder = new TextEncoder()
const NO_BYTES = new Uint8Array(0)

/** The bytes that one piece of a vocabulary stands for. */
export function bytesOfPiece(piece: string, spelling: PieceSpelling): Uint8Array {
  if (spelling.hasByteFallback) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece)
    if (byte?.[1]) return Uint8Array.of(Number.parseInt(byte[1], 16))
  }
  if (spelling.isByteLevel) return bytesOfByteLevelPiece(piece)
  let text = piece
  const {continuationPrefix, endOfWordSuffix} = spelling
  if (continuationPrefix && text.startsWith(continuationPrefix)) {
    text = text.slice(continuationPrefix.length)
  }
  if (endOfWordSuffix && text.endsWith(endOfWordSuffix)) {
    text = text.slice(0, -endOfWordSuffix.length)
  }
  for (const [from, to] of spelling.replacements) text = text.replaceAll(from, to)
  return encoder.encode(text)
}

function bytesOfByteLevelPiece(piece: string): Uint8Array {
  const bytes: number[] = []
  for (const character of piece) {
    const byte = BYTE_OF_CHARACTER.get(character)
    // A character outside the alphabet can only be text of its own.
    if (byte === undefined) bytes.push(...encoder.encode(character))
    else bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}

/** Bytes of ids: those of `id` are `pool[starts[id] … starts[id + 1])`. */
export interface PackedBytes {
  readonly pool: Uint8Array
  readonly starts: Uint32Array
}

function packBytes(count: number, bytesOf: (id: number) => Uint8Array): PackedBytes {
  const starts = new Uint32Array(count + 1)
  for (let id = 0; id < count; id++) starts[id + 1] = starts[id]! + bytesOf(id).length
  const pool = new Uint8Array(starts[count]!)
  for (let id = 0; id < count; id++) pool.set(bytesOf(id), starts[id])
  return {pool, starts}
}

/** What every id of a tokenizer stands for. */
export class Vocabulary {
  /** One more than the highest id. */
  readonly tokenCount: number
  readonly longestTokenBytes: number
  readonly isByteLevel: boolean
  private readonly bytes: (Uint8Array | undefined)[]
  private readonly specialIds: ReadonlySet<number>
  private readonly fallbackIds = new Set<number>()
  private idsByBytes: Map<string, number> | null = null
  private packed: PackedBytes | null = null

  constructor(definition: TokenizerDefinition) {
    const {pieces, addedTokens, spelling} = definition
    let highest = -1
    for (const [, id] of pieces) highest = Math.max(highest, id)
    for (const {id} of addedTokens) highest = Math.max(highest, id)
    this.tokenCount = highest + 1
    this.isByteLevel = spelling.isByteLevel
    this.bytes = new Array(this.tokenCount)
    for (const [piece, id] of pieces) {
      this.bytes[id] = bytesOfPiece(piece, spelling)
      if (spelling.hasByteFallback && /^<0x..>$/.test(piece)) this.fallbackIds.add(id)
    }
    for (const {id, content, isSpecial} of addedTokens) {
      // An ordinary token that is a piece as well is spelled like one: `▁▁` means two spaces.
      if (isSpecial || this.bytes[id] === undefined) this.bytes[id] = encoder.encode(content)
    }
    this.longestTokenBytes = this.bytes.reduce(
      (most, bytes) => Math.max(most, bytes?.length ?? 0),
      1
    )
    this.specialIds = new Set(addedTokens.filter((token) => token.isSpecial).map(({id}) => id))
  }

  bytesOf(id: number): Uint8Array {
    return this.bytes[id] ?? NO_BYTES
  }

  isSpecial(id: number): boolean {
    return this.specialIds.has(id)
  }

  /** The bytes of all ids in one array. */
  get allBytes(): PackedBytes {
    this.packed ??= packBytes(this.tokenCount, (id) => this.bytesOf(id))
    return this.packed
  }

  /** Of several ids with the same bytes: an ordinary piece before a byte token before a special one. */
  idOfBytes(bytes: Uint8Array): number | null {
    this.idsByBytes ??= this.indexByBytes()
    return this.idsByBytes.get(keyOf(bytes)) ?? null
  }

  private indexByBytes(): Map<string, number> {
    const index = new Map<string, number>()
    const preference = (id: number) =>
      this.specialIds.has(id) ? 2 : this.fallbackIds.has(id) ? 1 : 0
    for (let id = 0; id < this.tokenCount; id++) {
      const bytes = this.bytes[id]
      if (!bytes || bytes.length === 0) continue
      const known = index.get(keyOf(bytes))
      if (known === undefined || preference(id) < preference(known)) index.set(keyOf(bytes), id)
    }
    return index
  }
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
