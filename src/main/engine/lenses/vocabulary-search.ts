import {ProblemError} from '../../../shared/domain/problem.ts'
import {bytesOfHex} from '../../../shared/domain/token.ts'
import type {VocabularyResult} from '../../../shared/lenses/vocabulary.ts'
import type {ShelvedTokenizer} from '../tokenizers/shelf.ts'
import {itemOf} from './vocabulary.ts'

/** What is looked for: bytes anywhere in an entry, and an id. */
interface Wanted {
  readonly bytes: Buffer | null
  readonly id: number | null
}

function wantedOf(search: string): Wanted {
  const id = /^(?:id:\s*)?(\d{1,9})$/iu.exec(search)?.[1]
  if (/^id:/iu.test(search)) {
    if (id === undefined) throw badSearch(search, 'digits after id:')
    return {bytes: null, id: Number(id)}
  }
  const hex = /^hex:\s*(.*)$/iu.exec(search)?.[1]?.replaceAll(' ', '')
  if (hex !== undefined) {
    if (hex === '' || !/^(?:[0-9a-f]{2})+$/iu.test(hex))
      throw badSearch(search, 'pairs of hex digits after hex:')
    return {bytes: Buffer.from(bytesOfHex(hex)), id: null}
  }
  return {bytes: Buffer.from(search), id: id === undefined ? null : Number(id)}
}

/** Entries that hold a text or bytes, those that are nothing else first, and the entry of an id. */
export function findEntries(
  opened: readonly ShelvedTokenizer[],
  search: string,
  limit: number
): NonNullable<VocabularyResult['found']> {
  const {bytes, id} = wantedOf(search)
  return opened.map((shelved) => {
    const {tokenizer, facts} = shelved
    const hits: {id: number; rank: number; length: number}[] = []
    for (let candidate = 0; candidate < tokenizer.tokenCount; candidate++) {
      const own = tokenizer.bytesOf(candidate)
      if (own.length === 0) continue
      if (candidate === id) hits.push({id: candidate, rank: 0, length: own.length})
      else if (bytes && own.length >= bytes.length) {
        const at = Buffer.from(own.buffer, own.byteOffset, own.length).indexOf(bytes)
        if (at < 0) continue
        const rank =
          own.length === bytes.length ? 1 : at === 0 || (at === 1 && own[0] === 0x20) ? 2 : 3
        hits.push({id: candidate, rank, length: own.length})
      }
    }
    hits.sort((a, b) => a.rank - b.rank || a.length - b.length || a.id - b.id)
    return {
      tokenizer: facts.id,
      count: hits.length,
      entries: hits.slice(0, limit).map((hit) => itemOf(shelved, hit.id)),
    }
  })
}

function badSearch(search: string, expected: string): ProblemError {
  return new ProblemError({
    code: 'search-invalid',
    message: 'This cannot be looked for in a vocabulary.',
    field: 'search',
    found: search,
    expected,
    advice: 'Give a text, bytes such as hex:e28099, or an id such as id:412.',
  })
}
