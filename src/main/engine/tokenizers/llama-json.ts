import {ProblemError} from '../../../shared/domain/problem.ts'
import {BYTE_LEVEL, BYTE_LEVEL_BPE, byteLevelSplitter} from './tiktoken-json.ts'

type Json = Readonly<Record<string, unknown>>

/** What the packages of the Llama family hold: pieces in order of ids, and merges with priorities. */
export interface PieceList {
  readonly vocabById: readonly string[]
  /** `left right` to its priority; the lowest merges first. */
  readonly merges: ReadonlyMap<string, number>
}

/** Throws a Problem where a package does not hold what its known version does. */
export function checkPieceList(value: unknown, packageName: string): PieceList {
  const list = value as Partial<PieceList> | null
  if (Array.isArray(list?.vocabById) && list.merges instanceof Map) return list as PieceList
  throw new ProblemError({
    code: 'tokenizer-package-changed',
    message: 'The package of a tokenizer does not hold its vocabulary where it used to.',
    file: packageName,
    expected: 'vocabById, a list, and merges, a map',
    advice: 'Install the version that package.json names.',
  })
}

const LLAMA2_SPECIALS = ['<unk>', '<s>', '</s>']

/**
 * Llama 2 and Mistral 0.1: SentencePiece BPE with byte fallback. A space goes before the text, spaces
 * are spelled `▁`, and the begin token is inserted.
 */
export function sentencePieceJson({vocabById, merges}: PieceList): Json {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: LLAMA2_SPECIALS.map((content, id) => special(id, content)),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        {type: 'Prepend', prepend: '▁'},
        {type: 'Replace', pattern: {String: ' '}, content: '▁'},
      ],
    },
    pre_tokenizer: null,
    post_processor: beginTemplate('<s>', 1),
    decoder: {
      type: 'Sequence',
      decoders: [
        {type: 'Replace', pattern: {String: '▁'}, content: ' '},
        {type: 'ByteFallback'},
        {type: 'Fuse'},
        {type: 'Strip', content: ' ', start: 1, stop: 0},
      ],
    },
    model: {
      ...BYTE_LEVEL_BPE,
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: vocabOf(vocabById),
      merges: mergesOf(merges),
    },
  }
}

/** Ordinary entries of Llama 3; special tokens follow them. */
const LLAMA3_ENTRY_COUNT = 128_000
/** Where Llama 3 cuts a text before merging (its tokenizer.json and model card say the same). */
const LLAMA3_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/** Llama 3: byte-level BPE in which a piece that is an entry stays whole; a begin token is inserted. */
export function llama3Json({vocabById, merges}: PieceList): Json {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: vocabById
      .slice(LLAMA3_ENTRY_COUNT)
      .map((content, i) => special(LLAMA3_ENTRY_COUNT + i, content)),
    normalizer: null,
    pre_tokenizer: byteLevelSplitter(LLAMA3_PATTERN),
    post_processor: beginTemplate('<|begin_of_text|>', LLAMA3_ENTRY_COUNT),
    decoder: BYTE_LEVEL,
    model: {
      ...BYTE_LEVEL_BPE,
      vocab: vocabOf(vocabById.slice(0, LLAMA3_ENTRY_COUNT)),
      merges: mergesOf(merges),
    },
  }
}

function vocabOf(pieces: readonly string[]): Record<string, number> {
  return Object.fromEntries(pieces.map((piece, id) => [piece, id]))
}

function mergesOf(merges: PieceList['merges']): [string, string][] {
  return [...merges]
    .sort(([, a], [, b]) => a - b)
    .map(([pair]) => {
      const space = pair.indexOf(' ')
      return [pair.slice(0, space), pair.slice(space + 1)]
    })
}

function special(id: number, content: string): Json {
  return {
    ...{id, content, single_word: false, lstrip: false, rstrip: false},
    ...{normalized: false, special: true},
  }
}

function beginTemplate(content: string, id: number): Json {
  return {
    type: 'TemplateProcessing',
    single: [{SpecialToken: {id: content, type_id: 0}}, {Sequence: {id: 'A', type_id: 0}}],
    pair: [{Sequence: {id: 'A', type_id: 0}}, {Sequence: {id: 'B', type_id: 1}}],
    special_tokens: {[content]: {id: content, ids: [id], tokens: [content]}},
  }
}
