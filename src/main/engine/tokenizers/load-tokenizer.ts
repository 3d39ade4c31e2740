import {createHash} from 'node:crypto'
import {setImmediate as nextTurn} from 'node:timers/promises'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {parseJsonObject, readBytesOrNull} from '../model-folder/file-problems.ts'
import type {ModelFolder} from '../model-folder/model-folder.ts'
import {type ChatTemplate, readChatTemplate} from './chat-template.ts'
import {Derivations} from './derivation.ts'
import {Encoders} from './encoders.ts'
import {LoadedTokenizer} from './loaded-tokenizer.ts'
import type {Tokenizer} from './tokenizer.ts'
import {parseTokenizerJson} from './tokenizer-json.ts'
import {Vocabulary} from './vocabulary.ts'

/**
 * Loads a folder's tokenizer.json with its chat template. Throws a Problem where the file is missing
 * or is no tokenizer, and where it knows ids that the model's logits do not have.
 */
export async function loadTokenizer(
  folder: Pick<ModelFolder, 'id' | 'path' | 'tokenizerPath' | 'vocabularySize'>
): Promise<Tokenizer> {
  const path = folder.tokenizerPath
  const bytes = await readBytesOrNull(path, 'tokenizer.json')
  if (!bytes) {
    throw new ProblemError({
      code: 'tokenizer-missing',
      message: 'The folder has no tokenizer.json.',
      file: path,
      found: 'no such file',
      expected: 'the tokenizer of the model',
      advice: 'Download tokenizer.json into the folder, or save the tokenizer there as a fast one.',
    })
  }
  const json = parseJsonObject(new TextDecoder().decode(bytes), path, 'tokenizer.json')
  const tokenizer = await tokenizerOfJson({
    id: folder.id,
    json,
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    chatTemplate: await readChatTemplate(folder.path),
  })
  if (tokenizer.tokenCount > folder.vocabularySize) {
    throw new ProblemError({
      code: 'tokenizer-beyond-logits',
      message: 'The tokenizer knows more tokens than the model has logits.',
      file: path,
      field: 'added_tokens',
      found: `ids up to ${tokenizer.tokenCount - 1}`,
      expected: `ids below ${folder.vocabularySize}, the width of the logits`,
      advice: 'Put the tokenizer.json that belongs to this model into the folder.',
    })
  }
  return tokenizer
}

/** A tokenizer.json that has been read or made. */
export interface TokenizerSource {
  readonly id: string
  readonly json: Readonly<Record<string, unknown>>
  /** Of the file, or what stands for it in messages. */
  readonly path: string
  readonly sha256: string
  readonly chatTemplate: ChatTemplate | null
}

/** Makes a tokenizer of a parsed tokenizer.json. Throws a Problem that names the part it cannot take. */
export async function tokenizerOfJson(source: TokenizerSource): Promise<LoadedTokenizer> {
  const {id, json, path, sha256, chatTemplate} = source
  // Each step takes up to 0.2 s for a vocabulary of 128,000: calls are answered between them.
  await nextTurn()
  const definition = parseTokenizerJson(json, path)
  await nextTurn()
  const vocabulary = new Vocabulary(definition)
  await nextTurn()
  return new LoadedTokenizer(
    id,
    sha256,
    vocabulary,
    new Encoders(json, definition, path),
    chatTemplate,
    () => new Derivations(json, definition)
  )
}
