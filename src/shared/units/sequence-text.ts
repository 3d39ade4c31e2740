import {bytesOfHex, type Token} from '../domain/token.ts'
import type {Turn} from '../lenses/tokens.ts'
import {type DecodedText, decodeBytes} from './decoded-text.ts'

/** What units need of a token; its bytes are needed only where it was generated. */
export type UnitToken = Pick<
  Token,
  'position' | 'bytesHex' | 'byteStart' | 'byteEnd' | 'isSpecial' | 'isInserted'
>

/** A prompt and what was generated after it; a tokens result is one. */
export interface UnitInput {
  /** The well-formed prompt that byte spans point into. */
  readonly text: string
  readonly tokens: readonly UnitToken[]
  /** Tokens from here on were generated: their spans go on counting after the text. */
  readonly promptTokenCount: number
  /** Of a chat: its turns, as stretches of the text. */
  readonly turns?: readonly Turn[] | undefined
}

/** A sequence's bytes: those of the prompt, then those that its generated tokens are made of. */
export interface SequenceBytes {
  readonly bytes: Uint8Array
  readonly promptByteCount: number
}

export function bytesOfSequence({text, tokens, promptTokenCount}: UnitInput): SequenceBytes {
  const prompt = new TextEncoder().encode(text)
  let byteCount = prompt.length
  for (const token of tokens) if (token.byteEnd > byteCount) byteCount = token.byteEnd
  const bytes = new Uint8Array(byteCount)
  bytes.set(prompt)
  for (let i = promptTokenCount; i < tokens.length; i++) {
    const {byteStart, byteEnd, bytesHex} = tokens[i]!
    if (byteStart < prompt.length) continue
    bytes.set(bytesOfHex(bytesHex).subarray(0, byteEnd - byteStart), byteStart)
  }
  return {bytes, promptByteCount: prompt.length}
}

/**
 * The whole sequence as text, prompt and completion, with the way back to its bytes: what a regular
 * expression is matched against, and what a person draws spans on.
 */
export function textOfSequence(input: UnitInput): DecodedText {
  return decodeBytes(bytesOfSequence(input).bytes)
}
