import {readTokenFlags, type SpanClass, type TokenTable} from '../../../shared/domain/token.ts'
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

/**
 * Flags of tokens that are counted: those of the text, and the space that a tokenizer puts in front, which is
 * a token of its own count, as the reference has it.
 */
const IS_COUNTED = Uint8Array.from({length: 256}, (_, flags) => {
  const {isInserted, spanClass} = readTokenFlags(flags)
  return !isInserted || spanClass === 'dummy-prefix' ? 1 : 0
})

/** How often each token is used. */
class Usage {
  /** Ids that occur, in the order in which they first did. */
  private readonly used: number[] = []
  private counts = new Uint32Array(1024)

  add(id: number): void {
    if (id >= this.counts.length) {
      const grown = new Uint32Array(Math.max(id + 1, 2 * this.counts.length))
      grown.set(this.counts)
      this.counts = grown
    }
    if (this.counts[id]!++ === 0) this.used.push(id)
  }

  get distinctCount(): number {
    return this.used.length
  }

  values(): number[] {
    return this.used.map((id) => this.counts[id]!)
  }
}

/** Counts of one tokenizer over a text that comes in parts. */
export class RowTally {
  /** Byte offsets at which the text was cut and a token may have spanned. */
  readonly doubtfulCuts: number[] = []
  /** Tokens by their flags. */
  private readonly flagCounts = new Uint32Array(256)
  private readonly usage = new Usage()
  private readonly words = emptyWordCounts()
  private readonly changes = noChanges()

  constructor(readonly cutter: TextCutter) {}

  get tokenCount(): number {
    return this.flagCounts.reduce((sum, count, flags) => sum + count * IS_COUNTED[flags]!, 0)
  }

  add({table, textBytes}: EncodedTable, byteOffset: number, words: Uint32Array): void {
    const {ids, flags} = table
    for (let i = 0; i < ids.length; i++) {
      this.flagCounts[flags[i]!]!++
      if (IS_COUNTED[flags[i]!] === 1) this.usage.add(ids[i]!)
    }
    countWords(table, words, this.words)
    if (this.countOf('normalized') > 0) addChanges(table, textBytes, byteOffset, this.changes)
  }

  /** Counted tokens by how they stand to the text. */
  private countOf(spanClass: SpanClass): number {
    return this.flagCounts.reduce(
      (sum, count, flags) =>
        count > 0 && IS_COUNTED[flags] === 1 && readTokenFlags(flags).spanClass === spanClass
          ? sum + count
          : sum,
      0
    )
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
      distinctCount: this.usage.distinctCount,
      utilisation: vocabularySize === null ? null : this.usage.distinctCount / vocabularySize,
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
    const {changes, doubtfulCuts} = this
    const badges: Badge[] = []
    if (this.countOf('normalized') === 0) {
      const isPlain = this.countOf('dummy-prefix') === 0
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
