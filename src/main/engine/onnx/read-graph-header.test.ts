import {open, readFile, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {brokenFiles, type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {TINY_DECODER_SHAPE} from '../../../../fixtures/tiny-models.ts'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {findExternalData, isSafeLocation} from './external-data.ts'
import {readGraphHeader} from './read-graph-header.ts'
import {decodeMessage, encodeMessage, type OnnxModel} from './schema.ts'

const fixture = (name: string) =>
  join(import.meta.dirname, '../../../../fixtures', name, 'onnx/model.onnx')

let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(() => temporary.remove())

let fileCount = 0
async function written(bytes: Uint8Array): Promise<string> {
  const path = join(temporary.path, `file-${fileCount++}.onnx`)
  await writeFile(path, bytes)
  return path
}

async function problemOf(action: Promise<unknown>): Promise<Problem> {
  try {
    await action
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('no problem was found')
}

async function modelOf(name: string): Promise<OnnxModel> {
  return decodeMessage('Model', await readFile(fixture(name)))
}

describe('the header of a graph', () => {
  it('lists inputs and outputs with types and dimensions', async () => {
    const header = await readGraphHeader(fixture('tiny-decoder-kv'))
    const {vocabularySize, keyValueHeadCount, headSize} = TINY_DECODER_SHAPE
    expect(header.inputs[0]).toEqual({
      name: 'input_ids',
      dtype: 'int64',
      dimensions: ['batch', 'sequence'],
    })
    expect(header.inputs.map((input) => input.name).slice(3)).toEqual([
      'past_key_values.0.key',
      'past_key_values.0.value',
      'past_key_values.1.key',
      'past_key_values.1.value',
    ])
    expect(header.outputs[0]).toEqual({
      name: 'logits',
      dtype: 'float32',
      dimensions: ['batch', 'sequence', vocabularySize],
    })
    expect(header.outputs[1]?.dimensions).toEqual([
      'batch',
      keyValueHeadCount,
      'past + sequence',
      headSize,
    ])
    expect(header.opsets).toEqual({'': 17})
    expect(header.externalLocations).toEqual([])
  })

  it('counts the nodes and parameters that a full decode counts', async () => {
    for (const name of ['tiny-decoder-kv', 'tiny-decoder-plain', 'tiny-encoder', 'tiny-vision']) {
      const header = await readGraphHeader(fixture(name))
      const {graph} = await modelOf(name)
      const matrices = graph.initializer.filter((tensor) => (tensor.dims?.length ?? 0) >= 2)
      const bytes = matrices.reduce((sum, tensor) => sum + (tensor.rawData?.length ?? 0), 0)
      expect(header.nodeCount).toBe(graph.node.length)
      expect(header.parameterCount).toBe(bytes / 4)
    }
  })

  it('leaves initializers out of the inputs, as graphs before IR 4 list them', async () => {
    const model = await modelOf('tiny-encoder')
    const [weight] = model.graph.initializer
    model.graph.input.push({name: weight!.name!})
    const header = await readGraphHeader(await written(encodeMessage('Model', model)))
    expect(header.inputs.map((input) => input.name)).toEqual([
      'input_ids',
      'attention_mask',
      'token_type_ids',
    ])
  })

  it('tells a dimension of zero and an unknown one apart', async () => {
    const model = await modelOf('tiny-encoder')
    model.graph.output[0]!.type!.tensorType!.shape!.dim = [{dimValue: 0}, {}, {dimParam: 'n'}]
    const header = await readGraphHeader(await written(encodeMessage('Model', model)))
    expect(header.outputs[0]?.dimensions).toEqual([0, null, 'n'])
  })

  it('steps over weights without reading them', async () => {
    // A sparse gigabyte of weights: reading it would take seconds and a gigabyte of memory.
    const weightBytes = 2 ** 30
    const empty = {name: 'x', opType: 'Identity', input: ['w'], output: ['y']}
    const head = encodeMessage('Model', {
      irVersion: 8,
      opsetImport: [{domain: '', version: 17}],
      graph: {node: [empty], initializer: [], input: [], output: [{name: 'y'}]},
    })
    // Rewritten by hand: version and operator set, then a graph field that holds the big tensor.
    const graph = encodeGraphWithWeight(weightBytes)
    const withoutGraph = encodeMessage('Model', {
      irVersion: 8,
      opsetImport: [{domain: '', version: 17}],
    } as OnnxModel)
    expect(head.length).toBeGreaterThan(withoutGraph.length)
    const path = await written(Buffer.concat([withoutGraph, graph]))
    await truncate(path, withoutGraph.length + graph.length + weightBytes)
    const started = performance.now()
    const before = process.memoryUsage().arrayBuffers
    const header = await readGraphHeader(path)
    expect(performance.now() - started).toBeLessThan(1000)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24)
    expect(header.parameterCount).toBe(weightBytes / 4)
    await truncate(path, withoutGraph.length + graph.length + weightBytes - 1)
    expect((await problemOf(readGraphHeader(path))).code).toBe('model-truncated')
  })
})

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return [...bytes, rest]
}
const lengthDelimited = (field: number, content: readonly number[], extraLength = 0) => [
  ...varint(field * 8 + 2),
  ...varint(content.length + extraLength),
  ...content,
]

/** A graph field whose last bytes, `weightBytes` of them, are still to come. */
function encodeGraphWithWeight(weightBytes: number): Uint8Array {
  const name = [...new TextEncoder().encode('y')]
  const output = lengthDelimited(12, lengthDelimited(1, name))
  const tensor = [
    ...[8, ...varint(weightBytes / 4 / 1024), 8, ...varint(1024), 16, 1],
    ...[...varint(9 * 8 + 2), ...varint(weightBytes)],
  ]
  const graph = [...output, ...lengthDelimited(5, tensor, weightBytes)]
  const stated = [...varint(5 * 8 + 2), ...varint(tensor.length + weightBytes), ...tensor]
  expect(graph.length).toBe(output.length + stated.length)
  return Uint8Array.from(lengthDelimited(7, graph, weightBytes))
}

describe('files that are no model', () => {
  const cases = [
    ['empty-onnx', 'model-truncated', '0 bytes'],
    ['truncated-onnx', 'model-truncated', 'bytes'],
    ['web-page-onnx', 'not-onnx', 'a web page'],
    ['lfs-pointer-onnx', 'git-lfs-pointer', 'a pointer'],
    ['noise-onnx', 'not-onnx', 'bytes that are no ONNX graph'],
  ] as const
  for (const [breakage, code, found] of cases) {
    it(`says what is wrong with ${breakage}`, async () => {
      const path = await written(brokenFiles(breakage).get('onnx/model.onnx') as Uint8Array)
      const problem = await problemOf(readGraphHeader(path))
      expect(problem.code).toBe(code)
      expect(problem.file).toBe(path)
      expect(problem.found).toContain(found)
      expect(problem.expected).toBeTruthy()
      expect(problem.advice).toMatch(/^[A-Z].*\.$/)
    })
  }

  it('refuses a missing file and a folder', async () => {
    const missing = await problemOf(readGraphHeader(join(temporary.path, 'missing.onnx')))
    expect(missing).toMatchObject({code: 'model-file-unreadable', found: 'no such file'})
    expect((await problemOf(readGraphHeader(temporary.path))).code).toBe('not-onnx')
  })

  it('refuses every cut of a model, and every prefix that lies about its length', async () => {
    const whole = await readFile(fixture('tiny-vision'))
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 0, max: whole.length - 1}), async (length) => {
        const problem = await problemOf(readGraphHeader(await written(whole.subarray(0, length))))
        expect(['model-truncated', 'not-onnx']).toContain(problem.code)
      }),
      {numRuns: 60}
    )
  })

  it('gives a header or a problem for any damage, never another error', async () => {
    const whole = await readFile(fixture('tiny-vision'))
    const damage = fc.array(
      fc.record({at: fc.integer({min: 0, max: whole.length - 1}), byte: fc.nat(255)}),
      {minLength: 1, maxLength: 8}
    )
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Uint8Array.from(whole)
        for (const {at, byte} of changes) bytes[at] = byte
        try {
          await readGraphHeader(await written(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError)
        }
      }),
      {numRuns: 150}
    )
  })
})

describe('external data', () => {
  it('is found by location, with the bytes it must hold', async () => {
    const folder = await temporaryFolder()
    try {
      const model = await modelOf('tiny-encoder')
      const [first, second] = model.graph.initializer
      for (const [tensor, offset] of [
        [first!, 0],
        [second!, first!.rawData!.length],
      ] as const) {
        tensor.externalData = [
          {key: 'location', value: 'model.onnx_data'},
          {key: 'offset', value: String(offset)},
          {key: 'length', value: String(tensor.rawData!.length)},
        ]
        tensor.dataLocation = 1
      }
      const byteLength = first!.rawData!.length + second!.rawData!.length
      delete first!.rawData
      delete second!.rawData
      const path = join(folder.path, 'model.onnx')
      await writeFile(path, encodeMessage('Model', model))
      const header = await readGraphHeader(path)
      expect(header.externalByteLengths).toEqual({'model.onnx_data': byteLength})

      expect((await problemOf(findExternalData(path, header))).code).toBe('external-data-missing')
      const dataPath = join(folder.path, 'model.onnx_data')
      const handle = await open(dataPath, 'w')
      await handle.truncate(byteLength - 1)
      expect(await problemOf(findExternalData(path, header))).toMatchObject({
        code: 'external-data-truncated',
        found: `${byteLength - 1} bytes`,
      })
      await handle.truncate(byteLength)
      await handle.close()
      const [file] = await findExternalData(path, header)
      expect(file).toMatchObject({location: 'model.onnx_data', byteLength})
    } finally {
      await folder.remove()
    }
  })

  it('may not leave the folder', () => {
    for (const location of ['model.onnx_data', 'parts/a.bin', 'a..b', '..c']) {
      expect(isSafeLocation(location)).toBe(true)
    }
    for (const location of [
      ...['', '/etc/passwd', '../secret', 'a/../../b', '..', 'C:\\x', '\\\\host\\x'],
      ...['a\\..\\..\\b', 'a\0b'],
    ]) {
      expect(isSafeLocation(location)).toBe(false)
    }
  })
})
