import {statSync} from 'node:fs'
import {tokensOfTable} from '../../shared/domain/token.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {type TreeResult, treeRequestSchema} from '../../shared/lenses/tree.ts'
import {
  checkTreeFileSize,
  importedNodes,
  readTreeFile,
  type TreeFile,
} from '../../shared/lenses/tree-file.ts'
import {DEFAULT_MODEL} from './common-call.ts'
import type {ModelFlags} from './flag-groups.ts'
import {readInputText} from './read-input.ts'

/**
 * Opens a saved tree for the model that the flags name, else the one that made it. Throws a Problem for a
 * file that is too large or no tree, and where the model is another than the tree's.
 */
export async function openSavedTree(
  path: string,
  flags: ModelFlags,
  client: EngineClient
): Promise<TreeResult> {
  if (path !== '-') {
    const stats = statSync(path, {throwIfNoEntry: false})
    if (stats) checkTreeFileSize(stats.size, path)
  }
  const file = readTreeFile(readInputText(path), path)
  if (file.kind === 'logitloom') return importTree(file, flags, client)
  const {result} = file
  await client.trees.open({
    model: flags.model ?? result.request.model,
    ...optionalFile(flags.file ?? (flags.model === undefined ? result.request.file : undefined)),
    sha256: result.model.sha256,
  })
  return result
}

/** Texts become the tokens of this model that have the same bytes; what has none is left out and counted. */
async function importTree(
  {modelName, prompt, nodes}: Extract<TreeFile, {kind: 'logitloom'}>,
  flags: ModelFlags,
  client: EngineClient
): Promise<TreeResult> {
  const ref = {model: flags.model ?? DEFAULT_MODEL, ...optionalFile(flags.file)}
  const texts = [...new Set(nodes.map(({text}) => text))]
  const {tokenIds, ...provenance} = await client.trees.open({...ref, sha256: null, texts})
  const byText = new Map(texts.map((text, i) => [text, tokenIds[i]!]))
  const {text, tokens} = await client.text.tokenize({...ref, prompt})
  const imported = importedNodes(
    nodes,
    nodes.map((node) => byText.get(node.text)!)
  )
  const warnings = [
    {
      code: 'imported',
      message: `The probabilities are those that logitloom saved of ${modelName || 'a model that it does not name'}, not this model’s.`,
    },
  ]
  if (imported.leftOutCount > 0) {
    warnings.push({
      code: 'imported-texts',
      message: `${imported.leftOutCount} of ${nodes.length} nodes are left out: they, or what they hang on, are no single token of this vocabulary.`,
    })
  }
  return {
    schema: 'tokenscope/tree@1',
    request: treeRequestSchema.parse({...ref, prompt}),
    ...provenance,
    ...{draft: null, warnings, status: 'completed', text},
    promptTokenCount: tokens.ids.length,
    tokens: tokensOfTable(tokens),
    ...{distribution: 'raw', method: 'tree-mask', nodes: imported.nodes, verdicts: []},
    ...{stats: null, expandedCount: null, surplusCount: null, completionIds: []},
  }
}

function optionalFile(file: string | undefined) {
  return file === undefined ? {} : {file}
}
