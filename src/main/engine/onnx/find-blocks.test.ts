import {describe, expect, it} from 'vitest'
import {exitProblemOf} from './early-exit.ts'
import {buildHeadGraph} from './head-graph.ts'
import type {ModelStructure} from './structure.ts'
import {OneLayer, WIDTH} from './test-one-layer.ts'

/** A block of each letter: `a`ttention, or `c`onvolution; with a feed-forward net in each. */
function stack(blocks: string, end = (_: OneLayer, states: string) => states): ModelStructure {
  const layer = new OneLayer()
  const {graph} = layer
  return layer.stack((embedded) => {
    let states = embedded
    ;[...blocks].forEach((block, at) => {
      const mixed = block === 'a' ? attention(layer, states, at) : convolution(layer, states, at)
      states = graph.node('Add', [states, mixed], {}, `mixed.${at}`)
      const inner = graph.node('Relu', [layer.project(states, `up.${at}`)])
      states = graph.node('Add', [states, layer.project(inner, `down.${at}`)], {}, `left.${at}`)
    })
    return end(layer, states)
  })
}

function attention(layer: OneLayer, states: string, at: number): string {
  const {graph} = layer
  const keys = layer.swapped(layer.heads(states, `key.${at}`))
  const scores = graph.node('MatMul', [layer.heads(states, `query.${at}`), keys])
  const weights = graph.node('Softmax', [scores], {axis: -1})
  const mixed = layer.join(graph.node('MatMul', [weights, layer.heads(states, `value.${at}`)]))
  return layer.project(mixed, `out.${at}`)
}

function convolution(layer: OneLayer, states: string, at: number, kernel = 3): string {
  const {graph} = layer
  const columns = graph.node('Transpose', [states], {perm: [0, 2, 1]})
  const kernels = layer.weight(`kernel.${at}`, WIDTH, WIDTH, kernel)
  const pads = [kernel - 1, 0]
  const mixed = graph.node('Conv', [columns, kernels], {kernel_shape: [kernel], pads})
  return graph.node('Transpose', [mixed], {perm: [0, 2, 1]})
}

const codesOf = ({problems}: ModelStructure) => problems.map(({code}) => code)

describe('blocks without attention', () => {
  it('are no head: behind the last attention they leave the lens and early exit refused by name', () => {
    for (const blocks of ['cacacc', 'aaccc']) {
      const structure = stack(blocks)
      expect(structure.layers, blocks).toHaveLength(2)
      expect(codesOf(structure), blocks).toEqual(['blocks-after-last-attention'])
      expect(structure.head, blocks).toBeNull()
      expect(exitProblemOf(structure, 0), blocks).toMatchObject({
        code: 'blocks-after-last-attention',
      })
      const model = {path: 'model.onnx', model: {} as never}
      expect(buildHeadGraph(model, structure), blocks).toMatchObject({
        code: 'blocks-after-last-attention',
      })
    }
  })

  it('may stand between layers, which the model cannot be left at then', () => {
    const structure = stack('acac')
    expect(structure.head).not.toBeNull()
    expect(structure.blocksWithoutAttention.map(({afterLayer}) => afterLayer)).toEqual([0, 1])
    expect(exitProblemOf(structure, 0)).toMatchObject({
      code: 'no-early-exit',
      found: expect.stringMatching(/^Conv .* after layer 0$/),
    })
    expect(exitProblemOf(structure, 1)).toMatchObject({code: 'no-early-exit'})
    // Right before the first layer one is in nobody's way.
    expect(exitProblemOf(stack('caa'), 0)).toBeNull()
  })

  it('leaves heads be that have an activation, a layer of their own or a projection as convolution', () => {
    const structure = stack('aa', (layer, states) => {
      const {graph} = layer
      const dense = layer.project(convolution(layer, states, 99, 1), 'dense')
      const cube = graph.node('Pow', [dense, graph.float(3)])
      return graph.node('Add', [dense, cube], {}, 'activated')
    })
    expect(codesOf(structure)).toEqual([])
    expect(structure.residual?.points.at(-1)?.tensor).toBe('left.1')
    expect(exitProblemOf(structure, 0)).toBeNull()
  })
})
