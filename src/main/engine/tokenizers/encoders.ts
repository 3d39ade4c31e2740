import {Tokenizer as NativeTokenizer} from 'tokenizers'
import {explainRefusal} from './explain-refusal.ts'
import {encoderJson, type TokenizerDefinition, withoutPrefix} from './tokenizer-json.ts'

/** How the native library is to read a text. */
export interface EncoderMode {
  /** Special tokens in the text are obeyed, not read as they stand. */
  readonly obeysSpecials: boolean
  /** The text goes on from another, so nothing is put in front of it. */
  readonly isContinued: boolean
}

/**
 * The native library's encoders, one a mode. The one that takes special tokens literally is made at
 * once, so that a file it refuses is refused; the others at the first demand: for a large vocabulary
 * that takes as long as loading did.
 */
export class Encoders {
  private readonly made = new Map<string, NativeTokenizer>()

  constructor(
    private readonly json: Readonly<Record<string, unknown>>,
    private readonly definition: TokenizerDefinition,
    private readonly path: string
  ) {
    this.get({obeysSpecials: false, isContinued: false})
  }

  get({obeysSpecials, isContinued}: EncoderMode): NativeTokenizer {
    const json = isContinued ? withoutPrefix(this.json) : this.json
    // Most tokenizers put nothing in front: theirs are the same.
    const key = `${obeysSpecials} ${json !== this.json}`
    let encoder = this.made.get(key)
    if (!encoder) {
      encoder = this.make(json, !obeysSpecials)
      this.made.set(key, encoder)
    }
    return encoder
  }

  private make(json: Readonly<Record<string, unknown>>, literal: boolean): NativeTokenizer {
    try {
      return NativeTokenizer.fromString(encoderJson(json, this.definition, literal))
    } catch (error) {
      throw explainRefusal(json, this.path, error)
    }
  }
}
