import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {Tensor} from 'onnxruntime-node'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {GraphBuilder} from '../../../../fixtures/graph-builder.ts'
import {chunkLengthFor} from './chunk-plan.ts'
import {Decoder} from './decoder.ts'
import {readGraphInputs} from './graph-inputs.ts'
import {ModelSession} from './session.ts'
import {feedable} from './tensors.ts'
import type {SessionSpec} from './worker-protocol.ts'

const WIDTH = 5

/**
 * A model whose row after token t is `100 t + column + Σ of all token ids so far`, which it keeps in
 * its KV cache: so a wrong cache, mask or position shows in every number.
 */
interface Shape {
  idType?: 'int64' | 'int32'
  cacheType?: 'float32' | 'float16' | null
  logitsType?: 'float32' | 'float16'
  extraInputs?: [string, string, (number | string)[]][]
  hasLastRowOnly?: boolean
  table?: (id: number, column: number) => number
}

function sumModel(shape: Shape): Uint8Array {
  const {idType = 'int64', cacheType = 'float32', logitsType = 'float32'} = shape
  const table = shape.table ?? ((id: number, column: number) => 100 * id + column)
  const graph = new GraphBuilder()
  const ids = graph.input('input_ids', idType, ['batch', 'sequence'])
  for (const [name, type, dimensions] of shape.extraInputs ?? []) {
    graph.input(name, type, dimensions)
  }
  const values = Float32Array.from({length: 10 * WIDTH}, (_, i) =>
    table(Math.floor(i / WIDTH), i % WIDTH)
  )
  const rows = graph.node('Gather', [graph.weight('table', [10, WIDTH], values), ids])
  const numbers = graph.node('Cast', [ids], {to: 1})
  const cells = graph.node('Unsqueeze', [numbers, graph.ints([1, 3])])
  let all = cells
  if (cacheType) {
    const past = graph.input('past_key_values.0.key', cacheType, ['batch', 1, 'past', 1])
    const stored = cacheType === 'float16' ? graph.node('Cast', [cells], {to: 10}) : cells
    const present = graph.node('Concat', [past, stored], {axis: 2}, 'present.0.key')
    graph.output('present.0.key', cacheType, ['batch', 1, 'total', 1])
    all = cacheType === 'float16' ? graph.node('Cast', [present], {to: 1}) : present
  }
  const sum = graph.node('ReduceSum', [all, graph.ints([1, 2, 3])], {keepdims: 0})
  let logits = graph.node('Add', [rows, sum])
  if (shape.hasLastRowOnly) {
    const ends = [graph.ints([-1]), graph.ints([1 << 30]), graph.ints([1])] as const
    logits = graph.node('Slice', [logits, ...ends])
  }
  graph.node('Cast', [logits], {to: logitsType === 'float16' ? 10 : 1}, 'logits')
  graph.output('logits', logitsType, ['batch', 'sequence', WIDTH])
  return graph.build()
}

function expectedRow(ids: number[]): number[] {
  const sum = ids.reduce((a, b) => a + b, 0)
  return Array.from({length: WIDTH}, (_, column) => 100 * ids.at(-1)! + column + sum)
}

describe('a decoder', () => {
  let folder: TemporaryFolder
  let count = 0
  beforeAll(async () => {
    folder = await temporaryFolder()
  })
  afterAll(() => folder.remove())

  async function specOf(bytes: Uint8Array): Promise<SessionSpec> {
    await mkdir(folder.path, {recursive: true})
    const filePath = join(folder.path, `${count++}.onnx`)
    await writeFile(filePath, bytes)
    return {
      modelId: 'sum',
      filePath,
      keyValueHeadCount: 1,
      headSize: 1,
      contextLength: 64,
      threads: 1,
      chunkLength: 16,
      checkIds: [1, 1],
    }
  }
  const open = async (shape: Shape) => Decoder.create(await specOf(sumModel(shape)))

  it.each<[string, Shape]>([
    ['a float32 cache', {}],
    ['a float16 cache', {cacheType: 'float16'}],
    ['float16 logits', {logitsType: 'float16'}],
    ['int32 ids', {idType: 'int32'}],
    ['no cache', {cacheType: null}],
    [
      'every other input',
      {
        extraInputs: [
          ['attention_mask', 'int64', ['batch', 'past + sequence']],
          ['position_ids', 'int64', ['batch', 'sequence']],
          ['cache_position', 'int64', ['sequence']],
          ['token_type_ids', 'int64', ['batch', 'sequence']],
          ['use_cache_branch', 'bool', [1]],
          ['num_logits_to_keep', 'int64', []],
        ],
      },
    ],
  ])('runs a sequence step by step with %s', async (_, shape) => {
    const decoder = await open(shape)
    for (const useKvCache of [true, false, true]) {
      decoder.reset(useKvCache)
      const ids = [3]
      expect(Array.from(await decoder.append([3]))).toEqual(expectedRow(ids))
      for (const id of [4, 1, 2]) {
        ids.push(id)
        expect(Array.from(await decoder.append([id]))).toEqual(expectedRow(ids))
      }
      expect(decoder.length).toBe(4)
    }
    expect(decoder.vocabularySize).toBe(WIDTH)
    await decoder.release()
  })

  it('returns to a mark, also after it went on', async () => {
    const decoder = await open({})
    decoder.reset(true)
    await decoder.append([1, 2])
    const mark = decoder.mark()!
    await decoder.append([9])
    decoder.reset(true)
    await decoder.append([8])
    decoder.return(mark)
    expect(Array.from(await decoder.append([5]))).toEqual(expectedRow([1, 2, 5]))
    await decoder.release()
  })

  it('runs a model that hands out the last row alone token by token', async () => {
    const session = await ModelSession.create(await specOf(sumModel({hasLastRowOnly: true})))
    expect(session.facts.chunkLength).toBe(1)
    const positions: number[] = []
    await session.run(
      {
        ids: Int32Array.of(1, 2, 3),
        knownCount: 0,
        useKvCache: true,
        keepLogits: true,
        endIds: [],
        trackIds: [],
        rowPosition: null,
        answers: [],
        generation: null,
      },
      {
        onEvent: (event) => {
          if (event.kind !== 'rows') return
          positions.push(event.firstPosition)
          const ids = [1, 2, 3].slice(0, event.firstPosition + 1)
          expect(Array.from(event.logits!)).toEqual(expectedRow(ids))
        },
      }
    )
    expect(positions).toEqual([0, 1, 2])
    await session.release()
  })

  it('names position and model where a logit is not finite', async () => {
    const table = (id: number, column: number) => (id === 2 && column === 3 ? Number.NaN : id)
    const session = await ModelSession.create(await specOf(sumModel({table})))
    const job = {
      ids: Int32Array.of(1, 1, 2, 1),
      knownCount: 0,
      useKvCache: true,
      keepLogits: true,
      endIds: [],
      trackIds: [],
      rowPosition: null,
      answers: [],
      generation: null,
    }
    await expect(session.run(job, {onEvent: () => {}})).rejects.toMatchObject({
      problem: {
        code: 'non-finite-logits',
        field: 'position 2, token 3',
        found: 'NaN',
        message: expect.stringContaining('sum'),
      },
    })
    // The session lives on.
    const fine = await session.run({...job, ids: Int32Array.of(1, 1)}, {onEvent: () => {}})
    expect(fine.status).toBe('completed')
    await session.release()
  })

  it.each<[string, Shape, string]>([
    [
      'an unknown input',
      {extraInputs: [['pixel_values', 'float32', ['batch', 3]]]},
      'unsupported-input',
    ],
    [
      'a cache without output',
      {extraInputs: [['past_key_values.1.key', 'float32', ['batch', 1, 'past', 1]]]},
      'cache-output-missing',
    ],
  ])('refuses %s', async (_, shape, code) => {
    await expect(open(shape)).rejects.toMatchObject({problem: {code}})
  })
})

describe('shapes of an empty cache', () => {
  const emptyOf = (name: string, shape: (number | string)[]) =>
    readGraphInputs(
      [
        {name: 'input_ids', type: 'int64', shape: ['batch', 'sequence']},
        {name, type: 'float32', shape},
      ],
      [name.replace('past_key_values', 'present').replace(/^past_(\d)/, 'present_$1')],
      {keyValueHeadCount: 4, headSize: 8}
    ).past[0]!.emptyDimensions

  it.each<[string, (number | string)[], number[]]>([
    ['past_key_values.0.key', ['batch_size', 4, 'past_sequence_length', 8], [1, 4, 0, 8]],
    [
      'past_key_values.0.value',
      ['batch_size', 'num_heads', 'past_length', 'kv_cache_dim'],
      [1, 4, 0, 8],
    ],
    ['past_key_values.0.key', ['b', 4, 'p', 8], [1, 4, 0, 8]],
    ['past_key_values.0.key', ['s1', 's2', 's3', 's4'], [1, 4, 0, 8]],
    ['past_0', [2, 'batch', 4, 'past_seq_len', 8], [2, 1, 4, 0, 8]],
    ['past_key_values.0.key', ['batch', 4, 8, 'past_length'], [1, 4, 8, 0]],
  ])('%s %o is %o', (name, shape, expected) => {
    expect(emptyOf(name, shape)).toEqual(expected)
  })
})

describe('half precision in later versions of Node', () => {
  it('is fed as whole numbers over the same bytes', () => {
    // Stands for the Float16Array that Node 20 does not have.
    class Half extends Uint8Array {}
    const bytes = new Uint16Array([0x3c00, 0x4000])
    const tensor = new Tensor('float16', bytes, [2])
    const half = Object.assign(new Half(bytes.buffer), {})
    Object.defineProperty(half, 'length', {value: 2})
    ;(tensor as unknown as {cpuData: unknown}).cpuData = half
    const data = feedable(tensor).data as unknown as Uint16Array
    expect(data).toBeInstanceOf(Uint16Array)
    expect(Array.from(data)).toEqual([0x3c00, 0x4000])
    expect(data.buffer).toBe(bytes.buffer)
  })
})

describe('the chunk length', () => {
  it('is a power of two that falls as the model grows, within bounds', () => {
    expect(chunkLengthFor(1e6, 2000)).toBe(4096)
    expect(chunkLengthFor(124e6, 50257)).toBe(256)
    expect(chunkLengthFor(7e9, 32000)).toBe(16)
    // 250,000 logits of four bytes: 256 rows are the most below 256 MB.
    expect(chunkLengthFor(1e6, 250_000)).toBe(256)
  })
})
