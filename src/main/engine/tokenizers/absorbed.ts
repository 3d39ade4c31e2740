import type {LoadedTokenizer} from './loaded-tokenizer.ts'
import {parseTokenizerJson} from './tokenizer-json.ts'

/** An entry that one later merge takes up, and how many merges later. */
export interface Absorbed {
  readonly id: number
  readonly intoId: number
  readonly rankGap: number
}

type Json = Readonly<Record<string, unknown>>

/** Merges that lie at most so far apart have about equally frequent pairs. */
const MOST_GAP = 64
/** Shorter entries stand in many words that are no merge. */
const LEAST_BYTES = 5

/**
 * Entries of a BPE vocabulary that exactly one merge takes up, at most 64 merges after they were made. Merges
 * are made in order of frequency, so the entry was hardly more frequent than what took it up, and little of
 * it was left to train on (the intermediate tokens of Scaffold-BPE, arXiv 2404.17808). Sorted by the gap.
 * Null where the file has no merges.
 */
export function absorbedEntries(json: Json, tokenizer: LoadedTokenizer): Absorbed[] | null {
  const model = (json.model ?? {}) as Json
  if (!Array.isArray(model.merges) || model.merges.length === 0) return null
  const ids = new Map(parseTokenizerJson(json, tokenizer.id).pieces)
  const madeAt = new Map<string, number>()
  const uses = new Map<string, {count: number; rank: number; into: string}>()
  for (const [rank, merge] of model.merges.entries()) {
    const pair = typeof merge === 'string' ? merge.split(' ') : (merge as unknown)
    if (!Array.isArray(pair) || pair.length !== 2) continue
    const [left, right] = pair.map(String) as [string, string]
    const made = left + right
    if (!madeAt.has(made)) madeAt.set(made, rank)
    for (const part of new Set([left, right])) {
      const use = uses.get(part)
      if (use) use.count++
      else uses.set(part, {count: 1, rank, into: made})
    }
  }
  const absorbed: Absorbed[] = []
  for (const [piece, {count, rank, into}] of uses) {
    const made = madeAt.get(piece)
    const id = ids.get(piece)
    const intoId = ids.get(into)
    if (count !== 1 || made === undefined || id === undefined || intoId === undefined) continue
    const rankGap = rank - made
    if (rankGap > MOST_GAP || rankGap < 0 || tokenizer.bytesOf(id).length < LEAST_BYTES) continue
    absorbed.push({id, intoId, rankGap})
  }
  return absorbed.sort((a, b) => a.rankGap - b.rankGap || a.id - b.id)
}
