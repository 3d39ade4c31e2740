import {expect, it} from 'vitest'
import {runOnce, type TestFeeds} from '../runtime/test-onnxruntime.ts'
import {requireSoundGraph} from './check-graph.ts'
import {hoistBranch} from './hoist-branch.ts'
import {encodeOverlay} from './overlay.ts'
import type {ModelGraph} from './structure.ts'
import {branch, floats, testGraph, testIf, testModel, testNode, value} from './test-models.ts'

/** As merged decoders are: weights outside, nodes in the branches, an input that one branch takes. */
function merged(): ModelGraph {
  const withPast = branch(
    'then',
    [testNode('Add', ['x', 'past'], ['sum']), testNode('Mul', ['sum', 'w'], ['then y'])],
    'then y'
  )
  withPast.output.push(value('sum', [2]))
  const inner = branch('inner', [testNode('Neg', ['h'], ['deep'])], 'deep')
  const other = branch('other', [testNode('Abs', ['h'], ['deeper'])], 'deeper')
  const withoutPast = branch(
    'else',
    [
      testNode('Mul', ['x', 'w'], ['h']),
      testIf('use_cache_branch', ['g'], other, inner),
      testNode('Add', ['g', 'own'], ['else y']),
    ],
    'else y'
  )
  // Gives a weight of its own as it is.
  withoutPast.output.push(value('own', [2]))
  withoutPast.initializer.push(floats('own', Float32Array.of(100, 200)))
  const graph = testGraph({
    input: [value('x', [2]), value('past', [2]), value('use_cache_branch', [], 'bool')],
    output: [value('z', [2]), value('present', [2])],
    node: [
      testNode('Neg', ['x'], ['before']),
      testIf('use_cache_branch', ['y', 'present'], withPast, withoutPast),
      testNode('Neg', ['y'], ['z']),
    ],
    initializer: [floats('w', Float32Array.of(3, 4))],
    valueInfo: [],
  })
  return {path: '/nowhere/model.onnx', model: testModel(graph)}
}

const run = async (graph: ModelGraph, feeds: TestFeeds) => {
  requireSoundGraph(graph)
  const outputs = await runOnce({bytes: encodeOverlay(graph).bytes, folder: '/tmp'}, feeds)
  return Object.entries(outputs).map(([name, {data}]) => [name, data])
}
const X: TestFeeds = {x: ['float32', [2], [5, -7]]}
const PAST: TestFeeds = {past: ['float32', [2], [11, 13]]}

it('puts a branch in the place of its If, with the same outputs as the If gives', async () => {
  const graph = merged()
  const conditional = graph.model.graph.node[1]!
  const whole = (flag: number) =>
    run(graph, {...X, ...PAST, use_cache_branch: ['bool', [], [flag]]})

  const withPast = hoistBranch(graph, conditional, 'then_branch')
  expect(withPast.model.graph.input.map(({name}) => name)).toEqual(['x', 'past'])
  expect(await run(withPast, {...X, ...PAST})).toEqual(await whole(1))

  const withoutPast = hoistBranch(graph, conditional, 'else_branch')
  expect(withoutPast.model.graph.input.map(({name}) => name)).toEqual(['x', 'use_cache_branch'])
  expect(await run(withoutPast, {...X, use_cache_branch: ['bool', [], [0]]})).toEqual(
    await whole(0)
  )
  // Nodes that somebody found inside the branch are still known.
  const inside = conditional.attribute![1]!.g!.node[0]!
  expect(withoutPast.model.graph.node).toContain(withoutPast.nodeOf(inside))
  expect(() => hoistBranch(graph, graph.model.graph.node[0]!, 'else_branch')).toThrow(RangeError)
})

it('gives what is called the same inside and outside a name of its own', async () => {
  const graph = merged()
  const conditional = graph.model.graph.node[1]!
  const elseBranch = conditional.attribute![1]!.g!
  // onnxruntime takes no such graph as it is, so what it means is said here.
  elseBranch.node[0]!.output = ['before']
  elseBranch.node[0]!.input = ['x', 'w']
  elseBranch.node[1] = testNode('Neg', ['before'], ['g'])
  elseBranch.output.pop()
  conditional.output.pop()
  graph.model.graph.output.pop()
  graph.model.graph.node.push(testNode('Abs', ['before'], ['outer']))
  graph.model.graph.output.push(value('outer', [2]))
  const hoisted = hoistBranch(graph, conditional, 'else_branch')
  expect(await run(hoisted, X)).toEqual([
    ['z', Float32Array.of(5 * 3 - 100, -7 * 4 - 200)],
    ['outer', Float32Array.of(5, 7)],
  ])
})
