import {hexOfBytes} from '../domain/token.ts'
import type {VocabularyEvent, VocabularyRequest} from '../lenses/vocabulary.ts'
import {FAKE_PROVENANCE} from './fake-model.ts'

/** Pretended vocabularies: 256 bytes each, and one word that all share. */
export async function* runFakeVocabulary(
  request: VocabularyRequest,
  pause: (signal?: AbortSignal) => Promise<void>,
  signal: AbortSignal
): AsyncGenerator<VocabularyEvent> {
  await pause(signal)
  const names = request.tokenizers
  const word = {id: 256, bytesHex: hexOfBytes(new TextEncoder().encode(' lamp')), text: ' lamp'}
  const list = {count: 1, entries: [{...word, isSpecial: false}]}
  yield {
    kind: 'completed',
    result: {
      ...{schema: 'tokenscope/vocabulary@1', request, model: null, tokenizer: null, warnings: []},
      versions: FAKE_PROVENANCE.versions,
      tokenizers: names.map((id) => ({
        ...{id, kind: 'packaged', name: id, modelType: 'BPE', sha256: '0'.repeat(64)},
        ...{vocabularySize: 257, licence: null, source: 'pretended', missingByteCount: 0},
        ...{hasMerges: true, entryCount: 257, specialCount: 0, distinctCount: 257},
        spaceStartShare: 1 / 257,
      })),
      composition: names.flatMap((tokenizer) => [
        {tokenizer, class: 'pure_unicode', script: null, count: 256, share: 256 / 257},
        {tokenizer, class: 'spaced_alpha', script: 'Latin', count: 1, share: 1 / 257},
      ]),
      lengths: names.map((tokenizer) => ({tokenizer, characters: 5, count: 1, share: 1 / 257})),
      completeness: names.map((tokenizer) => ({
        ...{tokenizer, script: 'Latin', covered: 52, letters: 52, share: 1},
      })),
      unreachable: request.reach
        ? names.map((tokenizer) => ({tokenizer, untriedCount: 128, ...list}))
        : null,
      underTrained: names.map((tokenizer) => ({tokenizer, count: 0, entries: []})),
      overlap: names.flatMap((a, i) =>
        names.slice(i + 1).map((b) => ({
          ...{a, b, shared: 257, onlyA: 0, onlyB: 0, jaccard: 1, byteShareA: 1, byteShareB: 1},
        }))
      ),
      ...(request.search === undefined
        ? {}
        : {found: names.map((tokenizer) => ({tokenizer, ...list}))}),
      timing: {totalMs: 0},
    },
  }
}
