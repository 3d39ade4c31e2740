import {createRequire} from 'node:module'
import {isPackagedId} from '../../../shared/lenses/packaged-tokenizers.ts'
import {readTiktokenFile, TIKTOKEN_FILES} from './packaged.ts'
import type {ShelvedTokenizer} from './shelf.ts'
import {encoderJson, parseTokenizerJson} from './tokenizer-json.ts'

/** Another implementation of the same tokenizer, to compare ids with. */
export interface SecondEngine {
  readonly name: string
  /** Ids of a text, special tokens taken literally and none inserted. */
  encode(text: string): ArrayLike<number>
  release(): void
}

const nodeRequire = createRequire(import.meta.url)

interface TiktokenModule {
  readonly Tiktoken: new (
    ranks: string,
    specials: Readonly<Record<string, number>>,
    pattern: string
  ) => {encode(text: string, allowed: string[], disallowed: string[]): Uint32Array; free(): void}
}

interface PureModule {
  readonly Tokenizer: new (
    json: unknown,
    config: object
  ) => {encode(text: string, options: {add_special_tokens: boolean}): {ids: number[]}}
}

/**
 * tiktoken itself for the vocabularies that are its own, else the tokenizers library in JavaScript. Null
 * where that does not take the file.
 */
export async function secondEngine({
  facts,
  json,
  tokenizer,
}: ShelvedTokenizer): Promise<SecondEngine | null> {
  if (facts.kind === 'packaged' && isPackagedId(tokenizer.id) && tokenizer.id in TIKTOKEN_FILES) {
    return tiktokenEngine(tokenizer.id as keyof typeof TIKTOKEN_FILES)
  }
  const definition = parseTokenizerJson(json, facts.source)
  const packageName = '@huggingface/tokenizers'
  try {
    const {Tokenizer} = (await import(/* @vite-ignore */ packageName)) as PureModule
    const engine = new Tokenizer(JSON.parse(encoderJson(json, definition, true)), {})
    return {
      name: packageName,
      encode: (text) => engine.encode(text, {add_special_tokens: false}).ids,
      release: () => {},
    }
  } catch {
    return null
  }
}

async function tiktokenEngine(id: keyof typeof TIKTOKEN_FILES): Promise<SecondEngine> {
  const {pat_str, special_tokens, bpe_ranks} = await readTiktokenFile(id)
  const {Tiktoken} = nodeRequire('tiktoken') as TiktokenModule
  const engine = new Tiktoken(bpe_ranks, special_tokens, pat_str)
  return {
    name: 'tiktoken',
    encode: (text) => engine.encode(text, [], []),
    release: () => engine.free(),
  }
}

/** Where two lists of ids first differ; null where they are the same. */
export function firstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return i
  return a.length === b.length ? null : shorter
}
