import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {runOnce, type TestFeeds} from '../runtime/test-onnxruntime.ts'
import {requireSoundGraph} from './check-graph.ts'
import {GraphEditor} from './graph-editor.ts'
import {encodeOverlay} from './overlay.ts'
import {readModelGraph} from './read-model-graph.ts'
import {ATTRIBUTE_TYPE, encodeMessage, type OnnxModel, type OnnxNode} from './schema.ts'
import type {ModelGraph} from './structure.ts'
import {branch, floats, testGraph, testIf, testModel, testNode, value} from './test-models.ts'

const graphOf = (model: OnnxModel): ModelGraph => ({path: '/nowhere/model.onnx', model})
const X: TestFeeds = {x: ['float32', [2], [3, 5]]}

async function run(editor: ModelGraph, feeds: TestFeeds = X): Promise<Record<string, number[]>> {
  requireSoundGraph(editor)
  const overlay = {bytes: encodeOverlay(editor).bytes, folder: '/tmp'}
  const outputs = await runOnce(overlay, feeds)
  return Object.fromEntries(
    Object.entries(outputs).map(([name, {data}]) => [name, [...(data as Float32Array)].map(Number)])
  )
}

const NAMES = ['a', 'b', 'c']
/** a = 2x, b = a + 1, c = −b, y = a · c */
function chain(): ModelGraph {
  const node = [
    testNode('Mul', ['x', 'two'], ['a']),
    testNode('Add', ['a', 'one'], ['b']),
    testNode('Neg', ['b'], ['c']),
    testNode('Mul', ['a', 'c'], ['y']),
  ]
  const initializer = [floats('two', Float32Array.of(2), []), floats('one', Float32Array.of(1), [])]
  return graphOf(testModel(testGraph({node, initializer})))
}
const nodeOf = (graph: ModelGraph, output: string): OnnxNode =>
  graph.model.graph.node.find((node) => node.output.includes(output))!
const yOf = (x: number, changes: {a?: number; b?: number; c?: number} = {}): number => {
  const a = changes.a ?? 2 * x
  const b = changes.b ?? a + 1
  const c = changes.c ?? -b
  return a * c
}

describe('an editor', () => {
  it('works on a copy: the graph that it was made from stays as it was', async () => {
    const graph = chain()
    const before = encodeMessage('Model', graph.model)
    const editor = new GraphEditor(graph)
    const added = editor.addNode({opType: 'Neg', inputs: ['a']})[0]!
    editor.addOutput(added)
    editor.replaceConsumers('a', added)
    editor.setAttribute(nodeOf(graph, 'c'), 'note', 'hello')
    editor.setOutput(nodeOf(graph, 'c'), 2)
    editor.replaceInput(nodeOf(graph, 'c'), 0, 'x')
    editor.cloneRegion([nodeOf(graph, 'b')], {a: 'x'})
    editor.addInput('more', 'int64', ['n', null, 2])
    editor.requireOpset('com.microsoft', 1)
    editor.removeDeadNodes(['y'])
    expect(encodeMessage('Model', graph.model)).toEqual(before)
    expect(encodeMessage('Model', editor.model)).not.toEqual(before)
  })

  it('gives names that nothing has, not even in a subgraph', () => {
    const taken = ['Neg.0.0', 'constant.0', 'Neg.0'].map((name) => `probe.${name}`)
    const inner = branch('t', [testNode('Neg', ['x'], [taken[0]!], {name: taken[2]!})], taken[0]!)
    inner.initializer.push(floats(taken[1]!, Float32Array.of(1)))
    const graph = graphOf(
      testModel(
        testGraph({
          input: [value('x', [], 'bool')],
          node: [testIf('x', ['y'], inner, branch('e', [testNode('Neg', ['x'], ['e'])], 'e'))],
        })
      )
    )
    const editor = new GraphEditor(graph)
    const names = [
      ...editor.addNode({opType: 'Neg', inputs: ['x'], outputs: 2}),
      editor.addConstant(Float32Array.of(1), [], 'float32'),
      editor.addInput('Neg.0', 'float32', []),
      editor.addNode({opType: 'Neg', inputs: ['x']})[0]!,
      ...editor.model.graph.node.slice(1).map((node) => node.name!),
    ]
    for (const name of names) {
      expect(name).toMatch(/^probe\./)
      expect(taken).not.toContain(name)
    }
    expect(new Set(names).size).toBe(names.length)
  })

  it('refuses names and nodes of other graphs as bugs', () => {
    const editor = new GraphEditor(chain())
    const stranger = nodeOf(chain(), 'a')
    expect(() => editor.addNode({opType: 'Neg', inputs: ['nowhere']})).toThrow(RangeError)
    expect(() => editor.addOutput('nowhere')).toThrow(RangeError)
    expect(() => editor.replaceConsumers('a', 'nowhere')).toThrow(RangeError)
    expect(() => editor.setOutput(stranger, 0)).toThrow(RangeError)
    expect(() => editor.removeDeadNodes(['a'])).toThrow(RangeError)
    expect(() => editor.addConstant(Float32Array.of(1, 2), [3], 'float32')).toThrow(RangeError)
  })

  it('adds an output once, and gives the type where it is asked to', () => {
    const editor = new GraphEditor(chain())
    expect(editor.addOutput('y')).toBe('y')
    expect(editor.addOutput('a')).toBe('a')
    editor.addOutput('a')
    editor.addOutput('b', {dtype: 'float32', dims: [2]})
    const {output} = editor.model.graph
    expect(output.map(({name}) => name)).toEqual(['y', 'a', 'b'])
    expect(output[2]).toEqual(value('b', [2]))
  })

  it('makes another tensor what everything uses, except what that tensor is made from', async () => {
    const graph = chain()
    const editor = new GraphEditor(graph)
    const ten = editor.addConstant(Float32Array.of(10), [], 'float32')
    const by = editor.addNode({opType: 'Add', inputs: ['a', ten]})[0]!
    editor.replaceConsumers('a', by)
    expect((await run(editor)).y).toEqual([3, 5].map((x) => yOf(x, {a: 2 * x + 10})))

    const partly = new GraphEditor(graph)
    const zero = partly.addConstant(Float32Array.of(0, 0), [2], 'float32')
    partly.replaceConsumers('a', zero, {except: [nodeOf(graph, 'y')]})
    expect((await run(partly)).y).toEqual([3, 5].map((x) => yOf(x, {b: 1})))

    const single = new GraphEditor(graph)
    single.replaceInput(nodeOf(graph, 'c'), 0, 'x')
    expect((await run(single)).y).toEqual([3, 5].map((x) => yOf(x, {c: -x})))
  })

  it('makes another tensor the graph output too, under the old name, when asked', async () => {
    const editor = new GraphEditor(chain())
    editor.addOutput('b')
    const by = editor.addNode({opType: 'Neg', inputs: ['b']})[0]!
    const old = editor.replaceConsumers('b', by, {outputs: true})
    editor.addOutput(old)
    const outputs = await run(editor)
    expect(outputs[old]).toEqual([7, 11])
    expect(outputs.b).toEqual([-7, -11])
    expect(outputs.y).toEqual([3, 5].map((x) => yOf(x, {b: -2 * x - 1})))
  })

  const branching = (inner: string): ModelGraph => {
    const elseNodes = [testNode('Add', ['x', 'x'], [inner]), testNode('Neg', [inner], ['e'])]
    const thenBranch = branch('t', [testNode('Neg', ['a'], ['t'])], 't')
    return graphOf(
      testModel(
        testGraph({
          input: [value('x', [2]), value('flag', [], 'bool')],
          node: [
            testNode('Neg', ['x'], ['a']),
            testIf('flag', ['y'], thenBranch, branch('e', elseNodes, 'e')),
          ],
        })
      )
    )
  }

  it('reaches into branches', async () => {
    const graph = branching('s')
    const editor = new GraphEditor(graph)
    const by = editor.addNode({opType: 'Abs', inputs: ['a']})[0]!
    editor.replaceConsumers('a', by)
    const feeds = (flag: number): TestFeeds => ({...X, flag: ['bool', [], [flag]]})
    expect((await run(editor, feeds(1))).y).toEqual([-3, -5])
    expect((await run(editor, feeds(0))).y).toEqual([-6, -10])

    const cloned = new GraphEditor(graph)
    const clones = cloned.cloneRegion([nodeOf(graph, 'y')], {a: 'x', x: 'a'})
    const clone = cloned.addOutput(clones.get('y')!, {dtype: 'float32'})
    expect(await run(cloned, feeds(1))).toEqual({y: [3, 5], [clone]: [-3, -5]})
    expect(await run(cloned, feeds(0))).toEqual({y: [-6, -10], [clone]: [6, 10]})

    const alive = new GraphEditor(graph)
    alive.removeDeadNodes(['y'])
    expect(alive.model.graph.node.length).toBe(2)
  })

  it('leaves alone what a branch means by a name of its own', () => {
    const editor = new GraphEditor(branching('a'))
    editor.replaceConsumers('a', 'x')
    const [thenBranch, elseBranch] = editor.model.graph.node[1]!.attribute!.map(({g}) => g!)
    expect(thenBranch!.node[0]!.input).toEqual(['x'])
    expect(elseBranch!.node[1]!.input).toEqual(['a'])
  })

  it('clones nodes for another tensor, and shares what they share', async () => {
    const graph = chain()
    const editor = new GraphEditor(graph)
    const region = ['y', 'b', 'c'].map((name) => nodeOf(graph, name))
    const same = editor.cloneRegion(region, {}).get('y')!
    const other = editor.cloneRegion(region, new Map([['a', 'x']])).get('y')!
    editor.addOutput(same)
    editor.addOutput(other)
    const outputs = await run(editor)
    expect(outputs[same]).toEqual(outputs.y)
    expect(outputs[other]).toEqual([3, 5].map((x) => yOf(x, {a: x})))
    expect(editor.model.graph.initializer.length).toBe(2)
  })

  it('replaces a node, sets attributes and outputs that were left out', async () => {
    const graph = graphOf(
      testModel(
        testGraph({
          node: [
            testNode('Softmax', ['x'], ['y'], {
              attribute: [{name: 'axis', type: ATTRIBUTE_TYPE.int, i: 0}],
            }),
          ],
        })
      )
    )
    const softmax = nodeOf(graph, 'y')
    const editor = new GraphEditor(graph)
    editor.replaceNode(softmax, {
      opType: 'TopK',
      inputs: ['x', editor.addConstant(BigInt64Array.of(2n), [1], 'int64')],
    })
    editor.setAttribute(softmax, 'axis', 0)
    editor.setAttribute(softmax, 'largest', 0)
    const indices = editor.setOutput(softmax, 1)
    expect(editor.setOutput(softmax, 0)).toBe('y')
    expect(editor.setOutput(softmax, 1)).toBe(indices)
    editor.addOutput(indices)
    const ascending = await run(editor)
    expect(ascending.y).toEqual([3, 5])
    editor.setAttribute(softmax, 'largest', null)
    const outputs = await run(editor)
    expect([outputs.y, outputs[indices]]).toEqual([
      [5, 3],
      [1, 0],
    ])
    editor.setOutput(softmax, 4)
    expect(editor.nodeOf(softmax).output).toEqual(['y', indices, '', '', expect.any(String)])
  })

  it('removes what no kept output needs', async () => {
    const graph = chain()
    graph.model.graph.input.push(value('unused', [1]))
    const editor = new GraphEditor(graph)
    editor.addOutput('b')
    editor.removeDeadNodes(['b'])
    const {node, initializer, input, output} = editor.model.graph
    expect(node.map((one) => one.output[0])).toEqual(NAMES.slice(0, 2))
    expect(initializer.map(({name}) => name)).toEqual(['two', 'one'])
    expect(input.map(({name}) => name)).toEqual(['x'])
    expect(output.map(({name}) => name)).toEqual(['b'])
    expect((await run(editor)).b).toEqual([7, 11])
    expect(() => editor.addOutput('c')).toThrow(RangeError)

    const other = new GraphEditor(graph)
    other.addOutput('a')
    other.removeDeadNodes(['a'])
    expect(other.model.graph.initializer.map(({name}) => name)).toEqual(['two'])
  })

  it('imports a domain that is missing, and never changes one that is there', () => {
    const editor = new GraphEditor(chain())
    editor.addNode({opType: 'Gelu', domain: 'com.microsoft', inputs: ['x']})
    expect(editor.opset('com.microsoft')).toBe(1)
    expect(editor.opset()).toBe(17)
    editor.requireOpset('', 17)
    try {
      editor.requireOpset('', 18)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemError)
      expect((error as ProblemError).problem).toMatchObject({code: 'opset-too-old', found: '17'})
    }
    const old = chain()
    old.model.opsetImport = [
      {domain: 'ai.onnx', version: 11},
      {domain: 'com.microsoft', version: 0},
    ]
    const other = new GraphEditor(old)
    other.requireOpset('com.microsoft', 1)
    expect(other.model.opsetImport).toEqual([
      {domain: 'ai.onnx', version: 11},
      {domain: 'com.microsoft', version: 1},
    ])
  })

  it('edits an edited graph, and still knows the nodes of the first', async () => {
    const graph = chain()
    const first = new GraphEditor(graph)
    const ten = first.addConstant(Float32Array.of(10), [], 'float32')
    first.replaceInput(nodeOf(graph, 'b'), 1, ten)
    const second = new GraphEditor(first)
    second.replaceInput(nodeOf(graph, 'c'), 0, 'a')
    second.replaceInput(nodeOf(first, 'y'), 0, 'b')
    expect((await run(first)).y).toEqual([3, 5].map((x) => yOf(x, {b: 2 * x + 10})))
    expect((await run(second)).y).toEqual([3, 5].map((x) => (2 * x + 10) * (-2 * x)))
  })

  it('adds constants to a model of IR 3 in a way that onnxruntime accepts', async () => {
    const graph = chain()
    graph.model.irVersion = 3
    graph.model.opsetImport = [{domain: '', version: 8}]
    graph.model.graph.input.push(value('two', []), value('one', []))
    const editor = new GraphEditor(graph)
    const three = editor.addConstant(Float32Array.of(3), [], 'float32')
    editor.addOutput(editor.addNode({opType: 'Mul', inputs: ['x', three]})[0]!)
    expect(Object.values(await run(editor))[1]).toEqual([9, 15])
  })

  it('leaves the logits of a decoder bit-equal with any of its tensors as an output', async () => {
    const path = join(
      import.meta.dirname,
      '../../../../fixtures/tiny-decoder-plain/onnx/model.onnx'
    )
    const ids = [5, 17, 200, 31]
    const feeds: TestFeeds = {
      input_ids: ['int64', [1, 4], ids],
      attention_mask: ['int64', [1, 4], [1, 1, 1, 1]],
      position_ids: ['int64', [1, 4], [0, 1, 2, 3]],
    }
    const graph = await readModelGraph(path)
    const inputs = graph.model.graph.input.map(({name}) => name)
    const fed = Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.includes(name)))
    const plain = await runOnce(path, fed)
    const editor = new GraphEditor(graph)
    for (const node of graph.model.graph.node) {
      if (node.opType === 'MatMul' || node.opType === 'Softmax') editor.addOutput(node.output[0]!)
    }
    const all = await runOnce(encodeOverlay(editor), fed)
    expect(Object.keys(all).length).toBeGreaterThan(10)
    expect(all.logits!.data).toEqual(plain.logits!.data)
  })
})
