import type {GraphEditor} from './graph-editor.ts'
import type {CacheTensor} from './structure.ts'

/**
 * Makes graph outputs of what each run adds to its KV cache, where the graph appends it by a Concat: whoever keeps
 * the rows of a cache need not have those back that it fed. Returns these outputs by the cache's inputs; of another
 * cache (a fused operator's) there is none.
 */
export function addNewRowOutputs(
  editor: GraphEditor,
  kvCache: readonly CacheTensor[]
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  const made = new Set(editor.model.graph.node.flatMap(({output}) => output))
  for (const {input, output} of kvCache) {
    const node = editor.model.graph.node.find((one) => one.output.includes(output))
    if (node?.opType !== 'Concat' || node.input.length !== 2) continue
    const [before, added] = node.input
    if (before === input && added && made.has(added)) found[input] = editor.addOutput(added)
  }
  return found
}
