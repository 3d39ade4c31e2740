import {createHash} from 'node:crypto'
import {setImmediate as nextTurn} from 'node:timers/promises'
import {Tokenizer as NativeTokenizer} from 'tokenizers'
import type {Derivation} from '../../../shared/contract/contract.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {TokenParts} from '../../../shared/domain/token.ts'
import type {Message, Turn} from '../../../shared/lenses/tokens.ts'
import {parseJsonObject, readBytesOrNull} from '../model-folder/file-problems.ts'
import type {ModelFolder} from '../model-folder/model-folder.ts'
import {alignTokens} from './byte-spans.ts'
import {type ChatTemplate, readChatTemplate, renderChatTemplate} from './chat-template.ts'
import {turnsOf} from './chat-turns.ts'
import {Derivations} from './derivation.ts'
import type {EncodeOptions, Encoding, Tokenizer} from './tokenizer.ts'
import {encoderJson, parseTokenizerJson, type TokenizerDefinition} from './tokenizer-json.ts'
import {Vocabulary} from './vocabulary.ts'

/**
 * Loads a folder's tokenizer.json with its chat template. Throws a Problem where the file is missing
 * or is no tokenizer, and where it knows ids that the model's logits do not have.
 */
export async function loadTokenizer(
  folder: Pick<ModelFolder, 'id' | 'path' | 'tokenizerPath' | 'vocabularySize'>
): Promise<Tokenizer> {
  const path = folder.tokenizerPath
  const bytes = await readBytesOrNull(path, 'tokenizer.json')
  if (!bytes) {
    throw new ProblemError({
      code: 'tokenizer-missing',
      message: 'The folder has no tokenizer.json.',
      file: path,
      found: 'no such file',
      expected: 'the tokenizer of the model',
      advice: 'Download tokenizer.json into the folder, or save the tokenizer there as a fast one.',
    })
  }
  const json = parseJsonObject(new TextDecoder().decode(bytes), path, 'tokenizer.json')
  // Each step takes up to 0.2 s for a vocabulary of 128,000: calls are answered between them.
  await nextTurn()
  const definition = parseTokenizerJson(json, path)
  await nextTurn()
  const vocabulary = new Vocabulary(definition)
  if (vocabulary.tokenCount > folder.vocabularySize) {
    throw new ProblemError({
      code: 'tokenizer-beyond-logits',
      message: 'The tokenizer knows more tokens than the model has logits.',
      file: path,
      field: 'added_tokens',
      found: `ids up to ${vocabulary.tokenCount - 1}`,
      expected: `ids below ${folder.vocabularySize}, the width of the logits`,
      advice: 'Put the tokenizer.json that belongs to this model into the folder.',
    })
  }
  await nextTurn()
  return new LoadedTokenizer(
    folder.id,
    createHash('sha256').update(bytes).digest('hex'),
    vocabulary,
    new Encoders(json, definition, path),
    await readChatTemplate(folder.path),
    () => new Derivations(json, definition)
  )
}

/** The native library's encoders: one that takes special tokens literally, one that obeys them. */
class Encoders {
  readonly literal: NativeTokenizer
  private obeying: NativeTokenizer | null = null

  constructor(
    private readonly json: Readonly<Record<string, unknown>>,
    private readonly definition: TokenizerDefinition,
    private readonly path: string
  ) {
    this.literal = this.make(true)
  }

  /** Made at the first demand: for a large vocabulary it takes as long as loading did. */
  get control(): NativeTokenizer {
    this.obeying ??= this.make(false)
    return this.obeying
  }

  private make(literal: boolean): NativeTokenizer {
    try {
      return NativeTokenizer.fromString(encoderJson(this.json, this.definition, literal))
    } catch (error) {
      throw new ProblemError({
        code: 'tokenizer-invalid',
        message: 'tokenizer.json is not a tokenizer that can be read.',
        file: this.path,
        found: error instanceof Error ? error.message : String(error),
        expected: 'a tokenizer.json of the tokenizers library',
        advice: 'Download tokenizer.json again, or save the tokenizer again as a fast one.',
      })
    }
  }
}

class LoadedTokenizer implements Tokenizer {
  constructor(
    readonly id: string,
    readonly sha256: string,
    private readonly vocabulary: Vocabulary,
    private readonly encoders: Encoders,
    private readonly chatTemplate: ChatTemplate | null,
    private readonly makeDerivations: () => Derivations
  ) {}

  private derivations: Derivations | null = null

  get tokenCount(): number {
    return this.vocabulary.tokenCount
  }

  get longestTokenBytes(): number {
    return this.vocabulary.longestTokenBytes
  }

  get hasChatTemplate(): boolean {
    return this.chatTemplate !== null
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
    // Encoding to UTF-8 turns lone surrogates into U+FFFD, which the native library would do as well.
    const textBytes = Buffer.from(text, 'utf8')
    const wellFormed = textBytes.toString('utf8')
    const encoder = options.parseSpecial ? this.encoders.control : this.encoders.literal
    const addSpecialTokens = options.noSpecialTokens !== true
    const encoded = await encoder.encode(wellFormed, null, {addSpecialTokens})
    const ids = encoded.getIds()
    // The mask marks what the post-processor added, not special tokens that were typed.
    const inserted = encoded.getSpecialTokensMask()
    const typed = ids.map((_, i) => i).filter((i) => inserted[i] !== 1)
    const spans = alignTokens(
      textBytes,
      typed.map((i) => this.vocabulary.bytesOf(ids[i]!)),
      () => {
        const offsets = encoded.getOffsets()
        return typed.map((i) => [offsets[i]![0]!, offsets[i]![1]!])
      }
    )
    const parts: TokenParts[] = []
    let byteEnd = 0
    let typedCount = 0
    for (const [i, id] of ids.entries()) {
      const base = {
        id,
        bytes: this.vocabulary.bytesOf(id),
        isSpecial: this.vocabulary.isSpecial(id),
      }
      const span = inserted[i] === 1 ? undefined : spans[typedCount++]
      if (!span) {
        const zeroWidth = {byteStart: byteEnd, byteEnd, isInserted: true}
        parts.push({...base, ...zeroWidth, spanClass: 'lossless'})
        continue
      }
      byteEnd = span.end
      parts.push({
        ...base,
        byteStart: span.start,
        byteEnd: span.end,
        // A token that is nothing but the space put before the text was not typed either.
        isInserted: span.spanClass === 'dummy-prefix' && span.start === span.end,
        spanClass: span.spanClass,
      })
    }
    return {text: wellFormed, parts}
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
