import {GraphEditor} from './graph-editor.ts'
import {namesOf, renameUses, tensorNamesOf} from './graph-names.ts'
import type {OnnxNode} from './schema.ts'
import type {ModelGraph} from './structure.ts'

/**
 * A graph in which one branch of an If stands in the If's place, as if its condition were always met: of
 * a merged decoder (one If on `use_cache_branch`) the `else_branch` is the model without a KV cache.
 * Inputs and weights that only the other branch needs are gone. Names stay, unless the graph around the
 * branch has them too. Nodes of the graph given, the branch's own too, are known to the new one
 * (`nodeOf`). Throws a RangeError where the node has no such branch.
 */
export function hoistBranch(
  source: ModelGraph,
  node: OnnxNode,
  branchName: 'then_branch' | 'else_branch'
): GraphEditor {
  const editor = new GraphEditor(source)
  const {graph} = editor.model
  const conditional = editor.nodeOf(node)
  const branch = conditional.attribute?.find(({name}) => name === branchName)?.g
  if (!branch || !graph.node.includes(conditional)) {
    throw new RangeError(`no ${branchName} in ${node.name} (${node.opType})`)
  }
  graph.node = graph.node.filter((one) => one !== conditional)

  const taken = new Set(namesOf(graph))
  for (const output of conditional.output) taken.add(output)
  const own = tensorNamesOf(branch)
  const made = new Set(branch.node.flatMap(({output}) => output))
  const names = new Map<string, string>()
  const passed: OnnxNode[] = []
  for (const [index, {name}] of branch.output.entries()) {
    const output = conditional.output[index]
    if (!output) continue
    // A branch may give an initializer of its own, or one tensor twice.
    if (made.has(name) && !names.has(name)) names.set(name, output)
    else passed.push({opType: 'Identity', input: [name], output: [output], attribute: []})
  }
  for (const name of own) {
    if (!names.has(name)) names.set(name, taken.has(name) ? editor.freshName('hoisted') : name)
  }
  for (const one of [...branch.node, ...passed]) {
    renameUses(one, names)
    if (!passed.includes(one)) one.output = one.output.map((name) => names.get(name) ?? name)
  }
  const renamed = <Value extends {name?: string}>(value: Value): Value => {
    value.name = names.get(value.name ?? '') ?? ''
    return value
  }
  graph.node.push(...branch.node, ...passed)
  graph.initializer.push(...branch.initializer.map(renamed))
  const outputs = graph.output.map(({name}) => name)
  const inner = (branch.valueInfo ?? []).filter(({name}) => own.has(name)).map(renamed)
  graph.valueInfo = [...(graph.valueInfo ?? []), ...inner]
  const hoisted = new GraphEditor(editor)
  hoisted.removeDeadNodes(outputs)
  return hoisted
}
