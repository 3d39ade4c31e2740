/** A tokenizer whose vocabulary comes with the program, in a package of its own. */
export interface PackagedTokenizer {
  readonly id: string
  readonly name: string
  /** The npm package that carries the vocabulary. */
  readonly packageName: string
  readonly packageVersion: string
  /** Of the vocabulary, which is its makers'. */
  readonly licence: string
}

/** Vocabularies that are there without any download, by their ids. */
export const PACKAGED_TOKENIZERS = [
  {
    id: 'gpt2',
    name: 'GPT-2 (r50k)',
    licence: 'MIT, OpenAI',
    packageName: 'tiktoken',
    packageVersion: '1.0.22',
  },
  {
    id: 'cl100k',
    name: 'cl100k (GPT-3.5, GPT-4)',
    licence: 'MIT, OpenAI',
    packageName: 'tiktoken',
    packageVersion: '1.0.22',
  },
  {
    id: 'o200k',
    name: 'o200k (GPT-4o)',
    licence: 'MIT, OpenAI',
    packageName: 'tiktoken',
    packageVersion: '1.0.22',
  },
  {
    id: 'llama2',
    name: 'Llama 2',
    licence: 'Llama 2 Community License, Meta',
    packageName: 'llama-tokenizer-js',
    packageVersion: '1.2.2',
  },
  {
    id: 'llama3',
    name: 'Llama 3',
    licence: 'Llama 3.1 Community License, Meta',
    packageName: 'llama3-tokenizer-js',
    packageVersion: '1.2.0',
  },
  {
    id: 'mistral',
    name: 'Mistral 0.1',
    licence: 'Apache-2.0, Mistral AI',
    packageName: 'mistral-tokenizer-js',
    packageVersion: '1.0.0',
  },
] as const satisfies readonly PackagedTokenizer[]

export type PackagedId = (typeof PACKAGED_TOKENIZERS)[number]['id']

export function isPackagedId(id: string): id is PackagedId {
  return PACKAGED_TOKENIZERS.some((tokenizer) => tokenizer.id === id)
}

/** Ways to cut a text that need no vocabulary, to compare with. */
export const BASELINES = ['bytes', 'characters', 'graphemes', 'words'] as const
export type Baseline = (typeof BASELINES)[number]
