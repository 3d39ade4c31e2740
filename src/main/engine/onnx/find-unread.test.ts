import {describe, expect, it} from 'vitest'
import {NormalSource} from '../../../../fixtures/random.ts'
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
import {HEADS, OneLayer, onlyLayer, onlySite, SIZE, WIDTH} from './test-one-layer.ts'

const TOKEN_IDS = [3, 17, 0, 9, 9, 30, 5]
const COUNT = TOKEN_IDS.length
const FEEDS = {
  input_ids: {
    type: 'int64',
    data: BigInt64Array.from(TOKEN_IDS, BigInt),
    dimensions: [1, COUNT],
  },
}

/** Numbers of the models below, by their names. */
class Numbers {
  private readonly source = new NormalSource(11)
  readonly embedding = this.source.normals(32 * WIDTH, 1)
  readonly query = this.source.normals(WIDTH * WIDTH, 0.4)
  readonly key = this.source.normals(WIDTH * WIDTH, 0.4)
  readonly value = this.source.normals(WIDTH * WIDTH, 0.4)
  readonly out = this.source.normals(WIDTH * WIDTH, 0.4)
  readonly head = this.source.normals(WIDTH * 32, 0.4)
  /** [head, other head]. */
  readonly mix = this.source.normals(HEADS * HEADS, 0.7)
}
const NUMBERS = new Numbers()

/** One layer of these numbers around what a test writes, with a causal mask of a fixed length. */
class Layer extends OneLayer {
  override weight(name: string, ...dims: number[]): string {
    const numbers = NUMBERS[(name === 'embed' ? 'embedding' : name) as keyof Numbers]
    return this.graph.weight(name, dims, numbers)
  }

  einsum(equation: string, ...inputs: string[]): string {
    return this.graph.node('Einsum', inputs, {equation})
  }

  transposed(tensor: string, perm: readonly number[]): string {
    return this.graph.node('Transpose', [tensor], {perm})
  }

  /** [batch, head, query, key] before any mask. */
  scores(states: string): string {
    const keys = this.swapped(this.heads(states, 'key'))
    return this.graph.node('MatMul', [this.heads(states, 'query'), keys])
  }

  /** −1e9 after the query; `isTurned` is [key, query]. */
  masked(scores: string, isTurned = false): string {
    const numbers = Float32Array.from({length: COUNT * COUNT}, (_, at) => {
      const [row, column] = [Math.floor(at / COUNT), at % COUNT]
      return (isTurned ? row > column : column > row) ? -1e9 : 0
    })
    const mask = this.graph.weight(`mask ${isTurned}`, [1, 1, COUNT, COUNT], numbers)
    return this.graph.node('Add', [scores, mask])
  }

  /** Queries, keys or values as [batch, position, head, size]. */
  apart(states: string, name: string): string {
    return this.graph.node('Reshape', [
      this.project(states, name),
      this.graph.ints([0, 0, HEADS, SIZE]),
    ])
  }
}

type Mix = (layer: Layer, states: string) => string

/** What the layer's scores are by plain arithmetic: [head][query][key], without a mask. */
function plainScores(): number[][][] {
  const project = (matrix: Float32Array, token: number, column: number) => {
    let sum = 0
    for (let i = 0; i < WIDTH; i++) {
      sum += NUMBERS.embedding[TOKEN_IDS[token]! * WIDTH + i]! * matrix[i * WIDTH + column]!
    }
    return sum
  }
  const indices = (count: number) => Array.from({length: count}, (_, at) => at)
  return indices(HEADS).map((head) =>
    indices(COUNT).map((query) =>
      indices(COUNT).map((key) =>
        indices(SIZE).reduce((sum, i) => {
          const column = head * SIZE + i
          return sum + project(NUMBERS.query, query, column) * project(NUMBERS.key, key, column)
        }, 0)
      )
    )
  )
}

/** Entry `other` is the sum over heads of their scores or weights, times the number from head to other. */
function mixedHeads(heads: number[][][]): number[][][] {
  return heads.map((_, other) =>
    heads[0]!.map((row, query) =>
      row.map((_, key) =>
        heads.reduce(
          (sum, scores, head) => sum + scores[query]![key]! * NUMBERS.mix[head * HEADS + other]!,
          0
        )
      )
    )
  )
}

function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - largest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}

/** Softmax over the keys up to each query. */
function causal(heads: number[][][]): number[][][] {
  return heads.map((rows) =>
    rows.map((row, query) => [
      ...softmax(row.slice(0, query + 1)),
      ...row.slice(query + 1).map(() => 0),
    ])
  )
}

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

/** Scores whose heads are mixed before the mask and the softmax (Shazeer et al. 2020, talking heads). */
const MIXED_BEFORE: Readonly<Record<string, Mix>> = {
  'by an Einsum': (layer, states) => {
    const scores = layer.einsum('bhqk,hg->bgqk', layer.scores(states), layer.weight('mix', 4, 4))
    const weights = layer.graph.node('Softmax', [layer.masked(scores)], {axis: -1})
    return layer.join(layer.graph.node('MatMul', [weights, layer.heads(states, 'value')]))
  },
  'by a MatMul': (layer, states) => {
    const last = layer.transposed(layer.scores(states), [0, 2, 3, 1])
    const mixed = layer.graph.node('MatMul', [last, layer.weight('mix', 4, 4)])
    const scores = layer.transposed(mixed, [0, 3, 1, 2])
    const weights = layer.graph.node('Softmax', [layer.masked(scores)], {axis: -1})
    return layer.join(layer.graph.node('MatMul', [weights, layer.heads(states, 'value')]))
  },
}

/** The same attention, with scores or weights whose axes stand in another order. */
const TURNED: Readonly<Record<string, Mix>> = {
  'scores [key, query], softmax over the keys, then a Transpose': (layer, states) => {
    const queries = layer.swapped(layer.heads(states, 'query'))
    const scores = layer.graph.node('MatMul', [layer.heads(states, 'key'), queries])
    const turned = layer.graph.node('Softmax', [layer.masked(scores, true)], {axis: 2})
    const values = layer.heads(states, 'value')
    return layer.join(layer.graph.node('MatMul', [layer.swapped(turned), values]))
  },
  'the same as the right side of the product with the values': (layer, states) => {
    const queries = layer.swapped(layer.heads(states, 'query'))
    const scores = layer.graph.node('MatMul', [layer.heads(states, 'key'), queries])
    const turned = layer.graph.node('Softmax', [layer.masked(scores, true)], {axis: -2})
    const values = layer.swapped(layer.heads(states, 'value'))
    return layer.join(layer.swapped(layer.graph.node('MatMul', [values, turned])))
  },
  'an Einsum of weights [query, head, key]': (layer, states) => {
    const scores = layer.einsum(
      'bqhd,bkhd->bqhk',
      layer.apart(states, 'query'),
      layer.apart(states, 'key')
    )
    const inOrder = layer.masked(layer.transposed(scores, [0, 2, 1, 3]))
    const weights = layer.graph.node('Softmax', [layer.transposed(inOrder, [0, 2, 1, 3])])
    const mixed = layer.einsum('bqhk,bkhd->bqhd', weights, layer.apart(states, 'value'))
    return layer.graph.node('Reshape', [mixed, layer.graph.ints([0, 0, WIDTH])])
  },
  'an Einsum of weights [key, query, head]': (layer, states) => {
    const scores = layer.masked(layer.scores(states))
    const turned = layer.transposed(scores, [0, 3, 2, 1])
    const weights = layer.graph.node('Softmax', [turned], {axis: 1})
    const mixed = layer.einsum('bkhd,bkqh->bqhd', layer.apart(states, 'value'), weights)
    return layer.graph.node('Reshape', [mixed, layer.graph.ints([0, 0, WIDTH])])
  },
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
      'a softmax over the queries': [
        17,
        /^a softmax over axis 2/,
        (layer, states) => {
          const weights = layer.graph.node('Softmax', [layer.scores(states)], {axis: 2})
          return layer.join(layer.graph.node('MatMul', [weights, layer.heads(states, 'value')]))
        },
      ],
      'a softmax over queries and keys together': [
        11,
        /^a softmax over axis 2/,
        (layer, states) => {
          const weights = layer.graph.node('Softmax', [layer.scores(states)], {axis: 2})
          return layer.join(layer.graph.node('MatMul', [weights, layer.heads(states, 'value')]))
        },
      ],
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

/** Logits of the layer by plain arithmetic, given the weights of its heads. */
function plainLogits(weights: number[][][]): Float32Array {
  const times = (row: readonly number[], matrix: Float32Array, columns: number) =>
    Array.from({length: columns}, (_, column) =>
      row.reduce((sum, entry, i) => sum + entry * matrix[i * columns + column]!, 0)
    )
  const states = TOKEN_IDS.map((id) =>
    Array.from(NUMBERS.embedding.subarray(id * WIDTH, (id + 1) * WIDTH))
  )
  const values = states.map((row) => times(row, NUMBERS.value, WIDTH))
  const rows = states.map((state, query) => {
    const heads = Array.from({length: WIDTH}, (_, column) => {
      const row = weights[Math.floor(column / SIZE)]![query]!
      return row.reduce((sum, weight, key) => sum + weight * values[key]![column]!, 0)
    })
    const written = times(heads, NUMBERS.out, WIDTH)
    return times(
      state.map((entry, i) => entry + written[i]!),
      NUMBERS.head,
      32
    )
  })
  return Float32Array.from(rows.flat())
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  return a.reduce((worst, entry, at) => Math.max(worst, Math.abs(entry - b[at]!)), 0)
}
