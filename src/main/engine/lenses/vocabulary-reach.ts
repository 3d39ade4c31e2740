import {setImmediate as nextTurn} from 'node:timers/promises'
import type {VocabularyEvent, VocabularyResult} from '../../../shared/lenses/vocabulary.ts'
import {textOfEntry} from '../tokenizers/entry-class.ts'
import type {ShelvedTokenizer} from '../tokenizers/shelf.ts'
import {itemOf} from './vocabulary.ts'

/** Entries that are encoded at once. */
const BATCH = 512

/**
 * Entries that their own text is not encoded to, so that no text gives them alone (Land and Bartolo 2024, arXiv
 * 2405.05417: unreachable tokens). The text stands in the middle of another, where no space is put before it.
 */
export async function* unreachableOf(
  opened: readonly ShelvedTokenizer[],
  limit: number,
  signal: AbortSignal | undefined
): AsyncGenerator<VocabularyEvent, NonNullable<VocabularyResult['unreachable']>, undefined> {
  const startedMs = performance.now()
  const total = opened.reduce((sum, {tokenizer}) => sum + tokenizer.tokenCount, 0)
  let before = 0
  const rows: NonNullable<VocabularyResult['unreachable']> = []
  for (const shelved of opened) {
    const {tokenizer} = shelved
    const ids: number[] = []
    let untriedCount = 0
    for (let from = 0; from < tokenizer.tokenCount; from += BATCH) {
      const to = Math.min(tokenizer.tokenCount, from + BATCH)
      const done = before + from
      const elapsed = (performance.now() - startedMs) / 1000
      yield {
        ...{kind: 'progress', phase: 'reaching', done, total},
        secondsLeft: done === 0 ? null : (elapsed * (total - done)) / done,
      }
      await nextTurn()
      signal?.throwIfAborted()
      const tried: {id: number; text: string}[] = []
      for (let id = from; id < to; id++) {
        const bytes = tokenizer.bytesOf(id)
        if (bytes.length === 0 || tokenizer.isSpecial(id)) continue
        const text = textOfEntry(bytes)
        if (text === null) untriedCount++
        else tried.push({id, text})
      }
      const encoded = await Promise.all(
        tried.map(({text}) => tokenizer.encodeTable(text, {isContinued: true}))
      )
      for (const [i, {table}] of encoded.entries()) {
        const {id} = tried[i]!
        if (table.ids.length !== 1 || table.ids[0] !== id) ids.push(id)
      }
    }
    before += tokenizer.tokenCount
    rows.push({
      ...{tokenizer: shelved.facts.id, count: ids.length, untriedCount},
      entries: ids.slice(0, limit).map((id) => itemOf(shelved, id)),
    })
  }
  return rows
}
