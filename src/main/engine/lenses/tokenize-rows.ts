import {readTokenFlags, type TokenTable} from '../../../shared/domain/token.ts'
import {
  countWords,
  emptyWordCounts,
  fertilityOf,
  renyiEfficiency,
} from '../../../shared/lenses/token-metrics.ts'
import type {Badge, TokenizeRequest, TokenizeRow} from '../../../shared/lenses/tokenize.ts'
import {addChanges, noChanges} from '../tokenizers/text-changes.ts'
import type {TextCutter} from '../tokenizers/text-cutter.ts'
import type {EncodedTable} from '../tokenizers/tokenizer.ts'

/** What a row says beyond its counts. */
export interface RowOptions {
  readonly request: TokenizeRequest
  readonly bytes: number
  readonly characters: number
  readonly insertedCount: number
  readonly referenceCount: number | null
  readonly badges: readonly Badge[]
}

/** Counts of one tokenizer over a text that comes in parts. */
export class RowTally {
  tokenCount = 0
  /** Byte offsets at which the text was cut and a token may have spanned. */
  readonly doubtfulCuts: number[] = []
  /** Tokens by how they stand to the text. */
  readonly spanCounts = {lossless: 0, 'dummy-prefix': 0, normalized: 0}
  private readonly usage = new Map<number, number>()
  private readonly words = emptyWordCounts()
  private readonly changes = noChanges()

  constructor(readonly cutter: TextCutter) {}

  add({table, textBytes}: EncodedTable, byteOffset: number, words: Uint32Array): void {
    for (let i = 0; i < table.ids.length; i++) {
      const {isInserted, spanClass} = readTokenFlags(table.flags[i]!)
      // The space that a tokenizer puts in front is a token of its own count, as the reference has it.
      if (isInserted && spanClass !== 'dummy-prefix') continue
      this.spanCounts[spanClass]++
      this.tokenCount++
      const id = table.ids[i]!
      this.usage.set(id, (this.usage.get(id) ?? 0) + 1)
    }
    countWords(table, words, this.words)
    if (this.spanCounts.normalized > 0) addChanges(table, textBytes, byteOffset, this.changes)
  }

  row({
    request,
    bytes,
    characters,
    insertedCount,
    referenceCount,
    badges,
  }: RowOptions): TokenizeRow {
    const {facts} = this.cutter
    const {tokenCount, changes, words} = this
    const {fertility, continuedWordShare} = fertilityOf(words)
    const {vocabularySize} = facts
    const per = (total: number) => (tokenCount === 0 ? null : total / tokenCount)
    return {
      tokenizer: facts.id,
      facts,
      tokenCount,
      insertedCount,
      bytes,
      characters,
      bytesPerToken: per(bytes),
      charactersPerToken: per(characters),
      wordCount: words.wordCount,
      fertility,
      tokensPerWord: words.wordCount === 0 ? null : tokenCount / words.wordCount,
      continuedWordShare,
      distinctCount: this.usage.size,
      utilisation: vocabularySize === null ? null : this.usage.size / vocabularySize,
      renyiEfficiency: renyiEfficiency(this.usage.values())?.efficiency ?? null,
      ...(referenceCount !== null && {
        relativeLength: referenceCount === 0 ? null : tokenCount / referenceCount,
      }),
      ...(request.contextLength !== undefined && {
        contextShare: tokenCount / request.contextLength,
      }),
      ...(request.price !== undefined && {cost: (tokenCount * request.price) / 1e6}),
      changedByteCount: changes.changedByteCount,
      droppedByteCount: changes.droppedByteCount,
      ...(changes.droppedByteCount > 0 && {droppedBytesHex: changes.droppedBytesHex}),
      changes: [...changes.changes],
      badges: [...this.spanBadges(), ...badges],
    }
  }

  private spanBadges(): Badge[] {
    const {spanCounts, changes, doubtfulCuts} = this
    const badges: Badge[] = []
    if (spanCounts.normalized === 0) {
      const isPlain = spanCounts['dummy-prefix'] === 0
      badges.push(
        isPlain
          ? {kind: 'lossless', isGood: true, text: 'lossless'}
          : {kind: 'dummy-prefix', isGood: true, text: 'lossless after one space put in front'}
      )
    } else {
      const {changedByteCount, droppedByteCount} = changes
      badges.push({
        kind: droppedByteCount > 0 ? 'lossy' : 'normalized',
        isGood: false,
        text:
          droppedByteCount > 0
            ? `lossy: ${countOf(droppedByteCount, 'byte')} dropped, ${changedByteCount} changed`
            : `normalised: ${countOf(changedByteCount, 'byte')} changed`,
      })
    }
    const [first] = doubtfulCuts
    if (first !== undefined) {
      badges.push({
        kind: 'approximate',
        isGood: false,
        text: `approximate at ${countOf(doubtfulCuts.length, 'cut')}, the first at byte ${first}`,
      })
    }
    return badges
  }
}

/** `1 byte`, `2 bytes`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** The first tokens of a table, their byte spans moved by `byteOffset`. */
export function firstTokens(table: TokenTable, count: number): TokenTable {
  if (table.ids.length <= count) return table
  const poolEnd = table.poolStarts[count]!
  return {
    ids: table.ids.slice(0, count),
    byteStarts: table.byteStarts.slice(0, count),
    byteEnds: table.byteEnds.slice(0, count),
    flags: table.flags.slice(0, count),
    pool: table.pool.slice(0, poolEnd),
    poolStarts: table.poolStarts.slice(0, count + 1),
  }
}
