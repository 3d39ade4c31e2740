import {setImmediate as nextTurn} from 'node:timers/promises'
import {characterOfByte} from './vocabulary.ts'

/** A vocabulary as the package `tiktoken` has it. */
export interface TiktokenFile {
  /** The regular expression that cuts a text into pieces; merges never cross its cuts. */
  readonly pat_str: string
  readonly special_tokens: Readonly<Record<string, number>>
  /** Lines of `! FIRST_RANK BASE64 …`: the bytes of each rank, which is the id too. */
  readonly bpe_ranks: string
}

type Json = Readonly<Record<string, unknown>>

/** How many entries are worked on before other work gets its turn. */
const SLICE = 5000

/**
 * The tokenizer.json that encodes as tiktoken does with the same ranks: a piece that is an entry stays
 * whole, any other is merged pair by pair, lowest rank first.
 */
export async function tokenizerJsonOfRanks(file: TiktokenFile): Promise<Json> {
  const ranks = ranksOf(file.bpe_ranks)
  const vocab: Record<string, number> = {}
  const merges: [string, string][] = []
  let count = 0
  for (const [bytes, rank] of ranks) {
    vocab[spelled(bytes)] = rank
    const pair = pairOf(bytes, rank, ranks)
    if (pair) merges.push([spelled(pair[0]), spelled(pair[1])])
    if (++count % SLICE === 0) await nextTurn()
  }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: Object.entries(file.special_tokens).map(([content, id]) => ({
      ...{id, content, single_word: false, lstrip: false, rstrip: false},
      ...{normalized: false, special: true},
    })),
    normalizer: null,
    pre_tokenizer: byteLevelSplitter(file.pat_str),
    post_processor: null,
    decoder: BYTE_LEVEL,
    model: {...BYTE_LEVEL_BPE, vocab, merges},
  }
}

export const BYTE_LEVEL = {
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: false,
  use_regex: false,
} as const

/** `ignore_merges`: a piece that is an entry is that entry, whatever its merges would make of it. */
export const BYTE_LEVEL_BPE = {
  type: 'BPE',
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
  byte_fallback: false,
  ignore_merges: true,
} as const

/** Cuts at a regular expression, then spells each byte as a character. */
export function byteLevelSplitter(pattern: string): Json {
  return {
    type: 'Sequence',
    pretokenizers: [
      {type: 'Split', pattern: {Regex: pattern}, behavior: 'Isolated', invert: false},
      BYTE_LEVEL,
    ],
  }
}

/** Byte strings (one character a byte) and their ranks, ascending. */
function ranksOf(lines: string): Map<string, number> {
  const ranks = new Map<string, number>()
  for (const line of lines.split('\n')) {
    const [, first, ...entries] = line.split(' ')
    let rank = Number(first)
    for (const entry of entries) ranks.set(Buffer.from(entry, 'base64').toString('latin1'), rank++)
  }
  return ranks
}

/** The two entries that an entry was merged from when it was learned; null for a single byte. */
function pairOf(
  bytes: string,
  rank: number,
  ranks: ReadonlyMap<string, number>
): [string, string] | null {
  let found: [string, string] | null = null
  for (let at = 1; at < bytes.length; at++) {
    const left = bytes.slice(0, at)
    if (!ranks.has(left) || !ranks.has(bytes.slice(at))) continue
    // Only one way to cut it needs no search.
    if (found) return learnedPair(bytes, rank, ranks)
    found = [left, bytes.slice(at)]
  }
  return found
}

/** Merges an entry's bytes with what had been learned before it; two parts are left. */
function learnedPair(
  bytes: string,
  rank: number,
  ranks: ReadonlyMap<string, number>
): [string, string] | null {
  const parts = Array.from(bytes)
  while (parts.length > 2) {
    let lowest = rank
    let at = -1
    for (let i = 0; i + 1 < parts.length; i++) {
      const merged = ranks.get(parts[i]! + parts[i + 1]!)
      if (merged !== undefined && merged < lowest) {
        lowest = merged
        at = i
      }
    }
    if (at < 0) return null
    parts.splice(at, 2, parts[at]! + parts[at + 1]!)
  }
  return [parts[0]!, parts[1]!]
}

function spelled(bytes: string): string {
  let piece = ''
  for (let i = 0; i < bytes.length; i++) piece += characterOfByte(bytes.charCodeAt(i))
  return piece
}
