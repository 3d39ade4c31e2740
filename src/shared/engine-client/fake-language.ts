import type {Derivation} from '../contract/contract.ts'
import {hexOfBytes, type TokenParts, type TokenTable, tokenTableOf} from '../domain/token.ts'

/**
 * A pretended language model: a tokenizer of words and bytes, and logits that follow pairs of words
 * and copy what came before. Plausible and repeatable, never measured.
 */
export const FAKE_VOCABULARY_SIZE = 2048
export const FAKE_END_ID = 1

const FIRST_BYTE_ID = 4
const FIRST_WORD_ID = FIRST_BYTE_ID + 256
const SPECIALS = ['<s>', '</s>', '<pad>', '<mask>']
const CORPUS = `Mira has a lamp. Tom has a coin. Ana has a red box. Mira gives Tom the lamp. Tom gives Ana the coin.
Tom walks to the café and gives Ana a coin. Ana puts the coin in a red box. Who has the lamp? Tom has the lamp.
Mira asks: who has the lamp? Tom has the lamp. Mira has 14 coins. She is given 9 more. She has 23 coins.
Who has the coin? Ana has the coin. He walks to the house. No one has the box. The coin is in the box. It is red.`

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const PIECE = / ?[A-Za-z]+| ?[0-9]|\n| ?[^\sA-Za-z0-9]|\s/gu

const wordIds = new Map<string, number>()
const wordsById: string[] = []
for (const word of CORPUS.match(PIECE) ?? []) addWord(word)

function addWord(word: string): void {
  if (wordIds.has(word) || !/^[\x20-\x7e]*$/u.test(word) || word.length < 2) return
  wordIds.set(word, FIRST_WORD_ID + wordsById.length)
  wordsById.push(word)
}

/** The bytes that an id stands for; nothing where the vocabulary has no such entry. */
export function fakeBytesOf(id: number): Uint8Array {
  const special = SPECIALS[id]
  if (special) return encoder.encode(special)
  if (id < FIRST_WORD_ID) return Uint8Array.of(id - FIRST_BYTE_ID)
  return encoder.encode(wordsById[id - FIRST_WORD_ID] ?? '')
}

export function fakePartOf(id: number, byteStart: number, isInserted = false): TokenParts {
  const bytes = fakeBytesOf(id)
  return {
    id,
    bytes,
    byteStart,
    byteEnd: byteStart + (isInserted ? 0 : bytes.length),
    isSpecial: id < FIRST_BYTE_ID,
    isInserted,
    spanClass: 'lossless',
  }
}

export function fakeEncode(text: string, hasBegin = true): TokenParts[] {
  const parts = hasBegin ? [fakePartOf(0, 0, true)] : []
  let byteStart = 0
  const push = (id: number) => {
    const part = fakePartOf(id, byteStart)
    parts.push(part)
    byteStart = part.byteEnd
  }
  for (const piece of text.match(PIECE) ?? []) {
    const id = wordIds.get(piece)
    if (id !== undefined) push(id)
    else for (const byte of encoder.encode(piece)) push(FIRST_BYTE_ID + byte)
  }
  return parts
}

export function fakeTableOf(ids: readonly number[], byteStart = 0): TokenTable {
  let start = byteStart
  return tokenTableOf(
    ids.map((id) => {
      const part = fakePartOf(id, start)
      start = part.byteEnd
      return part
    })
  )
}

export function fakeText(ids: readonly number[]): string {
  return decoder.decode(Uint8Array.from(ids.flatMap((id) => [...fakeBytesOf(id)])))
}

/** A pretended derivation: words grow letter by letter, with ranks in the order of the vocabulary. */
export function fakeDerivationOf(id: number): Derivation {
  if (id < FIRST_BYTE_ID) return {kind: 'special', score: null, merges: []}
  if (id < FIRST_WORD_ID) return {kind: 'byte', score: null, merges: []}
  const bytes = fakeBytesOf(id)
  const merges = Array.from(bytes.subarray(1), (byte, i) => ({
    leftHex: hexOfBytes(bytes.subarray(0, i + 1)),
    rightHex: hexOfBytes(Uint8Array.of(byte)),
    rank: 8 * (id - FIRST_WORD_ID) + i,
  }))
  return {kind: merges.length > 0 ? 'merged' : 'piece', score: null, merges}
}

const pairs = new Map<number, number[]>()
{
  const ids = fakeEncode(CORPUS, false).map((part) => part.id)
  for (let i = 0; i + 1 < ids.length; i++) {
    pairs.set(ids[i]!, [...(pairs.get(ids[i]!) ?? []), ids[i + 1]!])
  }
}

/** Logits after the last of `ids`. */
export function fakeLogits(ids: readonly number[]): Float32Array {
  const logits = new Float32Array(FAKE_VOCABULARY_SIZE)
  const last = ids.at(-1) ?? 0
  for (let id = 0; id < logits.length; id++) {
    const isKnown = id >= FIRST_WORD_ID && id < FIRST_WORD_ID + wordsById.length
    logits[id] = (isKnown ? 1 : -6) + 2 * noise(last * 2048 + id)
  }
  logits[FAKE_END_ID] = 0.5
  for (const id of pairs.get(last) ?? []) logits[id]! += 2.4
  for (let i = 0; i + 1 < ids.length; i++) {
    if (ids[i] !== last) continue
    logits[ids[i + 1]!]! += ids[i - 1] === ids.at(-2) ? 3 : 1.2
  }
  return logits
}

/** The likeliest tokens after some ids, with their natural log-probabilities, and what is left. */
export function topFakeIds(ids: readonly number[], count: number) {
  const logits = fakeLogits(ids)
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
  const children = Array.from(logits, (logit, id) => ({id, logprob: logit - Math.log(sum)}))
    .sort((a, b) => b.logprob - a.logprob || a.id - b.id)
    .slice(0, count)
  const listed = children.reduce((total, {logprob}) => total + Math.exp(logprob), 0)
  return {children, restProb: 1 - listed}
}

/** A number from 0 to 1 that belongs to `key`. */
function noise(key: number): number {
  let x = (key ^ 0x9e3779b9) >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97) >>> 0
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32
}
