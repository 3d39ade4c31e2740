import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {cellName} from '../../../../fixtures/families/combinations.ts'
import type {FamilyFacts} from '../../../../fixtures/families/facts.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {type FamilyCell, SHAPE, TRAITS} from '../../../../fixtures/families/traits.ts'

/** A folder with a family's model, which is opened by the folder's path. */
export function writeFamilyFolder(parent: string, cell: FamilyCell): Promise<string> {
  const {bytes, facts} = buildFamilyModel(cell)
  const folder = join(parent, cellName(cell).replaceAll(/[^a-z0-9]+/gi, '-'))
  return writeModelFolder(folder, bytes, configOfFamily(cell, facts))
}

/** The configuration of a cell's model. */
export function configOfFamily(cell: FamilyCell, facts: FamilyFacts): object {
  return {
    ...{architectures: ['LlamaForCausalLM'], model_type: 'llama'},
    ...{num_hidden_layers: SHAPE.layerCount, num_attention_heads: SHAPE.queryHeadCount},
    ...{num_key_value_heads: facts.keyValueHeadCount, head_dim: SHAPE.headSize},
    ...{hidden_size: SHAPE.width, vocab_size: SHAPE.vocabularySize},
    max_position_embeddings: SHAPE.contextLength,
    ...(TRAITS[cell.family].windows.some((window) => window !== null) && {sliding_window: 5}),
  }
}

/**
 * A folder with a graph and a tokenizer that has a word for each id of the families' vocabulary: `w7` is
 * token 7, any other word is token 0, and nothing is inserted.
 */
export async function writeModelFolder(
  folder: string,
  graph: Uint8Array,
  config: object
): Promise<string> {
  await mkdir(folder)
  const ids = Array.from({length: SHAPE.vocabularySize}, (_, id) => [`w${id}`, id] as const)
  const model = {type: 'WordLevel', vocab: Object.fromEntries(ids), unk_token: 'w0'}
  const tokenizer = {version: '1.0', added_tokens: [], pre_tokenizer: {type: 'Whitespace'}, model}
  await writeFile(join(folder, 'model.onnx'), graph)
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer))
  return folder
}
