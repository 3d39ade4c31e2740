import type {FolderListing} from '../contract/contract.ts'
import type {ModelInfo, ModelListing} from '../domain/model.ts'
import {FAKE_END_ID, FAKE_VOCABULARY_SIZE} from './fake-language.ts'

const MODEL_PATH = '/models/micro-base'
/** The one model that there is. */
export const FAKE_LISTING: ModelListing = {
  id: 'micro-base',
  path: MODEL_PATH,
  source: 'builtin',
  kind: 'decoder',
  family: 'llama',
  layerCount: 6,
  queryHeadCount: 8,
  keyValueHeadCount: 8,
  vocabularySize: FAKE_VOCABULARY_SIZE,
  contextLength: 1024,
  dtypes: ['float32'],
  files: ['onnx/model.onnx'],
  bytes: 8_300_000,
  problem: null,
}

/** It, loaded. */
export const FAKE_MODEL: ModelInfo = {
  ...FAKE_LISTING,
  file: 'onnx/model.onnx',
  sha256: 'f'.repeat(64),
  family: 'llama',
  layerCount: 6,
  queryHeadCount: 8,
  keyValueHeadCount: 8,
  hiddenSize: 160,
  vocabularySize: FAKE_VOCABULARY_SIZE,
  contextLength: 1024,
  parameterCount: 2_000_000,
  dtype: 'float32',
  hasKvCache: true,
  beginId: 0,
  stopIds: [FAKE_END_ID],
  chatTemplate: false,
  longestTokenBytes: 16,
  tokenizer: {id: 'micro-base', sha256: 'e'.repeat(64), tokenCount: FAKE_VOCABULARY_SIZE},
  memoryBytes: 21_000_000,
  threads: 4,
  warnings: [],
}

export const FAKE_PROVENANCE = {
  model: {id: 'micro-base', path: MODEL_PATH, sha256: FAKE_MODEL.sha256},
  tokenizer: {id: 'micro-base', sha256: FAKE_MODEL.tokenizer.sha256},
  versions: {tokenscope: '0.0.0', onnxruntime: 'none', schema: '1'},
}

/** A pretended home with models in it. */
export function fakeFolder(path: string): FolderListing {
  const names = ['harbour-160m', 'notes', 'papers', 'tiny-stories-33m']
  return {
    path,
    parent: path === '/' ? null : path.slice(0, path.lastIndexOf('/')) || '/',
    places: [
      {name: 'Home', path: '/home/mira'},
      {name: 'Hugging Face cache', path: '/home/mira/.cache/huggingface/hub'},
    ],
    entries: names.map((name) => ({
      name,
      path: `${path === '/' ? '' : path}/${name}`,
      kind: name.endsWith('m') ? 'model' : 'folder',
    })),
    model: null,
  }
}
