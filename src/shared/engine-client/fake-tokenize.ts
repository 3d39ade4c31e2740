import type {TokenizerEntry, TokenizerEntryRequest} from '../contract/contract.ts'
import {hexOfBytes, tokenTableOf} from '../domain/token.ts'
import {wordBytes} from '../lenses/text-words.ts'
import {agreementOf, countAgreement, emptyAgreement, tokenCuts} from '../lenses/token-cuts.ts'
import {countWords, emptyWordCounts, fertilityOf} from '../lenses/token-metrics.ts'
import type {
  TokenizeEvent,
  TokenizeRequest,
  TokenizeRow,
  TokenizerFacts,
} from '../lenses/tokenize.ts'
import {FAKE_PROVENANCE} from './fake-model.ts'

/** Each pretended tokenizer cuts words into pieces of another length: 4, 3, 2, 1 characters, and again. */
export async function* runFakeTokenize(
  request: TokenizeRequest,
  pause: (signal?: AbortSignal) => Promise<void>,
  signal: AbortSignal
): AsyncGenerator<TokenizeEvent> {
  const text = request.text ?? ''
  const encoder = new TextEncoder()
  const bytes = encoder.encode(text).length
  const words = wordBytes(text, request.wordRule)
  const ids = [...request.tokenizers, ...request.baselines]
  const facts = ids.map(factsOf)
  yield {kind: 'opened', text, bytes}
  const tables = ids.map((_, i) => {
    let byteStart = 0
    return tokenTableOf(
      piecesOf(text, 4 - (i % 4)).map((piece) => {
        const own = encoder.encode(piece)
        const start = byteStart
        byteStart += own.length
        return {
          ...{id: piece.codePointAt(0)!, bytes: own, byteStart: start, byteEnd: byteStart},
          ...{isSpecial: false, isInserted: false, spanClass: 'lossless' as const},
        }
      })
    )
  })
  const cuts = tables.map((table) => tokenCuts(table, bytes))
  const boundaryAgreement = ids.flatMap((a, i) =>
    ids.slice(i + 1).map((b, k) => {
      const counts = emptyAgreement()
      countAgreement(cuts[i]!, cuts[i + 1 + k]!, counts)
      return {a, b, ...agreementOf(counts), coverage: 1, blocks: counts.blocks}
    })
  )
  const results = tables.map((table, i): TokenizeRow => {
    const counts = emptyWordCounts()
    countWords(table, words, counts)
    const tokenCount = table.ids.length
    const per = (total: number) => (tokenCount === 0 ? null : total / tokenCount)
    return {
      ...{tokenizer: ids[i]!, facts: facts[i]!, tokenCount, insertedCount: 0, bytes},
      ...{characters: [...text].length, bytesPerToken: per(bytes)},
      ...{charactersPerToken: per([...text].length), wordCount: counts.wordCount},
      ...fertilityOf(counts),
      tokensPerWord: counts.wordCount === 0 ? null : tokenCount / counts.wordCount,
      ...{distinctCount: new Set(table.ids).size, utilisation: null, renyiEfficiency: null},
      ...{changedByteCount: 0, droppedByteCount: 0, changes: []},
      badges: [{kind: 'lossless', isGood: true, text: 'lossless'}],
    }
  })
  for (const [i, tokens] of tables.entries()) {
    await pause(signal)
    yield {kind: 'tokens', tokenizer: ids[i]!, tokens, row: results[i]!}
  }
  yield {
    kind: 'completed',
    result: {
      ...{schema: 'tokenscope/tokenize@1', request, model: null, tokenizer: null},
      versions: FAKE_PROVENANCE.versions,
      ...{warnings: [], status: 'completed', text, bytes, invalidBytes: [], results},
      metrics: {boundaryAgreement},
      timing: {totalMs: 0},
    },
  }
}

/** A pretended entry: its id is a code point, built from two merges of nothing in particular. */
export function fakeTokenizerEntry({id, tokenizer, others}: TokenizerEntryRequest): TokenizerEntry {
  const bytesHex = hexOfBytes(new TextEncoder().encode(String.fromCodePoint(id)))
  return {
    bytesHex,
    isSpecial: false,
    derivation: {kind: 'byte', score: null, merges: []},
    elsewhere: others
      .filter((name) => name !== tokenizer)
      .map((name) => ({tokenizer: name, id, pieceIds: [id]})),
  }
}

function factsOf(id: string): TokenizerFacts {
  return {
    ...{id, kind: 'packaged', name: id, modelType: 'BPE', sha256: '0'.repeat(64)},
    ...{vocabularySize: 256, licence: null, source: 'pretended', missingByteCount: 0},
    hasMerges: true,
  }
}

/** Words with the space before them, in pieces of at most `length` characters. */
function piecesOf(text: string, length: number): string[] {
  return (text.match(/\s*\S+|\s+$/g) ?? []).flatMap((word) => {
    const characters = Array.from(word)
    const pieces: string[] = []
    for (let i = 0; i < characters.length; i += length) {
      pieces.push(characters.slice(i, i + length).join(''))
    }
    return pieces
  })
}
