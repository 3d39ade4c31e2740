import type {Baseline} from '../../../shared/lenses/packaged-tokenizers.ts'
import type {WordRule} from '../../../shared/lenses/text-words.ts'
import type {TokenizerFacts} from '../../../shared/lenses/tokenize.ts'
import {BaselineCutter} from './baselines.ts'
import type {ShelvedTokenizer} from './shelf.ts'
import type {EncodedTable, EncodeOptions} from './tokenizer.ts'

/** What cuts a text in a comparison: a tokenizer, or a baseline. */
export interface TextCutter {
  readonly facts: TokenizerFacts
  /** Null for a baseline. */
  readonly shelved: ShelvedTokenizer | null
  encode(text: string, options?: EncodeOptions): Promise<EncodedTable>
  /** Tokens that are put around a text. */
  insertedCount(options?: EncodeOptions): Promise<number>
  /** Whether some entry has these two bytes side by side, so that a token may span them. */
  mayJoin(left: number, right: number): boolean
}

export function tokenizerCutter(shelved: ShelvedTokenizer): TextCutter {
  const {facts, tokenizer} = shelved
  let pairs: Uint8Array | null = null
  return {
    facts,
    shelved,
    encode: (text, options) => tokenizer.encodeTable(text, options),
    insertedCount: async (options) =>
      options?.noSpecialTokens ? 0 : await tokenizer.insertedCount(),
    mayJoin(left, right) {
      pairs ??= neighbours(tokenizer.allBytes)
      return pairs[(left << 8) | right] === 1
    },
  }
}

/** 1 at `left · 256 + right` for every two bytes that stand side by side in an entry. */
function neighbours({pool, starts}: {pool: Uint8Array; starts: Uint32Array}): Uint8Array {
  const pairs = new Uint8Array(1 << 16)
  for (let id = 0; id + 1 < starts.length; id++) {
    for (let i = starts[id]! + 1; i < starts[id + 1]!; i++) {
      pairs[(pool[i - 1]! << 8) | pool[i]!] = 1
    }
  }
  return pairs
}

const BASELINE_NAMES = {
  bytes: 'Bytes',
  characters: 'Characters',
  graphemes: 'Grapheme clusters',
  words: 'Words',
} as const satisfies Record<Baseline, string>

export function baselineCutter(baseline: Baseline, wordRule: WordRule): TextCutter {
  const cutter = new BaselineCutter(baseline, wordRule)
  const isOpen = baseline === 'graphemes' || baseline === 'words'
  return {
    facts: {
      ...{id: baseline, kind: 'baseline', name: BASELINE_NAMES[baseline], modelType: null},
      ...{sha256: null, licence: null, source: 'no vocabulary', missingByteCount: null},
      vocabularySize: baseline === 'bytes' ? 256 : baseline === 'characters' ? 0x110000 : null,
      hasMerges: false,
    },
    shelved: null,
    encode: async (text) => cutter.encodeTable(text),
    insertedCount: async () => 0,
    // A word and a cluster end before white space, whatever else they hold.
    mayJoin: (left, right) => isOpen && left > 0x20 && right > 0x20,
  }
}
