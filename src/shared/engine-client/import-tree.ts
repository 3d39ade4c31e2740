import type {ModelRef} from '../domain/model.ts'
import {tokensOfTable} from '../domain/token.ts'
import {type TreeResult, treeRequestSchema} from '../lenses/tree.ts'
import {importedNodes, type TreeFile} from '../lenses/tree-file.ts'
import type {EngineClient} from './connect.ts'

/**
 * A tree of logitloom as one of a model here: texts become the tokens of that model that have the same bytes; what has
 * none is left out and counted.
 */
export async function importTree(
  {modelName, prompt, nodes}: Extract<TreeFile, {kind: 'logitloom'}>,
  ref: ModelRef,
  client: EngineClient
): Promise<TreeResult> {
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
