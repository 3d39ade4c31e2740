import type {Derivation} from '../../../shared/contract/contract.ts'
import {hexOfBytes} from '../../../shared/domain/token.ts'
import type {PieceSpelling, TokenizerDefinition} from './tokenizer-json.ts'
import {bytesOfPiece} from './vocabulary.ts'

type Json = Readonly<Record<string, unknown>>

const BYTE_PIECE = /^<0x[0-9A-Fa-f]{2}>$/

/**
 * How the entries of one vocabulary came to be, as tokenizer.json tells it. A piece of a BPE vocabulary
 * is built again from its own characters: at every step the adjacent pair with the lowest rank merges,
 * the leftmost of several first, which is how the encoder treats a word (Sennrich et al. 2016).
 */
export class Derivations {
  private readonly pieces: ReadonlyMap<number, string>
  private readonly scores: ReadonlyMap<number, number>
  private readonly specialIds: ReadonlySet<number>
  private readonly addedIds: ReadonlySet<number>
  private readonly ranks: ReadonlyMap<string, number>
  private readonly spelling: PieceSpelling

  constructor(json: Json, {pieces, addedTokens, spelling}: TokenizerDefinition) {
    const model = (json.model ?? {}) as Json
    this.pieces = new Map(pieces.map(([piece, id]) => [id, piece]))
    this.scores = scoresOf(model.vocab)
    this.specialIds = new Set(addedTokens.filter((token) => token.isSpecial).map(({id}) => id))
    this.addedIds = new Set(addedTokens.map(({id}) => id))
    this.ranks = ranksOf(model.merges)
    this.spelling = spelling
  }

  /** Null for an id that the tokenizer does not list. */
  of(id: number): Derivation | null {
    if (this.specialIds.has(id)) return {kind: 'special', score: null, merges: []}
    const piece = this.pieces.get(id)
    if (piece === undefined) {
      return this.addedIds.has(id) ? {kind: 'piece', score: null, merges: []} : null
    }
    if (this.isByte(piece)) return {kind: 'byte', score: null, merges: []}
    const merges = this.mergesOf(piece)
    if (merges) return {kind: 'merged', score: null, merges}
    return {kind: 'piece', score: this.scores.get(id) ?? null, merges: []}
  }

  private isByte(piece: string): boolean {
    const {hasByteFallback, isByteLevel} = this.spelling
    if (hasByteFallback && BYTE_PIECE.test(piece)) return true
    return isByteLevel && Array.from(piece).length === 1 && this.bytesOf(piece).length === 1
  }

  /** The merges that build a piece; null where none do. */
  private mergesOf(piece: string): Derivation['merges'] | null {
    const symbols = symbolsOf(piece, this.spelling)
    const merges: Derivation['merges'] = []
    while (symbols.length > 1) {
      const next = this.lowestPair(symbols)
      if (!next) return null
      const [left, right] = [symbols[next.at]!, symbols[next.at + 1]!]
      merges.push({
        leftHex: hexOfBytes(this.bytesOf(left)),
        rightHex: hexOfBytes(this.bytesOf(right)),
        rank: next.rank,
      })
      symbols.splice(next.at, 2, left + withoutPrefix(right, this.spelling))
    }
    return merges.length > 0 && symbols[0] === piece ? merges : null
  }

  private lowestPair(symbols: readonly string[]): {at: number; rank: number} | null {
    let lowest: {at: number; rank: number} | null = null
    for (let at = 0; at + 1 < symbols.length; at++) {
      const rank = this.ranks.get(pairKey(symbols[at]!, symbols[at + 1]!))
      if (rank !== undefined && (!lowest || rank < lowest.rank)) lowest = {at, rank}
    }
    return lowest
  }

  private bytesOf(piece: string): Uint8Array {
    return bytesOfPiece(piece, this.spelling)
  }
}

/** A piece's characters as the encoder starts from them, with the marks that words have. */
function symbolsOf(piece: string, {continuationPrefix, endOfWordSuffix}: PieceSpelling): string[] {
  const prefix = continuationPrefix ?? ''
  const suffix = endOfWordSuffix ?? ''
  const isContinued = prefix !== '' && piece.startsWith(prefix)
  const isEnd = suffix !== '' && piece.endsWith(suffix) && piece.length > suffix.length
  const core = piece.slice(
    isContinued ? prefix.length : 0,
    isEnd ? piece.length - suffix.length : undefined
  )
  const characters = Array.from(core)
  return characters.map((character, i) => {
    const start = i > 0 || isContinued ? prefix : ''
    return start + character + (isEnd && i === characters.length - 1 ? suffix : '')
  })
}

function withoutPrefix(piece: string, {continuationPrefix}: PieceSpelling): string {
  return continuationPrefix && piece.startsWith(continuationPrefix)
    ? piece.slice(continuationPrefix.length)
    : piece
}

function pairKey(left: string, right: string): string {
  return `${left}\0${right}`
}

/** `merges` lists pairs in order of rank, each as two texts or as one with a space between. */
function ranksOf(merges: unknown): Map<string, number> {
  const ranks = new Map<string, number>()
  for (const [rank, merge] of (Array.isArray(merges) ? merges : []).entries()) {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge
    if (!Array.isArray(pair) || pair.length !== 2) continue
    ranks.set(pairKey(String(pair[0]), String(pair[1])), rank)
  }
  return ranks
}

/** A Unigram vocabulary lists [piece, natural log-probability] in order of ids. */
function scoresOf(vocab: unknown): Map<number, number> {
  const scores = new Map<number, number>()
  if (!Array.isArray(vocab)) return scores
  for (const [id, row] of vocab.entries()) {
    if (Array.isArray(row) && typeof row[1] === 'number') scores.set(id, row[1])
  }
  return scores
}
