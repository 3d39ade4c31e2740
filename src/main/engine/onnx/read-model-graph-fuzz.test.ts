import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {createSeededRandom, type SeededRandom} from '../../../shared/math/seeded-random.ts'
import {checkGraph} from './check-graph.ts'
import {GraphEditor} from './graph-editor.ts'
import {encodeOverlay} from './overlay.ts'
import {readGraphHeader} from './read-graph-header.ts'
import {readModelGraph} from './read-model-graph.ts'
import {ATTRIBUTE_TYPE, decodeMessage, encodeMessage} from './schema.ts'
import {
  branch,
  bytesOf,
  floats,
  testGraph,
  testIf,
  testModel,
  testNode,
  value,
} from './test-models.ts'

/** Mutated files that are read; `npm run test:full` tries all that the project promises. */
const FILE_COUNT = process.env.TOKENSCOPE_FULL ? 10_000 : 1_000
const SEED = 20_26

let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(() => temporary.remove())

/** A model that has something of everything: an If with weights, typed and external data, functions. */
function varied(): Uint8Array {
  const weights = Float32Array.from({length: 300}, (_, i) => i)
  const constant = testNode('Constant', [], ['k'], {
    attribute: [{name: 'value', type: ATTRIBUTE_TYPE.tensor, t: floats('', weights)}],
  })
  const elseBranch = branch('else', [testNode('Add', ['w', 'k'], ['e'])], 'e')
  elseBranch.initializer.push(floats('w', weights))
  const graph = testGraph({
    input: [value('x', [], 'bool'), value('n', ['batch', null, 3])],
    output: [value('y', [300])],
    node: [
      constant,
      testIf('x', ['z'], branch('then', [testNode('Neg', ['k'], ['t'])], 't'), elseBranch),
      testNode('Twice', ['z'], ['a'], {domain: 'own'}),
      testNode('Reshape', ['a', 'shape'], ['y'], {
        attribute: [
          {name: 'allowzero', type: ATTRIBUTE_TYPE.int, i: 1},
          {name: 'note', type: ATTRIBUTE_TYPE.floats, floats: [1, 2]},
        ],
      }),
    ],
    initializer: [
      {name: 'shape', dims: [1], dataType: 7, int64Data: [300]},
      {name: 'ids', dims: [600], dataType: 7, int64Data: Array.from({length: 600}, (_, i) => -i)},
      {
        name: 'far',
        dims: [4],
        dataType: 1,
        dataLocation: 1,
        externalData: [
          {key: 'location', value: 'far.bin'},
          {key: 'offset', value: '16'},
          {key: 'length', value: '16'},
        ],
      },
    ],
    valueInfo: [value('z', [300])],
  })
  return bytesOf(
    testModel(graph, {
      metadataProps: [{key: 'a', value: 'b'}],
      functions: [{name: 'Twice', domain: 'own', node: [testNode('Add', ['p', 'p'], ['q'])]}],
      opsetImport: [
        {domain: '', version: 17},
        {domain: 'own', version: 1},
      ],
    })
  )
}

const LYING_LENGTHS = [
  [255, 255, 255, 255, 15],
  [255, 127],
  Array<number>(10).fill(255),
  [0],
  [127],
]

/** One to four changes of the kinds that damage makes, and of those that somebody thinks of. */
function mutated(source: Uint8Array, other: Uint8Array, random: SeededRandom): Buffer {
  const below = (count: number) => Math.floor(random.nextUnit() * Math.max(1, count))
  // What moves no byte gets past the lengths, and deeper.
  const kindCount = below(2) === 0 ? 3 : 8
  let bytes = below(3) === 0 ? Buffer.from(tangled(source, below)) : Buffer.from(source)
  const changeCount = 1 + below(4)
  for (let change = 0; change < changeCount; change++) {
    const at = below(bytes.length)
    const length = 1 + below(below(2) === 0 ? 8 : bytes.length / 4)
    const before = bytes.subarray(0, at)
    const piece = other.subarray(at, at + length)
    switch (below(kindCount)) {
      case 0:
        bytes[at] = below(256)
        break
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8))
        break
      case 2:
        bytes.set(piece.subarray(0, bytes.length - at), at)
        break
      case 3:
        bytes = before
        break
      case 4: {
        const lie = Buffer.from(LYING_LENGTHS[below(LYING_LENGTHS.length)] as number[])
        bytes = Buffer.concat([before, lie, bytes.subarray(at + 1)])
        break
      }
      case 5:
        bytes = Buffer.concat([before, bytes.subarray(at + length)])
        break
      case 6:
        bytes = Buffer.concat([before, piece, bytes.subarray(at)])
        break
      default:
        bytes = Buffer.concat([bytes, bytes.subarray(at, at + length)])
    }
    bytes = Buffer.from(bytes)
  }
  return bytes
}

/** A file that decodes but says something else: other names, other dimensions, other versions. */
function tangled(source: Uint8Array, below: (count: number) => number): Uint8Array {
  const model = decodeMessage('Model', source)
  const {node, initializer} = model.graph
  const names = node.flatMap(({input, output}) => [...input, ...output])
  const name = names[below(names.length)] as string
  const one = node[below(node.length)]!
  const tensor = initializer[below(initializer.length)]!
  switch (below(6)) {
    case 0:
      one.input[below(one.input.length)] = name
      break
    case 1:
      one.output[0] = name
      break
    case 2:
      tensor.name = name
      break
    case 3:
      tensor.dims = [[-1], [2 ** 40, 2 ** 40], [below(2000)], []][below(4)]!
      break
    case 4:
      model.opsetImport[0]!.version = below(30)
      break
    default:
      if (tensor.externalData?.[0])
        tensor.externalData[0].value = ['..', '', '.', 'far.bin'][below(4)]!
      else one.domain = name
  }
  return encodeMessage('Model', model)
}

describe('a mutated file', () => {
  it('is read, or refused with a problem that says what is wrong, whatever was done to it', {
    timeout: 300_000,
  }, async () => {
    const random = createSeededRandom(SEED)
    const vision = await readFile(
      join(import.meta.dirname, '../../../../fixtures/tiny-vision/onnx/model.onnx')
    )
    const sources = [varied(), varied(), varied(), vision]
    const path = join(temporary.path, 'model.onnx')
    await writeFile(join(temporary.path, 'far.bin'), Buffer.alloc(32))
    const codes = new Map<string, number>()
    for (let file = 0; file < FILE_COUNT; file++) {
      const bytes = mutated(sources[file % 4]!, sources[(file + 1) % 4]!, random)
      await writeFile(path, bytes)
      const outcome = await outcomeOf(path)
      codes.set(outcome, (codes.get(outcome) ?? 0) + 1)
      // The header is read of every file that somebody opens, long before its graph.
      await problemCodeOf(() => readGraphHeader(path))
    }
    if (process.env.FUZZ_SHOW) console.log(codes)
    // Otherwise the mutations are all of one kind, and the test says little.
    expect(codes.get('read') ?? 0).toBeGreaterThan(FILE_COUNT / 20)
    for (const code of ['model-truncated', 'model-damaged', 'not-onnx', 'graph-name-unknown']) {
      expect([code, (codes.get(code) ?? 0) > 0]).toEqual([code, true])
    }
  })
})

/** `read`, or the code of the problem; any other error fails the test. */
async function outcomeOf(path: string): Promise<string> {
  return problemCodeOf(async () => {
    const graph = await readModelGraph(path)
    checkGraph(graph)
    const editor = new GraphEditor(graph)
    const {bytes} = encodeOverlay(editor)
    // What was read is whole: it comes out again, and is the same graph.
    const again = decodeMessage('Model', bytes)
    expect(again.graph.node.length).toBe(graph.model.graph.node.length)
  })
}

async function problemCodeOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action()
    return 'read'
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const {code, message, file, found, expected, advice} = error.problem
    for (const part of [code, message, file, found, expected, advice]) expect(part).toBeTruthy()
    return code
  }
}
