import {NormalSource} from '../../../../fixtures/random.ts'
import {HEADS, OneLayer, SIZE, WIDTH} from './test-one-layer.ts'

const TOKEN_IDS = [3, 17, 0, 9, 9, 30, 5]
export const COUNT = TOKEN_IDS.length
export const FEEDS = {
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
export class Layer extends OneLayer {
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

/** What a layer writes, of its states. */
export type Mix = (layer: Layer, states: string) => string

/** What the layer's scores are by plain arithmetic: [head][query][key], without a mask. */
export function plainScores(): number[][][] {
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
export function mixedHeads(heads: number[][][]): number[][][] {
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
export function causal(heads: number[][][]): number[][][] {
  return heads.map((rows) =>
    rows.map((row, query) => [
      ...softmax(row.slice(0, query + 1)),
      ...row.slice(query + 1).map(() => 0),
    ])
  )
}

/** Scores whose heads are mixed before the mask and the softmax (Shazeer et al. 2020, talking heads). */
export const MIXED_BEFORE: Readonly<Record<string, Mix>> = {
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
export const TURNED: Readonly<Record<string, Mix>> = {
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

/** Logits of the layer by plain arithmetic, given the weights of its heads. */
export function plainLogits(weights: number[][][]): Float32Array {
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
