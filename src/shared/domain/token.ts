import {z} from 'zod'

/**
 * How surely a token's byte span points at what was typed (definitions: text and units).
 * `lossless`: the token's own bytes are the text's bytes. `dummy-prefix`: the tokenizer put a space
 * before the text, and the span leaves it out. `normalized`: the tokenizer changed the text, and the
 * span points at the original bytes.
 */
export const spanClassSchema = z.enum(['lossless', 'dummy-prefix', 'normalized'])
export type SpanClass = z.infer<typeof spanClassSchema>

/** One occurrence of a vocabulary entry in a sequence. Ids are identity, text is display. */
export const tokenSchema = z.object({
  position: z.number().int(),
  id: z.number().int(),
  /** The token's own bytes, authoritative, in lower-case hex. */
  bytesHex: z.string(),
  /** For display: U+FFFD stands for bytes that are only part of a character. */
  text: z.string(),
  /** UTF-8 offsets into the well-formed text, end exclusive. */
  byteStart: z.number().int(),
  byteEnd: z.number().int(),
  /** Its id is a special added token. */
  isSpecial: z.boolean(),
  /** Added by the tokenizer, not typed: byteStart equals byteEnd. */
  isInserted: z.boolean(),
  spanClass: spanClassSchema,
})
export type Token = z.infer<typeof tokenSchema>

const SPAN_CLASSES = spanClassSchema.options
const CHANGED_CLASS = SPAN_CLASSES.indexOf('normalized')
const SPECIAL_FLAG = 1
const INSERTED_FLAG = 2
const SPAN_CLASS_SHIFT = 2

/**
 * Tokens as columns, the form in which they cross the contract. All columns but the byte pool have
 * one entry a token; `poolStarts` has one more. `flags` packs isSpecial, isInserted and spanClass.
 */
export const tokenTableSchema = z.object({
  ids: z.instanceof(Int32Array),
  byteStarts: z.instanceof(Uint32Array),
  byteEnds: z.instanceof(Uint32Array),
  flags: z.instanceof(Uint8Array),
  pool: z.instanceof(Uint8Array),
  poolStarts: z.instanceof(Uint32Array),
})
export type TokenTable = z.infer<typeof tokenTableSchema>

/** Bytes to lower-case hex, two digits a byte. */
export function hexOfBytes(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += (byte < 16 ? '0' : '') + byte.toString(16)
  return hex
}

/** Lower- or upper-case hex to bytes. Throws a RangeError on anything else. */
export function bytesOfHex(hex: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new RangeError(`not hex bytes: ${hex}`)
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

// `ignoreBOM` keeps U+FEFF, which the decoder would otherwise swallow.
const displayDecoder = new TextDecoder('utf-8', {ignoreBOM: true})

/** The display text of some bytes: what is not a whole character becomes U+FFFD. */
export function displayTextOfBytes(bytes: Uint8Array): string {
  return displayDecoder.decode(bytes)
}

/** What a {@link TokenTable} needs of each token. */
export interface TokenParts {
  readonly id: number
  readonly bytes: Uint8Array
  readonly byteStart: number
  readonly byteEnd: number
  readonly isSpecial: boolean
  readonly isInserted: boolean
  readonly spanClass: SpanClass
}

/** The flags of one token as its table keeps them. */
export function tokenFlags(
  token: Pick<TokenParts, 'isSpecial' | 'isInserted' | 'spanClass'>
): number {
  return (
    (token.isSpecial ? SPECIAL_FLAG : 0) |
    (token.isInserted ? INSERTED_FLAG : 0) |
    (SPAN_CLASSES.indexOf(token.spanClass) << SPAN_CLASS_SHIFT)
  )
}

/** The flags of a table's token. */
export function readTokenFlags(
  flags: number
): Pick<TokenParts, 'isSpecial' | 'isInserted' | 'spanClass'> {
  return {
    isSpecial: (flags & SPECIAL_FLAG) !== 0,
    isInserted: (flags & INSERTED_FLAG) !== 0,
    spanClass: SPAN_CLASSES[flags >> SPAN_CLASS_SHIFT]!,
  }
}

/** Whether a token was not typed, by its flags: loops over a million tokens need no more of them. */
export function isInsertedToken(flags: number): boolean {
  return (flags & INSERTED_FLAG) !== 0
}

/** Whether the text that a token stands for was changed, by its flags. */
export function isChangedToken(flags: number): boolean {
  return flags >> SPAN_CLASS_SHIFT === CHANGED_CLASS
}

export function tokenTableOf(parts: readonly TokenParts[]): TokenTable {
  const count = parts.length
  const poolLength = parts.reduce((sum, part) => sum + part.bytes.length, 0)
  const table: TokenTable = {
    ids: new Int32Array(count),
    byteStarts: new Uint32Array(count),
    byteEnds: new Uint32Array(count),
    flags: new Uint8Array(count),
    pool: new Uint8Array(poolLength),
    poolStarts: new Uint32Array(count + 1),
  }
  let poolEnd = 0
  for (const [i, part] of parts.entries()) {
    table.ids[i] = part.id
    table.byteStarts[i] = part.byteStart
    table.byteEnds[i] = part.byteEnd
    table.flags[i] = tokenFlags(part)
    table.pool.set(part.bytes, poolEnd)
    poolEnd += part.bytes.length
    table.poolStarts[i + 1] = poolEnd
  }
  return table
}

/** The columns as records; `firstPosition` is the position of the table's first token. */
export function tokensOfTable(table: TokenTable, firstPosition = 0): Token[] {
  const tokens: Token[] = []
  for (let i = 0; i < table.ids.length; i++) {
    const bytes = table.pool.subarray(table.poolStarts[i], table.poolStarts[i + 1])
    tokens.push({
      position: firstPosition + i,
      id: table.ids[i]!,
      bytesHex: hexOfBytes(bytes),
      text: displayTextOfBytes(bytes),
      byteStart: table.byteStarts[i]!,
      byteEnd: table.byteEnds[i]!,
      ...readTokenFlags(table.flags[i]!),
    })
  }
  return tokens
}
