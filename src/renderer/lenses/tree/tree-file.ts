import {treeJson} from '../../../shared/figures/tree/tree-data.ts'
import type {TreeResult} from '../../../shared/lenses/tree.ts'
import {treePictureSchema} from '../../../shared/lenses/tree-picture.ts'

/** Hands a tree to the browser's downloads, as a file that can be opened again. Answers what was done. */
export function saveTree(result: TreeResult): string {
  const json = treeJson(result, treePictureSchema.parse({}), false)
  const blob = new Blob([`${JSON.stringify(json, null, 2)}\n`], {type: 'application/json'})
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = 'tree.json'
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
  return 'saved tree.json'
}
