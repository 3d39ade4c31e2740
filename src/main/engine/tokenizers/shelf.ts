import {createHash} from 'node:crypto'
import {stat} from 'node:fs/promises'
import {basename, dirname, join, resolve} from 'node:path'
import type {ModelRef} from '../../../shared/domain/model.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  isPackagedId,
  PACKAGED_TOKENIZERS,
  type PackagedId,
} from '../../../shared/lenses/packaged-tokenizers.ts'
import type {TokenizerFacts} from '../../../shared/lenses/tokenize.ts'
import {parseJsonObject, readBytesOrNull} from '../model-folder/file-problems.ts'
import {expandHome} from '../model-folder/hub-cache.ts'
import {readChatTemplate} from './chat-template.ts'
import {tokenizerOfJson} from './load-tokenizer.ts'
import type {LoadedTokenizer} from './loaded-tokenizer.ts'
import {packagedJson} from './packaged.ts'

type Json = Readonly<Record<string, unknown>>

/** A tokenizer that is ready, with the file that it was made from. */
export interface ShelvedTokenizer {
  readonly facts: TokenizerFacts
  readonly tokenizer: LoadedTokenizer
  readonly json: Json
}

/** Large vocabularies take 100 MB each; a comparison of the most that may be asked for fits. */
const MAX_KEPT = 16

/** Tokenizers by what people call them, loaded once. */
export class TokenizerShelf {
  private readonly kept = new Map<string, Promise<ShelvedTokenizer>>()

  /** `resolveModel` finds the folder of a built-in, cached or recent model; it throws a Problem. */
  constructor(
    private readonly resolveModel: (ref: ModelRef) => Promise<{id: string; path: string}>
  ) {}

  /**
   * A packaged id, the path of a tokenizer.json or of a folder with one, or a model as models are named.
   * Throws a Problem for what is not there or cannot be read.
   */
  async open(name: string): Promise<ShelvedTokenizer> {
    const place = await this.find(name)
    const key = await keyOf(place)
    let opening = this.kept.get(key)
    this.kept.delete(key)
    opening ??= place.kind === 'packaged' ? openPackaged(place.id) : openFile(place)
    this.kept.set(key, opening)
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) break
      this.kept.delete(oldest)
    }
    // A failure is told and forgotten: the person may have repaired the file.
    opening.catch(() => this.kept.delete(key))
    const opened = await opening
    return {...opened, facts: {...opened.facts, id: name}}
  }

  private async find(name: string): Promise<Place> {
    if (isPackagedId(name)) return {kind: 'packaged', id: name}
    const path = resolve(expandHome(name))
    const found = await stat(path).catch(() => null)
    if (found?.isFile() && /\.json$/i.test(path)) {
      return {kind: 'file', path, folder: dirname(path), name: basename(dirname(path))}
    }
    const inFolder = join(path, 'tokenizer.json')
    if (found?.isDirectory() && (await stat(inFolder).catch(() => null))?.isFile()) {
      return {kind: 'file', path: inFolder, folder: path, name: basename(path)}
    }
    try {
      const model = await this.resolveModel({model: name})
      const modelFile = join(model.path, 'tokenizer.json')
      return {kind: 'model', path: modelFile, folder: model.path, name: model.id}
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.code !== 'model-not-found') throw error
      throw notFound(name, error)
    }
  }
}

type Place =
  | {kind: 'packaged'; id: PackagedId}
  | {kind: 'file' | 'model'; path: string; folder: string; name: string}

/** A file that changes is another tokenizer. */
async function keyOf(place: Place): Promise<string> {
  if (place.kind === 'packaged') return place.id
  const {size, mtimeMs} = await stat(place.path).catch(() => ({size: 0, mtimeMs: 0}))
  return [place.path, size, mtimeMs].join('\n')
}

async function openPackaged(id: PackagedId): Promise<ShelvedTokenizer> {
  const {json, sha256} = await packagedJson(id)
  const known = PACKAGED_TOKENIZERS.find((tokenizer) => tokenizer.id === id)!
  const source = `${known.packageName}@${known.packageVersion}`
  const tokenizer = await tokenizerOfJson({id, json, path: source, sha256, chatTemplate: null})
  const {name, licence} = known
  return {
    ...{tokenizer, json},
    facts: factsOf(tokenizer, json, {id, kind: 'packaged', name, licence, source}),
  }
}

async function openFile(place: Exclude<Place, {kind: 'packaged'}>): Promise<ShelvedTokenizer> {
  const {kind, path, folder, name} = place
  const bytes = await readBytesOrNull(path, basename(path))
  if (!bytes) throw missing(path)
  const json = parseJsonObject(new TextDecoder().decode(bytes), path, basename(path))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const chatTemplate = await readChatTemplate(folder)
  const tokenizer = await tokenizerOfJson({id: name, json, path, sha256, chatTemplate})
  const facts = factsOf(tokenizer, json, {id: name, kind, name, licence: null, source: path})
  return {tokenizer, json, facts}
}

function factsOf(
  tokenizer: LoadedTokenizer,
  json: Json,
  known: Pick<TokenizerFacts, 'id' | 'kind' | 'name' | 'licence' | 'source'>
): TokenizerFacts {
  const model = (json.model ?? {}) as Json
  const hasMerges = Array.isArray(model.merges) && model.merges.length > 0
  return {
    ...known,
    modelType: typeof model.type === 'string' ? model.type : modelTypeOf(model),
    sha256: tokenizer.sha256,
    vocabularySize: tokenizer.tokenCount,
    missingByteCount: tokenizer.isByteLevel ? missingBytes(tokenizer) : null,
    hasMerges,
  }
}

/** Old files name no type; their fields tell it. */
function modelTypeOf(model: Json): string | null {
  if (Array.isArray(model.merges)) return 'BPE'
  if (Array.isArray(model.vocab)) return 'Unigram'
  if ('max_input_chars_per_word' in model) return 'WordPiece'
  return 'vocab' in model ? 'WordLevel' : null
}

function missingBytes(tokenizer: LoadedTokenizer): number {
  let count = 0
  for (let byte = 0; byte < 256; byte++) {
    if (tokenizer.idOfBytes(Uint8Array.of(byte)) === null) count++
  }
  return count
}

function missing(path: string): ProblemError {
  return new ProblemError({
    code: 'tokenizer-missing',
    message: 'The folder has no tokenizer.json.',
    file: path,
    found: 'no such file',
    expected: 'a tokenizer.json',
    advice: 'Save the tokenizer there as a fast one, or choose another folder.',
  })
}

function notFound(name: string, {problem}: ProblemError): ProblemError {
  const ids = PACKAGED_TOKENIZERS.map(({id}) => id).join(', ')
  return new ProblemError({
    ...problem,
    code: 'tokenizer-not-found',
    message: `There is no tokenizer named ${JSON.stringify(name)}.`,
    expected: `one of ${ids}, a model, or the path of a tokenizer.json or of its folder`,
    advice: 'Check the spelling, or give the path of a tokenizer.json.',
  })
}
