import {randomUUID} from 'node:crypto'
import {ProblemError} from '../../../shared/domain/problem.ts'

/** An entry of `added_tokens`. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly isSpecial: boolean
}

/** How the pieces of a vocabulary are spelled, which is how they turn into bytes. */
export interface PieceSpelling {
  /** Each character stands for one byte. */
  readonly isByteLevel: boolean
  /** `<0xNN>` stands for one byte. */
  readonly hasByteFallback: boolean
  /** Text that stands for other text: `▁` for a space. */
  readonly replacements: readonly (readonly [from: string, to: string])[]
  /** In front of a piece that continues a word (`##`), and after one that ends it (`</w>`). */
  readonly continuationPrefix: string | null
  readonly endOfWordSuffix: string | null
}

type Json = Readonly<Record<string, unknown>>

/** What this project reads of a tokenizer.json; the native library reads the rest. */
export interface TokenizerDefinition {
  readonly pieces: readonly (readonly [piece: string, id: number])[]
  readonly addedTokens: readonly AddedToken[]
  readonly spelling: PieceSpelling
}

/** Reads a parsed tokenizer.json. Throws a Problem naming the field that is missing or wrong. */
export function parseTokenizerJson(json: Json, path: string): TokenizerDefinition {
  const model = objectOf(json.model)
  if (!model) throw wrongField(path, 'model', json.model, 'the vocabulary and its rules')
  const pieces = piecesOf(model.vocab)
  if (!pieces) throw wrongField(path, 'model.vocab', model.vocab, 'a vocabulary')
  const added = json.added_tokens ?? []
  const addedTokens = Array.isArray(added) ? added.map(addedTokenOf) : [null]
  if (addedTokens.includes(null)) {
    throw wrongField(path, 'added_tokens', added, 'a list of tokens with id and content')
  }
  return {
    pieces,
    addedTokens: addedTokens.filter((token) => token !== null),
    spelling: spellingOf(json, model),
  }
}

function wrongField(path: string, field: string, found: unknown, expected: string): ProblemError {
  const text = JSON.stringify(found) ?? 'nothing'
  return new ProblemError({
    code: 'tokenizer-invalid',
    message: 'tokenizer.json is not a tokenizer that can be read.',
    file: path,
    field,
    found: text.length > 80 ? `${text.slice(0, 80)}…` : text,
    expected,
    advice: 'Download tokenizer.json again, or save the tokenizer again as a fast one.',
  })
}

function objectOf(value: unknown): Json | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Json) : null
}

/** BPE, WordPiece and WordLevel map pieces to ids; Unigram lists [piece, score] in order of ids. */
function piecesOf(vocab: unknown): [string, number][] | null {
  if (Array.isArray(vocab)) {
    const isListed = vocab.every((row) => Array.isArray(row) && typeof row[0] === 'string')
    return isListed ? vocab.map((row, id) => [row[0], id]) : null
  }
  const map = objectOf(vocab)
  if (!map) return null
  const pieces = Object.entries(map)
  const isMap = pieces.every(([, id]) => Number.isInteger(id) && (id as number) >= 0)
  return isMap ? (pieces as [string, number][]) : null
}

function addedTokenOf(value: unknown): AddedToken | null {
  const token = objectOf(value)
  const {id, content, special} = token ?? {}
  if (!Number.isInteger(id) || (id as number) < 0 || typeof content !== 'string') return null
  return {id: id as number, content, isSpecial: special === true}
}

/** A component and, where it is a sequence, the components in it. */
function flatten(component: unknown): Json[] {
  const object = objectOf(component)
  if (!object) return []
  const parts = object.decoders ?? object.pretokenizers ?? object.normalizers ?? object.processors
  return Array.isArray(parts) ? parts.flatMap(flatten) : [object]
}

function spellingOf(json: Json, model: Json): PieceSpelling {
  const decoders = flatten(json.decoder)
  const splitters = flatten(json.pre_tokenizer)
  const find = (type: string) => decoders.find((decoder) => decoder.type === type)
  const isByteLevel =
    find('ByteLevel') !== undefined ||
    (decoders.length === 0 && splitters.some((splitter) => splitter.type === 'ByteLevel'))
  const metaspace = find('Metaspace') ?? splitters.find((splitter) => splitter.type === 'Metaspace')
  const replacements: [string, string][] = []
  for (const decoder of decoders.filter(({type}) => type === 'Replace')) {
    const from = objectOf(decoder.pattern)?.String
    if (typeof from === 'string' && typeof decoder.content === 'string') {
      replacements.push([from, decoder.content])
    }
  }
  if (metaspace) replacements.push([textOr(metaspace.replacement, '▁'), ' '])
  const isWordPiece = model.type === 'WordPiece' || find('WordPiece') !== undefined
  return {
    isByteLevel,
    hasByteFallback: model.byte_fallback === true || find('ByteFallback') !== undefined,
    replacements,
    continuationPrefix: isWordPiece
      ? textOr(find('WordPiece')?.prefix ?? model.continuing_subword_prefix, '##')
      : textOrNull(model.continuing_subword_prefix),
    endOfWordSuffix: textOrNull(model.end_of_word_suffix),
  }
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/**
 * The tokenizer.json that the native library is given. Cutting, padding and random merges are off,
 * and offsets are untrimmed. Under `literal` no text can become a special token.
 */
export function encoderJson(json: Json, definition: TokenizerDefinition, literal: boolean): string {
  const model = {...objectOf(json.model), dropout: null}
  const changed: Record<string, unknown> = {
    ...json,
    model,
    truncation: null,
    padding: null,
    post_processor: untrimmed(json.post_processor),
  }
  if (!literal) return JSON.stringify(changed)

  const specialIds = new Set(
    definition.addedTokens.filter((token) => token.isSpecial).map((token) => token.id)
  )
  const listed = definition.pieces.filter(([, id]) => specialIds.has(id))
  const unknown = (piece: string, id: number) =>
    piece === (model as Json).unk_token || id === (model as Json).unk_id
  // A vocabulary may spell its special tokens as pieces, which ordinary text could then reach.
  const hidden = listed.filter(([piece, id]) => !unknown(piece, id))
  changed.model = {...model, vocab: withoutPieces((model as Json).vocab, hidden)}
  const names = new Set(listed.map(([piece]) => piece))
  // The library numbers added tokens that are no pieces one after another, so those keep their place.
  changed.added_tokens = (json.added_tokens as Json[] | undefined)?.flatMap((token) => {
    if (token.special !== true) return [token]
    if (names.has(String(token.content))) return []
    return [{...token, content: unreachable(token.id as number), normalized: false}]
  })
  return JSON.stringify(changed)
}

/** A vocabulary in which some pieces keep their ids but have names that no text can have. */
function withoutPieces(vocab: unknown, hidden: TokenizerDefinition['pieces']): unknown {
  if (hidden.length === 0) return vocab
  if (Array.isArray(vocab)) {
    const rows = [...vocab]
    for (const [, id] of hidden) rows[id] = [unreachable(id), vocab[id][1]]
    return rows
  }
  const map: Record<string, unknown> = {...objectOf(vocab)}
  for (const [piece, id] of hidden) {
    delete map[piece]
    map[unreachable(id)] = id
  }
  return map
}

// Never seen outside this process, so no text can hold it; no result depends on it.
const UNTYPABLE = randomUUID()

function unreachable(id: number): string {
  return `\u{fdd0}${UNTYPABLE}.${id}\u{fdd0}`
}

/** Offsets of byte-level processors without their trimming of spaces. */
function untrimmed(processor: unknown): unknown {
  const object = objectOf(processor)
  if (!object) return processor
  if (Array.isArray(object.processors)) {
    return {...object, processors: object.processors.map(untrimmed)}
  }
  return 'trim_offsets' in object ? {...object, trim_offsets: false} : object
}

/**
 * A tokenizer.json that puts no space in front of a text, so that the rest of a text can be encoded on
 * its own. The same object where it never did.
 */
export function withoutPrefix(json: Json): Json {
  const normalizer = unprefixed(json.normalizer)
  const preTokenizer = unprefixed(json.pre_tokenizer)
  const isSame = normalizer === json.normalizer && preTokenizer === json.pre_tokenizer
  return isSame ? json : {...json, normalizer, pre_tokenizer: preTokenizer}
}

/** A component without what it puts in front; null where that was all it did. */
function unprefixed(component: unknown): unknown {
  const object = objectOf(component)
  if (!object) return component
  for (const name of ['normalizers', 'pretokenizers']) {
    const list = object[name]
    if (!Array.isArray(list)) continue
    const kept = list.map(unprefixed)
    if (kept.every((one, i) => one === list[i])) return component
    return {...object, [name]: kept.filter((one) => one !== null)}
  }
  if (object.type === 'Prepend') return null
  if (object.type === 'Metaspace' && object.prepend_scheme !== 'never') {
    // Old files say it by `add_prefix_space`, true where absent.
    if (object.prepend_scheme === undefined && object.add_prefix_space === false) return component
    return {...object, prepend_scheme: 'never', add_prefix_space: false}
  }
  if (object.type === 'ByteLevel' && object.add_prefix_space !== false) {
    return {...object, add_prefix_space: false}
  }
  return component
}
