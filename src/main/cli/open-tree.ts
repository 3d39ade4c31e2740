import {statSync} from 'node:fs'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {importTree} from '../../shared/engine-client/import-tree.ts'
import type {TreeResult} from '../../shared/lenses/tree.ts'
import {checkTreeFileSize, readTreeFile, tokensOfTree} from '../../shared/lenses/tree-file.ts'
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
  if (file.kind === 'logitloom') {
    const model = flags.model ?? DEFAULT_MODEL
    return importTree(file, {model, ...optionalFile(flags.file)}, client)
  }
  const {result} = file
  await client.trees.open({
    model: flags.model ?? result.request.model,
    ...optionalFile(flags.file ?? (flags.model === undefined ? result.request.file : undefined)),
    sha256: result.model.sha256,
    tokens: tokensOfTree(result),
  })
  return result
}

function optionalFile(file: string | undefined) {
  return file === undefined ? {} : {file}
}
