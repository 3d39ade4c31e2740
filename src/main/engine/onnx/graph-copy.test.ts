import {describe, expect, it} from 'vitest'
import {copyOf, NODES_A_STEP, prepareCopy} from './graph-copy.ts'
import {GraphEditor} from './graph-editor.ts'
import {encodeMessage} from './schema.ts'
import {testGraph, testModel, testNode} from './test-models.ts'

const COUNT = 3 * NODES_A_STEP + 1

function chain(count: number) {
  const node = Array.from({length: count}, (_, i) =>
    testNode('Abs', [i === 0 ? 'x' : `t${i - 1}`], [i === count - 1 ? 'y' : `t${i}`])
  )
  return {path: '/nowhere/model.onnx', model: testModel(testGraph({node}))}
}

/** Turns that others had while a task was done. */
async function turnsDuring(task: Promise<unknown>): Promise<number> {
  let isDone = false
  let turns = 0
  const end = task.finally(() => {
    isDone = true
  })
  for (; !isDone; turns++) await new Promise((resolve) => setImmediate(resolve))
  await end
  return turns
}

describe('a copy of a graph', () => {
  it('is made ready a few thousand nodes a turn', async () => {
    expect(await turnsDuring(prepareCopy(chain(COUNT)))).toBeGreaterThanOrEqual(4)
  })

  it('is the one that was made ready, and then another', async () => {
    const graph = chain(COUNT)
    await prepareCopy(graph)
    // Nobody may do this: it shows when a copy was made.
    graph.model.graph.node[0]!.name = 'changed since'
    expect(copyOf(graph).model.graph.node[0]!.name).toBe('make t0')
    expect(copyOf(graph).model.graph.node[0]!.name).toBe('changed since')
  })

  it('is the same whether it was made ready or not', async () => {
    const graph = chain(COUNT)
    const plain = new GraphEditor(graph)
    await prepareCopy(graph)
    const ready = new GraphEditor(graph)
    expect(ready.model).not.toBe(plain.model)
    for (const editor of [plain, ready]) {
      const [first] = graph.model.graph.node
      expect(editor.nodeOf(editor.nodeOf(first!))).toBe(editor.model.graph.node[0])
      editor.addOutput(editor.addNode({opType: 'Neg', inputs: ['y']})[0]!)
    }
    expect(
      Buffer.compare(encodeMessage('Model', ready.model), encodeMessage('Model', plain.model))
    ).toBe(0)
    // The original is what it was.
    expect(graph.model.graph.node).toHaveLength(COUNT)
  })

  it('is given up where that is asked, and begun anew', async () => {
    const graph = chain(COUNT)
    const stop = new AbortController()
    const preparing = prepareCopy(graph, stop.signal)
    stop.abort(new Error('enough'))
    await expect(preparing).rejects.toThrow('enough')
    await prepareCopy(graph)
    expect(copyOf(graph).model.graph.node).toHaveLength(COUNT)
  })
})
