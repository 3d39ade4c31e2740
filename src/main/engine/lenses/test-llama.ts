import {readFileSync} from 'node:fs'
import {readModelGraph} from '../onnx/read-model-graph.ts'

/** Sizes of a small Llama, as its configuration has them. */
export interface LlamaSizes {
  readonly hidden_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly intermediate_size: number
  readonly rms_norm_eps: number
  readonly rope_theta: number
}

/**
 * The attention of a built-in Llama [layer][head] of [query, key], by a forward pass in plain loops of float64
 * over the weights of its file, whose queries have 1/√(head size) in them already: nothing of the engine's graphs, sessions or recomputed rows is in it.
 */
export async function llamaAttention(
  path: string,
  sizes: LlamaSizes,
  ids: readonly number[]
): Promise<Float64Array[][]> {
  const weights = await readWeights(path)
  const of = (name: string) => {
    const found = weights.get(name)
    if (!found) throw new Error(`no ${name}`)
    return found
  }
  const {hidden_size: width, num_attention_heads: headCount, rms_norm_eps: epsilon} = sizes
  const size = width / headCount
  const embedding = of('model.embed_tokens.weight')
  let stream = ids.map((id) => [...embedding.subarray(id * width, (id + 1) * width)])
  const attention: Float64Array[][] = []
  for (let layer = 0; layer < sizes.num_hidden_layers; layer++) {
    const name = `model.layers.${layer}`
    const normed = stream.map((x) => rmsNorm(x, of(`${name}.input_layernorm.weight`), epsilon))
    const projected = normed.map((x) => times(x, of(`${name}.self_attn.qkv_proj.weight`)))
    const mixed = ids.map(() => new Array<number>(width).fill(0))
    attention.push([])
    for (let head = 0; head < headCount; head++) {
      const part = (row: number[], which: number) =>
        row.slice(which * width + head * size, which * width + (head + 1) * size)
      const queries = projected.map((row, at) => turned(part(row, 0), at, sizes.rope_theta))
      const keys = projected.map((row, at) => turned(part(row, 1), at, sizes.rope_theta))
      const matrix = causalSoftmax(queries, keys)
      attention[layer]!.push(matrix)
      for (let i = 0; i < ids.length; i++) {
        for (let j = 0; j <= i; j++) {
          const value = part(projected[j]!, 2)
          for (let k = 0; k < size; k++) {
            mixed[i]![head * size + k]! += matrix[i * ids.length + j]! * value[k]!
          }
        }
      }
    }
    stream = stream.map((x, at) =>
      plus(x, times(mixed[at]!, of(`${name}.self_attn.o_proj.weight`)))
    )
    stream = stream.map((x) => {
      const y = rmsNorm(x, of(`${name}.post_attention_layernorm.weight`), epsilon)
      const gate = times(y, of(`${name}.mlp.gate_proj.weight`))
      const up = times(y, of(`${name}.mlp.up_proj.weight`))
      const inner = gate.map((value, at) => (value / (1 + Math.exp(-value))) * up[at]!)
      return plus(x, times(inner, of(`${name}.mlp.down_proj.weight`)))
    })
  }
  return attention
}

/** Every float32 tensor of the file, by its name. */
async function readWeights(path: string): Promise<Map<string, Float32Array>> {
  const file = readFileSync(path)
  const {model} = await readModelGraph(path)
  const weights = new Map<string, Float32Array>()
  for (const tensor of model.graph?.initializer ?? []) {
    if (tensor.dataType !== 1 || !tensor.name) continue
    const entry = (key: string) =>
      Number(tensor.externalData?.find((one) => one.key === key)?.value ?? 0)
    const bytes = tensor.rawData?.length
      ? tensor.rawData
      : file.subarray(entry('offset'), entry('offset') + entry('length'))
    weights.set(tensor.name, new Float32Array(new Uint8Array(bytes).buffer))
  }
  return weights
}

function rmsNorm(x: readonly number[], gain: Float32Array, epsilon: number): number[] {
  const square = x.reduce((sum, value) => sum + value * value, 0) / x.length
  const scale = 1 / Math.sqrt(square + epsilon)
  return x.map((value, at) => value * scale * gain[at]!)
}

/** x · W, W being [input, output]. */
function times(x: readonly number[], matrix: Float32Array): number[] {
  const count = matrix.length / x.length
  const result = new Array<number>(count).fill(0)
  for (const [i, value] of x.entries()) {
    for (let o = 0; o < count; o++) result[o]! += value * matrix[i * count + o]!
  }
  return result
}

function plus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, at) => value + b[at]!)
}

/** Rotary positions, halves apart. */
function turned(x: readonly number[], position: number, base: number): number[] {
  const half = x.length / 2
  return x.map((value, at) => {
    const angle = position * base ** (-(at % half) / half)
    const other = at < half ? -x[at + half]! : x[at - half]!
    return value * Math.cos(angle) + other * Math.sin(angle)
  })
}

function causalSoftmax(queries: readonly number[][], keys: readonly number[][]): Float64Array {
  const n = queries.length
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const scores = keys
      .slice(0, i + 1)
      .map((key) => key.reduce((sum, value, k) => sum + value * queries[i]![k]!, 0))
    const largest = Math.max(...scores)
    const powers = scores.map((score) => Math.exp(score - largest))
    const sum = powers.reduce((a, b) => a + b, 0)
    for (const [j, power] of powers.entries()) matrix[i * n + j] = power / sum
  }
  return matrix
}
