import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import type {TokenParts} from '../../../shared/domain/token.ts'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import type {Message, PromptInput, Turn} from '../../../shared/lenses/tokens.ts'
import type {ModelFolder} from '../model-folder/model-folder.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'

/** A prompt as the sequence that is run. */
export interface EncodedPrompt {
  /** The well-formed text that byte spans point into (of a chat, the template's output). */
  readonly text: string
  /** Every token, those of `completionIds` too, whose spans go on counting after the text. */
  readonly parts: readonly TokenParts[]
  /** Tokens before those of `completionIds`. */
  readonly promptTokenCount: number
  /** Of a chat: where each turn stands in the text. */
  readonly turns: readonly Turn[]
  readonly warnings: readonly Warning[]
}

/**
 * Encodes a prompt or a chat, without looking at how long it may be. `answer` is text that follows it,
 * of a chat after the generation prompt.
 */
export async function encodeText(
  input: PromptInput,
  tokenizer: Tokenizer,
  answer = ''
): Promise<{text: string; parts: readonly TokenParts[]}> {
  const messages = messagesOf(input)
  if (!messages) {
    return tokenizer.encode((input.prompt ?? '') + answer, {
      noSpecialTokens: input.noSpecialTokens ?? false,
      parseSpecial: input.parseSpecial ?? false,
    })
  }
  // The template writes its special tokens, the begin token among them, as text.
  return tokenizer.encode(tokenizer.renderChat(messages) + answer, {
    noSpecialTokens: true,
    parseSpecial: true,
  })
}

const TRUNCATE_ADVICE =
  'Shorten it, or cut it with truncate left (keeps the end) or right (keeps the start).'
/** Shorter texts are encoded whatever they are: it takes no time, and then the count is exact. */
const ALWAYS_ENCODED_BYTES = 1 << 18

/**
 * Throws a Problem for a text that cannot fit the context by its length alone: encoding a few
 * megabytes takes longer than anybody wants to wait for that answer.
 */
export function checkTextLength(
  input: PromptInput,
  {contextLength}: Pick<ModelFolder, 'contextLength'>,
  tokenizer: Pick<Tokenizer, 'longestTokenBytes'>
): void {
  if (input.truncate) return
  const texts = [input.prompt ?? '', ...(input.messages ?? []).map(({content}) => content)]
  const byteLength = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  const mostBytes = Math.max(ALWAYS_ENCODED_BYTES, contextLength * tokenizer.longestTokenBytes)
  if (byteLength <= mostBytes) return
  throw new ProblemError({
    code: 'prompt-too-long',
    message: `The prompt is at least ${formatMany(Math.ceil(byteLength / tokenizer.longestTokenBytes) - contextLength, 'token')} longer than the model's context.`,
    field: 'prompt',
    found: `${formatMany(byteLength, 'byte')}, with tokens of at most ${formatMany(tokenizer.longestTokenBytes, 'byte')}`,
    expected: `at most ${formatMany(contextLength, 'token')}`,
    advice: TRUNCATE_ADVICE,
  })
}

/**
 * The sequence of a prompt. Throws a Problem for an empty one, for one that is longer than the
 * context where it says not to truncate, and for completion ids outside the vocabulary.
 */
export async function encodePrompt(
  input: PromptInput,
  folder: Pick<ModelFolder, 'contextLength' | 'vocabularySize'>,
  tokenizer: Tokenizer
): Promise<EncodedPrompt> {
  checkTextLength(input, folder, tokenizer)
  const {text, parts} = await encodeText(input, tokenizer)
  const completionIds = input.completionIds ?? []
  checkIds(completionIds, folder.vocabularySize, 'completionIds')
  const warnings: Warning[] = []
  const roomCount = folder.contextLength - completionIds.length
  let promptParts = parts
  if (parts.length > roomCount) {
    if (roomCount < 1) throw fullOfIds(completionIds.length, folder.contextLength)
    promptParts = truncated(parts, roomCount, input.truncate, folder.contextLength)
    const side = input.truncate === 'left' ? 'start' : 'end'
    warnings.push({
      code: 'prompt-truncated',
      message: `${formatCount(parts.length - promptParts.length)} of ${formatMany(parts.length, 'token')} were cut off at the ${side} of the prompt, to fit the context of ${formatCount(folder.contextLength)}.`,
    })
  }
  if (promptParts.length + completionIds.length === 0) throw emptyPrompt(input)
  let byteEnd = Buffer.byteLength(text)
  const completion = completionIds.map((id) => {
    const part = completionPart(tokenizer, id, byteEnd)
    byteEnd = part.byteEnd
    return part
  })
  return {
    text,
    parts: [...promptParts, ...completion],
    promptTokenCount: promptParts.length,
    turns: turnsOfPrompt(input, text, tokenizer),
    warnings,
  }
}

/** A token that follows the text: its bytes go on counting there. */
export function completionPart(tokenizer: Tokenizer, id: number, byteStart: number): TokenParts {
  const bytes = tokenizer.bytesOf(id)
  return {
    id,
    bytes,
    byteStart,
    byteEnd: byteStart + bytes.length,
    isSpecial: tokenizer.isSpecial(id),
    isInserted: false,
    spanClass: 'lossless',
  }
}

/** Vocabulary entries by themselves: each span is that of the token's own bytes. */
export function vocabularyParts(tokenizer: Tokenizer, ids: Iterable<number>): TokenParts[] {
  return Array.from(ids, (id) => completionPart(tokenizer, id, 0))
}

/** Throws a Problem that names the first id beyond the vocabulary. */
export function checkIds(ids: ArrayLike<number>, vocabularySize: number, field: string): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    if (id >= 0 && id < vocabularySize) continue
    throw new ProblemError({
      code: 'unknown-token-id',
      message: `The model's vocabulary has no token ${id}.`,
      field,
      found: String(id),
      expected: `an id from 0 to ${vocabularySize - 1}`,
      advice: 'Take ids from this model: another vocabulary numbers its tokens otherwise.',
    })
  }
}

/**
 * Where each turn of a chat stands in its text, which is the template's with lone surrogates replaced:
 * those take as many bytes as what replaces them.
 */
function turnsOfPrompt(input: PromptInput, text: string, tokenizer: Tokenizer): Turn[] {
  const messages = messagesOf(input)
  if (!messages) return []
  const wellFormed = messages.map(({role, content}) => ({
    role,
    content: Buffer.from(content).toString(),
  }))
  return tokenizer.turnsOf(wellFormed, text)
}

function messagesOf(input: PromptInput): Message[] | null {
  if (!input.messages && !input.chat) return null
  const turn = input.prompt ? [{role: 'user', content: input.prompt}] : []
  return [...(input.messages ?? []), ...turn]
}

function truncated(
  parts: readonly TokenParts[],
  roomCount: number,
  side: PromptInput['truncate'],
  contextLength: number
): readonly TokenParts[] {
  if (!side) {
    throw new ProblemError({
      code: 'prompt-too-long',
      message: `The prompt is ${formatMany(parts.length - roomCount, 'token')} longer than the model's context.`,
      field: 'prompt',
      found: formatMany(parts.length, 'token'),
      expected:
        roomCount < contextLength
          ? `at most ${formatMany(roomCount, 'token')} (a context of ${formatCount(contextLength)} less ${formatCount(contextLength - roomCount)} that follow)`
          : `at most ${formatMany(contextLength, 'token')}`,
      advice: TRUNCATE_ADVICE,
    })
  }
  if (side === 'right') return parts.slice(0, roomCount)
  // What the tokenizer put in front belongs in front of any text.
  const typedStart = parts.findIndex((part) => !part.isInserted)
  const insertedCount = Math.min(Math.max(0, typedStart), roomCount)
  return [
    ...parts.slice(0, insertedCount),
    ...parts.slice(parts.length - (roomCount - insertedCount)),
  ]
}

/** No cut of the prompt makes room where the ids after it leave none. */
function fullOfIds(idCount: number, contextLength: number): ProblemError {
  const excess = idCount - contextLength
  return new ProblemError({
    code: 'completion-too-long',
    message:
      excess > 0
        ? `The ids after the prompt are ${excess} more than the model's context holds.`
        : "The ids after the prompt fill the model's context and leave no room for the prompt.",
    field: 'completionIds',
    found: `${idCount} ids`,
    expected: `fewer than the ${contextLength} of the context, so that the prompt has room`,
    advice: 'Give fewer ids after the prompt.',
  })
}

function emptyPrompt(input: PromptInput): ProblemError {
  return new ProblemError({
    code: 'empty-prompt',
    message: 'The prompt has no tokens, so there is nothing to run.',
    field: input.messages ? 'messages' : 'prompt',
    found: 'no tokens',
    expected: 'at least one token',
    advice: input.noSpecialTokens
      ? 'Type some text, or let the tokenizer insert its begin token.'
      : 'Type some text: this tokenizer inserts no begin token.',
  })
}
