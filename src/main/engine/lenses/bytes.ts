import {ProblemError} from '../../../shared/domain/problem.ts'
import {bytesOfHex, displayTextOfBytes, hexOfBytes} from '../../../shared/domain/token.ts'
import type {BytesEvent, BytesRequest, BytesResult} from '../../../shared/lenses/bytes.ts'
import type {Provenance} from '../../../shared/lenses/tokens.ts'
import {computeNormalizer} from '../../../shared/math/distribution.ts'
import type {LogitsStore} from '../captures/logits-store.ts'
import type {LoadedModel, Models} from '../runtime/models.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {type ByteModel, type NextBytes, nextBytes} from './byte-covers.ts'
import {checkSequence, runForRow} from './rows.ts'

/** What the lens works with. */
export interface BytesContext {
  readonly models: Models
  readonly store: LogitsStore
  readonly versions: Provenance['versions']
}

/** Covers that a result lists; all are counted. */
const MAX_LISTED = 1000
/** A word of more bytes is not looked into: every byte costs a run. */
const MAX_TAIL_BYTES = 96

/**
 * The bytes lens: the exact distribution of the byte after a text, from its cover encodings, beside what
 * prompting with the text's own tokens gives. Aborted, it throws the signal's reason.
 */
export async function* runBytes(
  context: BytesContext,
  request: BytesRequest,
  signal?: AbortSignal
): AsyncGenerator<BytesEvent, void, undefined> {
  yield {kind: 'progress', phase: 'loading', done: 0, total: 1, secondsLeft: null}
  const model = await context.models.load(request, undefined, signal)
  yield {kind: 'progress', phase: 'prompt', done: 0, total: 1, secondsLeft: null}
  const prefix = await readPrefix(request, model.tokenizer)
  const memo = new Map<string, Promise<Float64Array>>()
  const byteModel = modelAfter(prefix, memo, context, model, signal)
  const found = await nextBytes(prefix.tail, byteModel, request.mode)
  const alone = await tokenPrompted(prefix.tail, byteModel)
  yield {
    kind: 'completed',
    result: resultOf(context, request, model, {prefix, found, alone}),
  }
}

/** A prefix in two parts: ids that are the same in every encoding of it, and the bytes after them. */
interface Prefix {
  readonly bytes: Uint8Array
  readonly fixedIds: readonly number[]
  readonly fixedByteEnd: number
  readonly tail: Uint8Array
}

async function readPrefix(
  {prompt = '', prefixHex = '', noSpecialTokens}: BytesRequest,
  tokenizer: Tokenizer
): Promise<Prefix> {
  const {table, textBytes} = await tokenizer.encodeTable(prompt, {
    noSpecialTokens: noSpecialTokens === true,
  })
  const parts = await tokenizer.encode(prompt, {noSpecialTokens: noSpecialTokens === true})
  if (parts.parts.some(({spanClass}) => spanClass !== 'lossless')) throw notByteLevel(tokenizer)
  const bytes = Buffer.concat([textBytes, bytesOfHex(prefixHex)])
  // What a tokenizer adds behind a text would stand between it and the next byte.
  const begin: number[] = []
  for (const {id, isInserted} of parts.parts) {
    if (!isInserted) break
    begin.push(id)
  }
  const at = await fixedEnd(textBytes, table, tokenizer)
  const fixedIds = [...begin]
  for (const {id, isInserted, byteEnd} of parts.parts) {
    if (!isInserted && byteEnd <= at) fixedIds.push(id)
  }
  if (fixedIds.length === 0) throw noBegin()
  const tail = bytes.subarray(at)
  if (tail.length > MAX_TAIL_BYTES) throw longWord(tail.length)
  return {bytes, fixedIds, fixedByteEnd: at, tail}
}

/**
 * The last place before a space at which a token ends whatever follows: no entry joins the bytes around
 * it, and both parts encode on their own as they do together. 0 where there is none.
 */
async function fixedEnd(
  text: Uint8Array,
  {byteEnds}: {byteEnds: Uint32Array},
  tokenizer: Tokenizer
): Promise<number> {
  const ends = new Set(byteEnds)
  const idsOf = async (bytes: Uint8Array) => {
    const options = {noSpecialTokens: true, isContinued: true}
    const {table} = await tokenizer.encodeTable(Buffer.from(bytes).toString(), options)
    return [...table.ids]
  }
  for (let at = text.length - 1; at > 0; at--) {
    if (text[at] !== 0x20 || !ends.has(at) || isSpace(text[at - 1]!)) continue
    if (joins(text[at - 1]!, 0x20, tokenizer)) continue
    const whole = await idsOf(text)
    const split = [...(await idsOf(text.subarray(0, at))), ...(await idsOf(text.subarray(at)))]
    if (whole.join() === split.join()) return at
  }
  return 0
}

const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

function joins(left: number, right: number, tokenizer: Tokenizer): boolean {
  for (let id = 0; id < tokenizer.tokenCount; id++) {
    const bytes = tokenizer.bytesOf(id)
    for (let i = 1; i < bytes.length; i++) {
      if (bytes[i - 1] === left && bytes[i] === right && !tokenizer.isSpecial(id)) return true
    }
  }
  return false
}

function modelAfter(
  {fixedIds}: Prefix,
  memo: Map<string, Promise<Float64Array>>,
  {store}: BytesContext,
  model: LoadedModel,
  signal: AbortSignal | undefined
): ByteModel {
  const {tokenizer, info, folder} = model
  const none = new Uint8Array(0)
  return {
    tokenCount: info.vocabularySize,
    bytesOf: (id) => (tokenizer.isSpecial(id) ? none : tokenizer.bytesOf(id)),
    async encode(bytes) {
      signal?.throwIfAborted()
      const text = utf8(bytes)
      if (text === null) return null
      const options = {noSpecialTokens: true, isContinued: true}
      return [...(await tokenizer.encodeTable(text, options)).table.ids]
    },
    logprobsAfter(ids) {
      const key = ids.join()
      let row = memo.get(key)
      if (!row) {
        const all = Int32Array.from([...fixedIds, ...ids])
        checkSequence(model, all)
        row = runForRow(model, store, all, all.length - 1, signal).then(logprobsOf)
        memo.set(key, row)
      }
      return row
    },
    endIds: new Set(folder.stopIds),
  }
}

/** Natural log-probabilities of a row, normalised in float64. */
function logprobsOf(row: Float32Array): Float64Array {
  const {logSumExp} = computeNormalizer(row, 0, row.length)
  return Float64Array.from(row, (logit) => logit - logSumExp)
}

/** What follows the prefix's own tokens, by first byte; null where the prefix is no whole text. */
async function tokenPrompted(tail: Uint8Array, model: ByteModel): Promise<Float64Array | null> {
  const ids = await model.encode(tail)
  if (!ids) return null
  const probs = new Float64Array(256)
  const logprobs = await model.logprobsAfter(ids)
  for (let id = 0; id < model.tokenCount; id++) {
    const bytes = model.bytesOf(id)
    if (bytes.length > 0) probs[bytes[0]!]! += Math.exp(logprobs[id]!)
  }
  return probs
}

function resultOf(
  {versions}: BytesContext,
  request: BytesRequest,
  {info}: LoadedModel,
  parts: {prefix: Prefix; found: NextBytes; alone: Float64Array | null}
): BytesResult {
  const {prefix, found, alone} = parts
  const covers = [...found.covers].sort((a, b) => b.logprob - a.logprob)
  const difference = alone
    ? alone.reduce((sum, prob, byte) => sum + Math.abs(prob - found.probs[byte]!), 0) / 2
    : null
  return {
    schema: 'tokenscope/bytes@1',
    request,
    model: {id: info.id, path: info.path, sha256: info.sha256},
    tokenizer: {id: info.tokenizer.id, sha256: info.tokenizer.sha256},
    versions,
    warnings: info.warnings,
    status: 'completed',
    prefix: {
      text: displayTextOfBytes(prefix.bytes),
      bytesHex: hexOfBytes(prefix.bytes),
      fixedIds: [...prefix.fixedIds],
      fixedByteEnd: prefix.fixedByteEnd,
    },
    bytes: Array.from(found.probs, (prob, byte) => ({
      byte,
      prob,
      tokenProb: alone?.[byte] ?? null,
    })),
    endProb: found.endProb,
    leakProb: found.leakProb,
    covers: covers.slice(0, MAX_LISTED).map(({ids, logprob}) => ({ids: [...ids], logprob})),
    coverCount: covers.length,
    prefixLogprob: found.prefixLogprob,
    totalVariation: difference,
  }
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)
  } catch {
    return null
  }
}

function notByteLevel(tokenizer: Tokenizer): ProblemError {
  return new ProblemError({
    code: 'bytes-need-lossless',
    message: 'The tokenizer of this model changes a text or puts a space in front of it.',
    found: tokenizer.id,
    expected: 'a byte-level tokenizer, whose tokens are the bytes of the text',
    advice: 'Choose a model with a byte-level tokenizer, such as a built-in one.',
  })
}

function noBegin(): ProblemError {
  return new ProblemError({
    code: 'bytes-no-context',
    message: 'Nothing stands before the first token, so that the model says nothing of it.',
    field: 'prompt',
    found: 'no begin token, and no word before the last',
    expected: 'a begin token, or two words',
    advice: 'Let the tokenizer insert its begin token, or give a longer text.',
  })
}

function longWord(byteCount: number): ProblemError {
  return new ProblemError({
    code: 'bytes-long-word',
    message: 'The last word of the text is too long to look at every way to cut it.',
    field: 'prompt',
    found: `${byteCount} bytes`,
    expected: `at most ${MAX_TAIL_BYTES} bytes after the last space`,
    advice: 'End the text in a shorter word.',
  })
}
