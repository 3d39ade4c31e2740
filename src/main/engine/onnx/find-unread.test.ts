import {describe, expect, it} from 'vitest'
import {
  allRows,
  planAll,
  readStructure,
  runPlan,
  type TestCapture,
  withModel,
} from '../captures/test-capture.ts'
import {openSession, runFeeds} from '../runtime/test-onnxruntime.ts'
import {buildInterventionGraph} from './intervention-graph.ts'
import {encodeOverlay} from './overlay.ts'
import type {ModelStructure} from './structure.ts'
import {HEADS, onlyLayer, onlySite, WIDTH} from './test-one-layer.ts'
import {
  COUNT,
  causal,
  FEEDS,
  Layer,
  MIXED_BEFORE,
  type Mix,
  mixedHeads,
  plainLogits,
  plainScores,
  TURNED,
} from './test-other-attention.ts'

async function captured(mix: Mix): Promise<{structure: ModelStructure; found: TestCapture}> {
  const layer = new Layer()
  return withModel(
    layer.bytes((states) => mix(layer, states)),
    async (path) => {
      const read = await readStructure(path)
      const plan = planAll(read, {route: 'weights'})
      expect(plan.problems).toEqual([])
      const [found] = await runPlan(plan, () => FEEDS, [[COUNT]])
      return {structure: read.structure, found: found!}
    }
  )
}

async function expectWeights(mix: Mix, expected: number[][][]): Promise<ModelStructure> {
  const {structure, found} = await captured(mix)
  let worst = 0
  expected.forEach((rows, head) => {
    const own = allRows(found.capture, 0, head)
    rows.flat().forEach((weight, at) => {
      worst = Math.max(worst, Math.abs(weight - own[at]!))
    })
  })
  expect(worst).toBeLessThan(1e-5)
  return structure
}

/** Softmax over the queries. */
const overQueries: Mix = (layer, states) => {
  const weights = layer.graph.node('Softmax', [layer.scores(states)], {axis: 2})
  return layer.join(layer.graph.node('MatMul', [weights, layer.heads(states, 'value')]))
}

describe('attention of another form', () => {
  it.each(Object.entries(MIXED_BEFORE))('has the weights of heads mixed %s', async (_, mix) => {
    const structure = await expectWeights(mix, causal(mixedHeads(plainScores())))
    const {queryKey, node} = onlySite(structure)
    expect(node.opType).toBe('Softmax')
    expect(queryKey).toMatchObject({
      code: 'scores-not-replayable',
      found: expect.stringMatching(/^(Einsum|MatMul)$/),
      field: expect.stringMatching(/^node "\/(Einsum|MatMul)_/),
    })
    expect(onlyLayer(structure).queryHeadCount).toBe(HEADS)
    expect(structure.residual?.points).toHaveLength(2)
  })

  it('has weights whose heads are mixed behind the softmax as they are then', async () => {
    const structure = await expectWeights(
      (layer, states) => {
        const weights = layer.graph.node('Softmax', [layer.masked(layer.scores(states))])
        const mixed = layer.einsum('bhqk,hg->bgqk', weights, layer.weight('mix', 4, 4))
        return layer.join(layer.graph.node('MatMul', [mixed, layer.heads(states, 'value')]))
      },
      mixedHeads(causal(plainScores()))
    )
    expect(onlySite(structure).queryKey).toMatchObject({code: 'weights-changed', found: 'Einsum'})
  })

  it.each(Object.entries(TURNED))('has the weights of %s', async (_, mix) => {
    const structure = await expectWeights(mix, causal(plainScores()))
    expect(onlySite(structure).queryKey).toMatchObject({
      code: expect.stringMatching(/^(scores-turned|product-layout-unknown|scores-not-replayable)$/),
      advice: expect.stringContaining('captured weights'),
    })
    expect(onlyLayer(structure).queryHeadCount).toBe(HEADS)
  })

  it('masks keys of mixed heads as the model would, and refuses to where scores are turned', async () => {
    const layer = new Layer()
    const mix = MIXED_BEFORE['by an Einsum']!
    await withModel(
      layer.bytes((states) => mix(layer, states)),
      async (path) => {
        const {graph, structure} = await readStructure(path)
        const built = buildInterventionGraph(graph, structure, {sharedBias: true})
        expect(built.problems).toEqual([])
        const hidden = 2
        const bias = Float32Array.from({length: COUNT * COUNT}, (_, at) =>
          at % COUNT === hidden && Math.floor(at / COUNT) !== hidden ? -1e30 : 0
        )
        const session = await openSession(encodeOverlay(built.graph))
        const shared = {type: 'float32', data: bias, dimensions: [COUNT, COUNT]}
        const answer = await runFeeds(session, {
          ...FEEDS,
          [built.inputs.sharedBias!]: shared,
        })
        await session.release()
        // What the value of the hidden key adds is gone from every later row.
        const rows = causal(
          mixedHeads(plainScores()).map((head) =>
            head.map((row, query) =>
              row.map((score, key) => (key === hidden && query !== hidden ? -1e30 : score))
            )
          )
        )
        const logits = answer.logits!.data as Float32Array
        expect(largestDifference(logits, plainLogits(rows))).toBeLessThan(1e-4)
        expect(
          largestDifference(logits, plainLogits(causal(mixedHeads(plainScores()))))
        ).toBeGreaterThan(0.01)
      }
    )
    for (const [name, turned] of Object.entries(TURNED)) {
      const other = new Layer()
      await withModel(
        other.bytes((states) => turned(other, states)),
        async (path) => {
          const {graph, structure} = await readStructure(path)
          const built = buildInterventionGraph(graph, structure, {sharedBias: true})
          expect(built.inputs.sharedBias, name).toBeNull()
          expect(built.problems, name).toMatchObject([{code: 'scores-not-changed'}])
        }
      )
    }
  })

  it('refuses what it cannot read by the name of its node, and does not call it absent', () => {
    const refused: Readonly<Record<string, [opset: number, found: RegExp, mix: Mix]>> = {
      'a softmax over the queries': [17, /^a softmax over axis 2/, overQueries],
      'a softmax over queries and keys together': [11, /^a softmax over axis 2/, overQueries],
      'keys mixed behind the softmax': [
        17,
        /not that of the keys$/,
        (layer, states) => {
          const weights = layer.graph.node('Softmax', [layer.scores(states)])
          const keys = layer.graph.weight('keys', [COUNT, COUNT], new Float32Array(COUNT * COUNT))
          const mixed = layer.graph.node('MatMul', [weights, keys])
          return layer.join(layer.graph.node('MatMul', [mixed, layer.heads(states, 'value')]))
        },
      ],
      'a softmax that is spelled out': [
        17,
        /without a softmax/,
        (layer, states) => {
          const powers = layer.graph.node('Exp', [layer.scores(states)])
          const sums = layer.graph.node('ReduceSum', [powers, layer.graph.ints([-1])])
          const weights = layer.graph.node('Div', [powers, sums])
          return layer.join(layer.graph.node('MatMul', [weights, layer.heads(states, 'value')]))
        },
      ],
      'sigmoids in its place': [
        17,
        /without a softmax/,
        (layer, states) => {
          const weights = layer.graph.node('Sigmoid', [layer.scores(states)])
          return layer.join(layer.graph.node('MatMul', [weights, layer.heads(states, 'value')]))
        },
      ],
    }
    for (const [name, [opset, found, mix]] of Object.entries(refused)) {
      const layer = new Layer(opset)
      const structure = layer.structure((states) => mix(layer, states))
      expect(onlyLayer(structure).sites, name).toEqual([])
      expect(structure.problems, name).toMatchObject([
        {
          code: 'attention-not-understood',
          found: expect.stringMatching(found),
          field: expect.stringMatching(
            /softmax over/.test(found.source) || /keys/.test(found.source)
              ? /^node "\/Softmax_/
              : /^node "\/MatMul_/
          ),
        },
      ])
      // The rest of the model is what it would be.
      expect(structure.residual?.points, name).toHaveLength(2)
      expect(structure.head?.logits, name).toBe('logits')
    }
  })

  it('takes no experts for attention, whose chosen matrices come from what is fed as well', () => {
    const layer = new Layer()
    const {graph} = layer
    const zeros = (name: string, ...dims: number[]) =>
      graph.weight(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1)))
    const structure = layer.stack((states) => {
      const mixed = layer.usual(states, (scores) => scores)
      const stream = graph.node('Add', [states, mixed])
      const routes = graph.node('MatMul', [stream, zeros('router', WIDTH, 2)])
      const best = graph.node('ArgMax', [routes], {axis: -1, keepdims: 0})
      const chosen = (name: string) => graph.node('Gather', [zeros(name, 2, WIDTH, WIDTH), best])
      const row = graph.node('Unsqueeze', [stream, graph.ints([2])])
      const wide = graph.node('Relu', [graph.node('MatMul', [row, chosen('up')])])
      const narrow = graph.node('MatMul', [wide, chosen('down')])
      return graph.node('Add', [stream, graph.node('Squeeze', [narrow, graph.ints([2])])])
    })
    expect(onlySite(structure).queryKey).toHaveProperty('steps')
    expect(structure.problems).toEqual([])
  })
})

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  return a.reduce((worst, entry, at) => Math.max(worst, Math.abs(entry - b[at]!)), 0)
}
