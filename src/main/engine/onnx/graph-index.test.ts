import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {DominatorTree} from './dominators.ts'
import {findStructure} from './find-structure.ts'
import {GraphIndex} from './graph-index.ts'
import {decodeMessage, type OnnxModel, type OnnxNode} from './schema.ts'
import {StaticShapes} from './static-shapes.ts'
import {floats, testGraph, testModel, testNode} from './test-models.ts'

const fixture = (name: string) =>
  join(import.meta.dirname, '../../../../fixtures', name, 'onnx/model.onnx')

function problemOf(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return (error as {problem?: unknown}).problem ?? error
  }
}

describe('GraphIndex', () => {
  it('puts every node behind those that it uses, whatever the order in the file', async () => {
    const {graph, ...rest} = decodeMessage('Model', await readFile(fixture('tiny-decoder-kv')))
    const index = new GraphIndex({...rest, graph: {...graph, node: graph.node.toReversed()}})
    expect(new Set(index.nodes)).toEqual(new Set(graph.node))
    for (const node of index.nodes) {
      for (const input of node.input) {
        const producer = index.producerOf(input)
        if (!producer) continue
        expect(index.positionOf(producer)).toBeLessThan(index.positionOf(node))
        expect(index.consumersOf(input)).toContain(node)
      }
    }
  })

  it('refuses a cycle, a tensor that nothing makes, and one that is made twice', () => {
    const bad: Readonly<Record<string, OnnxNode[]>> = {
      'a cycle of nodes': [testNode('Add', ['x', 'y'], ['z']), testNode('Relu', ['z'], ['y'])],
      'the tensor "gone", which nothing makes': [testNode('Add', ['x', 'gone'], ['y'])],
      'the tensor "y" made twice': [testNode('Relu', ['x'], ['y']), testNode('Abs', ['x'], ['y'])],
    }
    for (const [found, node] of Object.entries(bad)) {
      const problem = problemOf(() => new GraphIndex(testModel(testGraph({node}))))
      expect(problem).toMatchObject({code: 'graph-inconsistent', found})
    }
  })

  it('reads small constants through what hands them on', () => {
    const node = [
      testNode('Unsqueeze', ['half', 'axes'], ['apart']),
      testNode('Identity', ['apart'], ['same']),
      testNode('Mul', ['x', 'same'], ['y']),
    ]
    const initializer = [floats('half', Float32Array.of(0.5)), floats('axes', Float32Array.of(0))]
    const index = new GraphIndex(testModel(testGraph({node, initializer})))
    expect(index.scalarOf('same')).toBe(0.5)
    expect(index.scalarOf('y')).toBeNull()
  })
})

describe('StaticShapes', () => {
  it('agrees with what the file declares of its outputs', async () => {
    const model = decodeMessage('Model', await readFile(fixture('tiny-decoder-kv')))
    const undeclared = {...model.graph, output: model.graph.output.map(({name}) => ({name}))}
    const shapes = new StaticShapes(new GraphIndex({...model, graph: undeclared}))
    for (const {name, type} of model.graph.output) {
      const declared = type?.tensorType?.shape?.dim ?? []
      const lengths = declared.map(({dimValue, dimParam}) => (dimParam ? null : Number(dimValue)))
      const found = shapes.shapeOf(name)?.map((dim) => (typeof dim === 'number' ? dim : null))
      expect(found, name).toEqual(lengths)
    }
  })
})

describe('DominatorTree', () => {
  /** A graph of Sums, each of one to three earlier tensors; the first takes the input. */
  const graphs = fc
    .array(fc.array(fc.nat(), {minLength: 1, maxLength: 3}), {minLength: 1, maxLength: 14})
    .map((choices): OnnxModel => {
      const node = choices.map((places, at) => {
        const inputs = new Set(places.map((place) => (at === 0 ? 'x' : `t${place % at}`)))
        return testNode('Sum', [...inputs], [`t${at}`])
      })
      return testModel(testGraph({node}))
    })

  it('finds the nodes without which nothing arrives, as removing each of them shows', () => {
    fc.assert(
      fc.property(graphs, (model) => {
        const index = new GraphIndex(model)
        const nodes = model.graph.node
        const root = nodes[0]!
        const target = nodes.at(-1)!
        const found = new DominatorTree(index, [root], target).chainTo(target)
        const expected = nodes.filter(
          (node) => node === root || node === target || !arrives(nodes, root, target, node)
        )
        const isReached = arrives(nodes, root, target, null)
        expect(found).toEqual(isReached ? expected : [])
      })
    )
  })

  /** Whether something flows from the root to the target when one node is taken away. */
  function arrives(
    nodes: readonly OnnxNode[],
    root: OnnxNode,
    target: OnnxNode,
    without: OnnxNode | null
  ): boolean {
    const reached = new Set<string>()
    for (const node of nodes) {
      if (node === without) continue
      if (node === root || node.input.some((input) => reached.has(input))) {
        reached.add(node.output[0]!)
      }
    }
    return reached.has(target.output[0]!)
  }
})

describe('findStructure', () => {
  it('finds the same whatever nodes and tensors are named, and in whatever order they stand', async () => {
    const bytes = await readFile(fixture('tiny-decoder-kv'))
    const plain = findStructure({path: 'model.onnx', model: decodeMessage('Model', bytes)})
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const model = decodeMessage('Model', bytes)
        const names = scramble(model, seed)
        const found = findStructure({path: 'model.onnx', model})
        expect(withoutNodes(found)).toEqual(withoutNodes(plain, names))
      }),
      {numRuns: 10}
    )
  })

  /** Gives tensors of the inside other names, and nodes other names and places; says which. */
  function scramble({graph}: OnnxModel, seed: number): ReadonlyMap<string, string> {
    const outside = new Set([...graph.input, ...graph.output].map(({name}) => name))
    const names = new Map<string, string>()
    const renamed = (name: string) => {
      if (name === '' || outside.has(name)) return name
      if (!names.has(name)) names.set(name, `t${(names.size * 7919 + Math.abs(seed)) % 1e9}`)
      return names.get(name)!
    }
    for (const tensor of graph.initializer) tensor.name = renamed(tensor.name ?? '')
    for (const node of graph.node) {
      node.name = ''
      node.input = node.input.map(renamed)
      node.output = node.output.map(renamed)
    }
    const turn = Math.abs(seed) % graph.node.length
    graph.node = [...graph.node.slice(turn), ...graph.node.slice(0, turn)].reverse()
    return names
  }

  function withoutNodes(structure: unknown, names = new Map() as ReadonlyMap<string, string>) {
    const text = JSON.stringify(structure, (key, value) => {
      if (key === 'node' || key === 'nodes') return undefined
      return typeof value === 'string' ? (names.get(value) ?? value) : value
    })
    return JSON.parse(text)
  }

  it('is done with 100,000 nodes, in a row and side by side', () => {
    const count = 100_000
    const row = Array.from({length: count}, (_, at) =>
      testNode(at % 2 ? 'Identity' : 'Add', at ? [`t${at - 1}`, 'x'] : ['x', 'x'], [`t${at}`])
    )
    const rowFound = findStructure({path: 'row', model: testModel(testGraph({node: row}))})
    expect(rowFound.layers).toEqual([])
    const beside = Array.from({length: count}, (_, at) => testNode('Relu', ['x'], [`t${at}`]))
    const sum = testNode(
      'Sum',
      beside.flatMap(({output}) => output),
      ['y']
    )
    const model = testModel(testGraph({node: [...beside, sum]}))
    expect(findStructure({path: 'beside', model}).layers).toEqual([])
  })
})
