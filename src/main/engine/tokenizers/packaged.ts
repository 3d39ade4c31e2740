import {createHash} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {PackagedId} from '../../../shared/lenses/packaged-tokenizers.ts'
import {checkPieceList, llama3Json, sentencePieceJson} from './llama-json.ts'
import {type TiktokenFile, tokenizerJsonOfRanks} from './tiktoken-json.ts'

type Json = Readonly<Record<string, unknown>>

const nodeRequire = createRequire(import.meta.url)

/** Files of the package tiktoken, by the ids that they are known under here. */
export const TIKTOKEN_FILES = {
  gpt2: 'gpt2',
  cl100k: 'cl100k_base',
  o200k: 'o200k_base',
} as const satisfies Partial<Record<PackagedId, string>>

/** Packages are optional in size-conscious installs, and their inner fields are nobody's promise. */
const PIECE_LISTS = {
  llama2: ['llama-tokenizer-js', sentencePieceJson],
  mistral: ['mistral-tokenizer-js', sentencePieceJson],
  llama3: ['llama3-tokenizer-js', llama3Json],
} as const

/** A packaged tokenizer as tokenizer.json, with the hash of that file's bytes. */
export async function packagedJson(id: PackagedId): Promise<{json: Json; sha256: string}> {
  const json = await jsonOf(id)
  return {json, sha256: createHash('sha256').update(JSON.stringify(json)).digest('hex')}
}

async function jsonOf(id: PackagedId): Promise<Json> {
  if (id === 'gpt2' || id === 'cl100k' || id === 'o200k') {
    return tokenizerJsonOfRanks(await readTiktokenFile(id))
  }
  const [packageName, toJson] = PIECE_LISTS[id]
  const loaded = await orMissing(packageName, () => importDefault(packageName))
  return toJson(checkPieceList(loaded, packageName))
}

/** The ranks, special tokens and pattern of a tokenizer of OpenAI's. */
export async function readTiktokenFile(id: keyof typeof TIKTOKEN_FILES): Promise<TiktokenFile> {
  const path = await orMissing('tiktoken', async () =>
    nodeRequire.resolve(`tiktoken/encoders/${TIKTOKEN_FILES[id]}.json`)
  )
  return JSON.parse(await readFile(path, 'utf8')) as TiktokenFile
}

async function importDefault(packageName: string): Promise<unknown> {
  const module = (await import(/* @vite-ignore */ packageName)) as {default: unknown}
  return module.default
}

async function orMissing<Value>(packageName: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (error) {
    throw new ProblemError({
      code: 'tokenizer-package-missing',
      message: 'The package with the vocabulary of this tokenizer is not installed.',
      file: packageName,
      found: error instanceof Error ? error.message.split('\n')[0]! : String(error),
      expected: `the npm package ${packageName}`,
      advice: 'Run npm ci in the folder of the program.',
    })
  }
}
