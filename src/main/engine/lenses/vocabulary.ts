import {setImmediate as nextTurn} from 'node:timers/promises'
import {hexOfBytes} from '../../../shared/domain/token.ts'
import type {Provenance} from '../../../shared/lenses/tokens.ts'
import type {
  VocabularyEvent,
  VocabularyItem,
  VocabularyRequest,
  VocabularyResult,
} from '../../../shared/lenses/vocabulary.ts'
import type {ShelvedTokenizer, TokenizerShelf} from '../tokenizers/shelf.ts'
import {describeVocabulary, overlapOf, type VocabularyFacts} from './vocabulary-facts.ts'
import {unreachableOf} from './vocabulary-reach.ts'
import {findEntries} from './vocabulary-search.ts'

export interface VocabularyContext {
  readonly shelf: TokenizerShelf
  readonly versions: Provenance['versions']
}

const known = new WeakMap<object, Promise<VocabularyFacts>>()

/**
 * What vocabularies are made of, without any text: shapes and scripts of their entries, how complete they are,
 * what they share, which entries no text gives and which were hardly trained. Sliced; aborted, it throws.
 */
export async function* runVocabulary(
  {shelf, versions}: VocabularyContext,
  request: VocabularyRequest,
  signal?: AbortSignal
): AsyncGenerator<VocabularyEvent, void, undefined> {
  const startedMs = performance.now()
  const names = [...new Set(request.tokenizers)]
  const progress = (phase: 'loading' | 'classifying', done: number): VocabularyEvent => ({
    ...{kind: 'progress', phase, done, total: names.length, secondsLeft: null},
  })
  const opened: ShelvedTokenizer[] = []
  for (const name of names) {
    yield progress('loading', opened.length)
    signal?.throwIfAborted()
    opened.push(await shelf.open(name))
  }
  const facts: VocabularyFacts[] = []
  for (const shelved of opened) {
    yield progress('classifying', facts.length)
    signal?.throwIfAborted()
    let described = known.get(shelved.json)
    if (!described) {
      described = describeVocabulary(shelved)
      known.set(shelved.json, described)
    }
    facts.push(await described)
  }
  const overlap: VocabularyResult['overlap'] = []
  for (const [i, a] of facts.entries()) {
    for (const [k, b] of facts.slice(i + 1).entries()) {
      await nextTurn()
      signal?.throwIfAborted()
      overlap.push({a: names[i]!, b: names[i + 1 + k]!, ...overlapOf(a, b)})
    }
  }
  const unreachable = request.reach ? yield* unreachableOf(opened, request.limit, signal) : null
  const {search, limit} = request
  const found = search === undefined ? undefined : findEntries(opened, search, limit)
  yield {
    kind: 'completed',
    result: {
      ...{schema: 'tokenscope/vocabulary@1', request, model: null, tokenizer: null, versions},
      warnings: [],
      tokenizers: opened.map((shelved, i) => ({...shelved.facts, ...facts[i]!.counts})),
      composition: names.flatMap((tokenizer, i) =>
        facts[i]!.composition.map((row) => ({tokenizer, ...row}))
      ),
      lengths: names.flatMap((tokenizer, i) =>
        facts[i]!.lengths.map((row) => ({tokenizer, ...row}))
      ),
      completeness: names.flatMap((tokenizer, i) =>
        facts[i]!.completeness.map((row) => ({tokenizer, ...row}))
      ),
      unreachable,
      underTrained: names.map((tokenizer, i) => {
        const absorbed = facts[i]!.absorbed
        return {
          tokenizer,
          count: absorbed?.length ?? null,
          entries: (absorbed ?? []).slice(0, limit).map(({id, intoId, rankGap}) => ({
            ...itemOf(opened[i]!, id),
            ...{intoId, rankGap},
          })),
        }
      }),
      overlap,
      ...(found ? {found} : {}),
      timing: {totalMs: performance.now() - startedMs},
    },
  }
}

const decoder = new TextDecoder('utf-8', {ignoreBOM: true})

/** An entry as lists name it. */
export function itemOf({tokenizer}: ShelvedTokenizer, id: number): VocabularyItem {
  const bytes = tokenizer.bytesOf(id)
  return {
    ...{id, bytesHex: hexOfBytes(bytes), text: decoder.decode(bytes)},
    isSpecial: tokenizer.isSpecial(id),
  }
}
