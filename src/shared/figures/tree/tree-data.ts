import type {TreeResult} from '../../lenses/tree.ts'
import type {TreePicture} from '../../lenses/tree-picture.ts'
import {treeCsv} from '../../lenses/tree-text.ts'
import {publicRequest} from '../provenance.ts'

/**
 * The tree as a file may carry it: without the model's path and wall-clock figures, so that it can be opened
 * again by whoever has the model; with `noPrompt` without text, ids and labels.
 */
export function treeJson(
  result: TreeResult,
  picture: TreePicture,
  noPrompt: boolean
): Record<string, unknown> {
  const {timing: _, model, draft, request, text, tokens, turns, completionIds, ...rest} = result
  const {nodes, verdicts, ...facts} = rest
  const plain = {
    ...facts,
    request: publicRequest(request, model.id, noPrompt),
    model: publicModel(model),
    draft: draft && {...draft, model: publicModel(draft.model)},
    picture,
  }
  if (noPrompt) {
    return {
      ...plain,
      nodes: nodes.map((node) => {
        if (node.tokenId === null) return node
        const {tokenId, bytesHex, text: label, ...numbers} = node
        return numbers
      }),
    }
  }
  return {...plain, text, tokens, ...(turns ? {turns} : {}), completionIds, nodes, verdicts}
}

/** A model by its name alone: where it lies is nobody's business. */
function publicModel({id, sha256}: {readonly id: string; readonly sha256: string}) {
  return {id, path: id, sha256}
}

/** One row a node. */
export function treeFigureCsv(result: TreeResult, noPrompt: boolean): string {
  return treeCsv(result, noPrompt).replaceAll('\n', '\r\n')
}
