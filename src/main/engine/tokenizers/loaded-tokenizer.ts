import type {Derivation} from '../../../shared/contract/contract.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {Message, Turn} from '../../../shared/lenses/tokens.ts'
import {type ChatTemplate, renderChatTemplate} from './chat-template.ts'
import {turnsOf} from './chat-turns.ts'
import type {Derivations} from './derivation.ts'
import type {Encoders} from './encoders.ts'
import {encodingTable, isWellFormed, partsOfTable} from './encoding-table.ts'
import type {EncodedTable, EncodeOptions, Encoding, Tokenizer} from './tokenizer.ts'
import type {PackedBytes, Vocabulary} from './vocabulary.ts'

/** A tokenizer.json that the native library has taken. */
export class LoadedTokenizer implements Tokenizer {
  constructor(
    readonly id: string,
    readonly sha256: string,
    private readonly vocabulary: Vocabulary,
    private readonly encoders: Encoders,
    private readonly chatTemplate: ChatTemplate | null,
    private readonly makeDerivations: () => Derivations
  ) {}

  private derivations: Derivations | null = null
  private inserted: Promise<number> | null = null

  get tokenCount(): number {
    return this.vocabulary.tokenCount
  }

  get longestTokenBytes(): number {
    return this.vocabulary.longestTokenBytes
  }

  /** Each character of a piece stands for one byte. */
  get isByteLevel(): boolean {
    return this.vocabulary.isByteLevel
  }

  get hasChatTemplate(): boolean {
    return this.chatTemplate !== null
  }

  /** The bytes of all ids in one array. */
  get allBytes(): PackedBytes {
    return this.vocabulary.allBytes
  }

  bytesOf(id: number): Uint8Array {
    return this.vocabulary.bytesOf(id)
  }

  isSpecial(id: number): boolean {
    return this.vocabulary.isSpecial(id)
  }

  idOfBytes(bytes: Uint8Array): number | null {
    return this.vocabulary.idOfBytes(bytes)
  }

  derivationOf(id: number): Derivation | null {
    this.derivations ??= this.makeDerivations()
    return this.derivations.of(id)
  }

  async encode(text: string, options: EncodeOptions = {}): Promise<Encoding> {
    const encoded = await this.encodeTable(text, options)
    return {text: encoded.text, parts: partsOfTable(encoded.table)}
  }

  async encodeTable(text: string, options: EncodeOptions = {}): Promise<EncodedTable> {
    // Encoding to UTF-8 turns lone surrogates into U+FFFD, which the native library would do as well.
    const textBytes = Buffer.from(text, 'utf8')
    const wellFormed = isWellFormed(text) ? text : textBytes.toString('utf8')
    const isContinued = options.isContinued === true
    const encoder = this.encoders.get({obeysSpecials: options.parseSpecial === true, isContinued})
    const addSpecialTokens =
      options.noSpecialTokens !== true && !isContinued && (await this.insertedCount()) > 0
    const encoded = await encoder.encode(wellFormed, null, {addSpecialTokens})
    const table = encodingTable(textBytes, this.vocabulary, {
      ids: encoded.getIds(),
      // The mask marks what the post-processor added, not special tokens that were typed.
      inserted: addSpecialTokens ? encoded.getSpecialTokensMask() : null,
      offsets: () => encoded.getOffsets(),
    })
    return {text: wellFormed, textBytes, table}
  }

  /** How many tokens are put around a text. */
  async insertedCount(): Promise<number> {
    this.inserted ??= (async () => {
      const encoder = this.encoders.get({obeysSpecials: false, isContinued: false})
      const encoded = await encoder.encode('a', null, {addSpecialTokens: true})
      return encoded.getSpecialTokensMask().filter((mark) => mark === 1).length
    })()
    return this.inserted
  }

  renderChat(messages: readonly Message[]): string {
    if (!this.chatTemplate) {
      throw new ProblemError({
        code: 'chat-template-missing',
        message: 'The model has no chat template.',
        field: 'chat_template',
        found: 'none in tokenizer_config.json, chat_template.jinja or chat_template.json',
        expected: 'a chat template',
        advice: 'Give the prompt as plain text.',
      })
    }
    return renderChatTemplate(this.chatTemplate, messages)
  }

  turnsOf(messages: readonly Message[], text: string): Turn[] {
    const template = this.chatTemplate
    if (!template) return []
    return turnsOf(messages, text, (some, withGenerationPrompt) => {
      try {
        return renderChatTemplate(template, some, withGenerationPrompt)
      } catch (error) {
        if (error instanceof ProblemError) return null
        throw error
      }
    })
  }
}
