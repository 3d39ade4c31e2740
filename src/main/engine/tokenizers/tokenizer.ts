import type {Derivation} from '../../../shared/contract/contract.ts'
import type {TokenParts, TokenTable} from '../../../shared/domain/token.ts'
import type {Message, Turn} from '../../../shared/lenses/tokens.ts'

/** A text as tokens: the well-formed text that spans point into, and one part a token. */
export interface Encoding {
  readonly text: string
  readonly parts: readonly TokenParts[]
}

/** The same as columns, which a text of megabytes needs. */
export interface EncodedTable {
  readonly text: string
  /** The UTF-8 of `text`. */
  readonly textBytes: Uint8Array
  readonly table: TokenTable
}

export interface EncodeOptions {
  readonly noSpecialTokens?: boolean
  readonly parseSpecial?: boolean
  /** The text goes on from another: nothing is put before or around it. */
  readonly isContinued?: boolean
}

/** A loaded tokenizer. Token ids are identity, text is display. */
export interface Tokenizer {
  readonly id: string
  /** Of tokenizer.json's bytes. */
  readonly sha256: string
  /** One more than the highest id it can produce. */
  readonly tokenCount: number
  /** Lone surrogates become U+FFFD first; spans tile the UTF-8 of the resulting text. */
  encode(text: string, options?: EncodeOptions): Promise<Encoding>
  encodeTable(text: string, options?: EncodeOptions): Promise<EncodedTable>
  /** Bytes of the longest token; no text has fewer tokens than its bytes divided by this. */
  readonly longestTokenBytes: number
  /** The bytes an id stands for; empty for ids that the tokenizer does not list. */
  bytesOf(id: number): Uint8Array
  isSpecial(id: number): boolean
  /** Id of a token by its exact bytes as one vocabulary entry; null where there is none. */
  idOfBytes(bytes: Uint8Array): number | null
  /** How an entry came to be; null for an id that the tokenizer does not list. */
  derivationOf(id: number): Derivation | null
  /**
   * The template's text of a chat, its generation prompt included; throws a Problem without one. The
   * text holds its own special tokens: encode it with `parseSpecial` and `noSpecialTokens`.
   */
  renderChat(messages: readonly Message[]): string
  /** Where each turn stands in what `renderChat` gives; empty where that does not show. */
  turnsOf(messages: readonly Message[], text: string): Turn[]
  readonly hasChatTemplate: boolean
}
