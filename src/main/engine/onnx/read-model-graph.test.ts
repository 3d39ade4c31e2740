import {mkdir, readFile, symlink, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {brokenFiles, type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {openSession, runOnce} from '../runtime/test-onnxruntime.ts'
import {checkGraph} from './check-graph.ts'
import {GraphEditor} from './graph-editor.ts'
import {encodeOverlay} from './overlay.ts'
import {readModelGraph} from './read-model-graph.ts'
import {
  ATTRIBUTE_TYPE,
  decodeMessage,
  elementTypeNumber,
  type OnnxGraph,
  type OnnxModel,
  type OnnxTensor,
} from './schema.ts'
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
import {externalRangeOf, tensorsOf} from './walk-graph.ts'

const fixture = (name: string) =>
  join(import.meta.dirname, '../../../../fixtures', name, 'onnx/model.onnx')

let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(() => temporary.remove())

let fileCount = 0
async function written(content: OnnxModel | Uint8Array): Promise<string> {
  const folder = join(temporary.path, `folder-${fileCount++}`)
  await mkdir(folder)
  const path = join(folder, 'model.onnx')
  await writeFile(path, content instanceof Uint8Array ? content : bytesOf(content))
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
const problemOfModel = async (model: OnnxModel | Uint8Array) =>
  problemOf(readModelGraph(await written(model)))

const ramp = (count: number, factor = 1) => Float32Array.from({length: count}, (_, i) => i * factor)
const identity = () => testNode('Identity', ['x'], ['y'])
const varint = (number: number): number[] =>
  number < 128 ? [number] : [(number % 128) | 128, ...varint(Math.floor(number / 128))]
const field = (number: number, content: Uint8Array | readonly number[]) => [
  ...varint(number * 8 + 2),
  ...varint(content.length),
  ...content,
]
const textOf = (text: string) => new TextEncoder().encode(text)

/** The bytes that a tensor of a graph stands for, taken from the file that it names. */
async function dataOf(tensor: OnnxTensor): Promise<Uint8Array> {
  const range = externalRangeOf(tensor)
  if (!range) return Uint8Array.from(tensor.rawData ?? [])
  const file = await readFile(range.location)
  return Uint8Array.from(file.subarray(range.offset, range.offset + range.byteLength!))
}

describe('the graph of a model file', () => {
  it('has every weight as a range of the file, and all else as a full decode has it', async () => {
    for (const name of ['tiny-decoder-kv', 'tiny-encoder', 'tiny-vision']) {
      const {model} = await readModelGraph(fixture(name))
      const whole = decodeMessage('Model', await readFile(fixture(name)))
      expect(model.graph.node).toEqual(whole.graph.node)
      expect(model.graph.input).toEqual(whole.graph.input)
      expect(model.graph.initializer.length).toBe(whole.graph.initializer.length)
      let rangeCount = 0
      for (const [index, tensor] of model.graph.initializer.entries()) {
        const expected = whole.graph.initializer[index]!
        expect([tensor.name, tensor.dims, tensor.dataType]).toEqual([
          expected.name,
          expected.dims,
          expected.dataType,
        ])
        expect(await dataOf(tensor)).toEqual(Uint8Array.from(expected.rawData!))
        if (tensor.rawData!.length === 0) rangeCount++
        else expect(tensor.rawData!.length).toBeLessThan(1024)
      }
      expect(rangeCount).toBeGreaterThan(3)
    }
  })

  it('skims weights in attributes and in the graphs of an If, and onnxruntime finds them', async () => {
    const constant = (output: string, factor: number) =>
      testNode('Constant', [], [output], {
        attribute: [{name: 'value', type: ATTRIBUTE_TYPE.tensor, t: floats('', ramp(300, factor))}],
      })
    const elseBranch = branch('else', [testNode('Add', ['w', 'k'], ['e'])], 'e')
    elseBranch.initializer.push(floats('w', ramp(300, 3)))
    const thenBranch = branch('then', [constant('c', 2), testNode('Add', ['c', 'k'], ['t'])], 't')
    const graph = testGraph({
      node: [constant('k', 1), testIf('x', ['y'], thenBranch, elseBranch)],
      input: [value('x', [], 'bool')],
      output: [value('y', [300])],
    })
    const path = await written(testModel(graph))
    const read = await readModelGraph(path)
    expect([...tensorsOf(read.model)].map((tensor) => tensor.dataLocation)).toEqual([1, 1, 1])
    for (const [condition, factor] of [
      [1, 3],
      [0, 4],
    ] as const) {
      const {y} = await runOnce(encodeOverlay(read), {x: ['bool', [], [condition]]})
      expect(y!.data).toEqual(ramp(300, factor))
    }
  })

  it('turns numbers in typed fields into what raw_data would hold', async () => {
    const large = Array.from({length: 600}, (_, i) => (i - 300) * 10_000_019)
    const longs = large.map((number) => BigInt(number) * 1_000_003n)
    // TensorProto: dims 1, data_type 2, float_data 4, int32_data 5, int64_data 7, name 8.
    const signed = (number: bigint) => {
      const bytes: number[] = []
      for (let rest = BigInt.asUintN(64, number); ; rest >>= 7n) {
        if (rest < 128n) return [...bytes, Number(rest)]
        bytes.push(Number(rest & 127n) | 128)
      }
    }
    const tensor = (name: string, dtype: string, data: readonly number[]) =>
      field(5, [
        8,
        ...varint(600),
        16,
        elementTypeNumber(dtype),
        ...data,
        ...field(8, textOf(name)),
      ])
    const single = Float32Array.from(large)
    const initializers = [
      ...tensor('packed floats', 'float32', field(4, new Uint8Array(single.buffer))),
      ...tensor(
        'loose floats',
        'float32',
        [...single].flatMap((_, i) => [37, ...new Uint8Array(single.buffer, 4 * i, 4)])
      ),
      ...tensor('longs', 'int64', field(7, longs.flatMap(signed))),
      ...tensor(
        'ints',
        'int32',
        field(
          5,
          large.flatMap((i) => signed(BigInt(i | 0)))
        )
      ),
      ...tensor(
        'bytes',
        'int8',
        field(
          5,
          large.flatMap((i) => signed(BigInt((i << 24) >> 24)))
        )
      ),
      ...tensor(
        'halves',
        'float16',
        field(
          5,
          large.flatMap((i) => signed(BigInt(i & 0xffff)))
        )
      ),
    ]
    const plain = bytesOf(testModel(testGraph({node: [identity()]})))
    const path = await written(Buffer.concat([plain, Buffer.from(field(7, initializers))]))
    const {model} = await readModelGraph(path)
    expect(model.graph.node.length).toBe(1)
    const byName = new Map(model.graph.initializer.map((one) => [one.name, one]))
    const bytes = async (name: string) => dataOf(byName.get(name)!)
    expect(await bytes('packed floats')).toEqual(new Uint8Array(single.buffer))
    expect(byName.get('packed floats')!.dataLocation).toBe(1)
    expect(byName.get('loose floats')!.floatData).toEqual([...single])
    expect(await bytes('longs')).toEqual(new Uint8Array(BigInt64Array.from(longs).buffer))
    expect(await bytes('ints')).toEqual(new Uint8Array(Int32Array.from(large).buffer))
    expect(await bytes('bytes')).toEqual(new Uint8Array(Int8Array.from(large).buffer))
    expect(await bytes('halves')).toEqual(new Uint8Array(Uint16Array.from(large).buffer))
    // onnxruntime reads them the same from the file and from the overlay.
    await (await openSession(path)).release()
    const editor = new GraphEditor(await readModelGraph(path))
    for (const name of byName.keys()) {
      editor.addOutput(editor.addNode({opType: 'Identity', inputs: [name!]})[0]!)
    }
    const outputs = await runOnce(encodeOverlay(editor), {x: ['float32', [2], [1, 2]]})
    const read = Object.values(outputs).map((one) => one.data)
    expect(read[1]).toEqual(single)
    expect(read[2]).toEqual(single)
    expect(read[3]).toEqual(BigInt64Array.from(longs))
    expect(read[5]).toEqual(Int8Array.from(large))
  })

  it('keeps unknown fields, functions and metadata through reading, editing and encoding', async () => {
    const model = testModel(testGraph({node: [identity()]}), {
      metadataProps: [{key: 'who', value: 'me'}],
      functions: [{name: 'Twice', domain: 'own', node: [testNode('Add', ['a', 'a'], ['b'])]}],
    })
    // FunctionProto: input 4, output 5; NodeProto: doc_string 6; GraphProto: doc_string 10, field 900.
    const extra = [
      ...field(25, [
        ...field(1, textOf('Other')),
        ...field(4, textOf('in')),
        ...field(10, textOf('own')),
      ]),
      ...field(7, [
        ...field(10, textOf('a graph doc')),
        ...field(900, textOf('from the future')),
        ...field(1, [
          ...field(4, textOf('Neg')),
          ...field(2, textOf('z')),
          ...field(1, textOf('x')),
          ...field(6, textOf('a node doc')),
        ]),
      ]),
      ...field(901, textOf('a model of the future')),
    ]
    const path = await written(Buffer.concat([bytesOf(model), Buffer.from(extra)]))
    const read = await readModelGraph(path)
    const edited = new GraphEditor(read)
    edited.addOutput(edited.addNode({opType: 'Neg', inputs: ['y']})[0]!)
    for (const bytes of [encodeOverlay(read).bytes, encodeOverlay(edited).bytes]) {
      const text = Buffer.from(bytes).toString('latin1')
      for (const kept of [
        ...['who', 'Twice', 'Other', 'a graph doc', 'from the future'],
        ...['a node doc', 'a model of the future'],
      ]) {
        expect(text).toContain(kept)
      }
      expect(decodeMessage('Model', bytes).functions?.map(({name}) => name)).toEqual([
        'Twice',
        'Other',
      ])
    }
  })

  it('follows links to the model, and refers to the file they lead to', async () => {
    const path = await written(await readFile(fixture('tiny-encoder')))
    const link = join(temporary.path, 'link.onnx')
    await symlink(path, link)
    const read = await readModelGraph(link)
    expect(read.path).toBe(path)
    for (const tensor of tensorsOf(read.model)) {
      const range = externalRangeOf(tensor)
      if (range) expect(range.location).toBe(path)
    }
  })

  it('reads 100,000 nodes', async () => {
    const count = 100_000
    const node = Array.from({length: count}, (_, i) =>
      testNode('Neg', [i === 0 ? 'x' : `t${i}`], [i === count - 1 ? 'y' : `t${i + 1}`])
    )
    // In an order that no exporter would choose: every tensor is used before it is made.
    const read = await readModelGraph(await written(testModel(testGraph({node: node.reverse()}))))
    expect(read.model.graph.node.length).toBe(count)
    const editor = new GraphEditor(read)
    const by = editor.addNode({opType: 'Neg', inputs: ['t50000']})[0]!
    editor.replaceConsumers('t50000', by)
    editor.addOutput('t99999')
    editor.removeDeadNodes(['t99999'])
    expect(decodeMessage('Model', encodeOverlay(editor).bytes).graph.node.length).toBe(count)
  })
})

describe('a graph that cannot be right', () => {
  const cases: Readonly<Record<string, [code: string, field: string, graph: OnnxGraph]>> = {
    'a cycle': [
      'graph-cycle',
      'make a',
      testGraph({
        node: [testNode('Add', ['x', 'b'], ['a']), testNode('Neg', ['a'], ['b']), identity()],
      }),
    ],
    'a cycle through a branch': [
      'graph-cycle',
      'make a',
      testGraph({
        input: [value('x', [], 'bool')],
        node: [
          testIf(
            'x',
            ['a'],
            branch('t', [testNode('Neg', ['b'], ['t'])], 't'),
            branch('e', [testNode('Neg', ['b'], ['e'])], 'e')
          ),
          testNode('Neg', ['a'], ['b']),
          identity(),
        ],
      }),
    ],
    'a node that uses itself': [
      'graph-cycle',
      'make a',
      testGraph({node: [testNode('Neg', ['a'], ['a']), identity()]}),
    ],
    'a tensor made by two nodes': [
      'graph-name-twice',
      'make y',
      testGraph({node: [identity(), identity()]}),
    ],
    'a node that makes an input': [
      'graph-name-twice',
      'make x',
      testGraph({node: [testNode('Neg', ['y'], ['x']), identity()]}),
    ],
    'two inputs of a name': [
      'graph-name-twice',
      'graph input',
      testGraph({node: [identity()], input: [value('x', [2]), value('x', [2])]}),
    ],
    'a tensor that nothing makes': [
      'graph-name-unknown',
      'make y',
      testGraph({node: [testNode('Neg', ['nowhere'], ['y'])]}),
    ],
    'a branch that uses what nothing makes': [
      'graph-name-unknown',
      'make e',
      testGraph({
        node: [
          testIf(
            'x',
            ['y'],
            branch('t', [testNode('Neg', ['x'], ['t'])], 't'),
            branch('e', [testNode('Neg', ['t'], ['e'])], 'e')
          ),
        ],
      }),
    ],
    'an output that nothing makes': [
      'graph-name-unknown',
      'graph output',
      testGraph({node: [testNode('Neg', ['x'], ['z'])]}),
    ],
  }
  for (const [name, [code, where, graph]] of Object.entries(cases)) {
    it(`is refused: ${name}`, async () => {
      const path = await written(testModel(graph))
      const problem = await problemOf(readModelGraph(path))
      expect(problem).toMatchObject({code, file: path})
      expect(problem.field).toContain(where)
      expect(problem.found).toBeTruthy()
      expect(problem.expected).toBeTruthy()
      expect(problem.advice).toMatch(/^[A-Z].*\.$/)
      await expect(openSession(path)).rejects.toThrow()
    })
  }

  it('is refused: graphs nested too deeply, whether they hold weights or not', async () => {
    const other = branch('other', [testNode('Neg', ['x'], ['o'])], 'o')
    for (const weightCount of [0, 400]) {
      for (const [depth, code] of [
        [16, null],
        [17, 'graph-too-deep'],
        [30, 'graph-too-deep'],
      ] as const) {
        let inner = structuredClone(other)
        if (weightCount) inner.initializer.push(floats('w', ramp(weightCount)))
        for (let i = 1; i < depth; i++) inner = branch('b', [testIf('x', ['o'], other, inner)], 'o')
        const path = await written(testModel(testGraph({node: [testIf('x', ['y'], other, inner)]})))
        if (code === null) await readModelGraph(path)
        else expect((await problemOf(readModelGraph(path))).code).toBe(code)
      }
    }
    // Deeper than protobuf encoders go: attribute and node and graph by hand.
    let bytes: number[] = []
    for (let i = 0; i < 500; i++) bytes = field(1, field(5, field(6, bytes)))
    const plain = bytesOf(testModel(testGraph({node: [identity()]})))
    const deep = Buffer.concat([plain, Buffer.from(field(7, bytes))])
    expect((await problemOfModel(deep)).code).toBe('graph-too-deep')
  })

  it('is read where branches share the names of their tensors', async () => {
    const one = branch('b', [testNode('Neg', ['x'], ['o'])], 'o')
    const model = testModel(testGraph({node: [testIf('x', ['y'], one, one)]}))
    expect((await readModelGraph(await written(model))).model.graph.node.length).toBe(1)
  })
})

describe('operator sets and domains', () => {
  const withOpsets = (...opsets: [domain: string, version: number][]) =>
    testModel(testGraph({node: [identity()]}), {
      opsetImport: opsets.map(([domain, version]) => ({domain, version})),
    })

  it('are read where onnxruntime takes them, and refused where it does not', async () => {
    for (const opsets of [
      [['', 27]],
      [['', 0]],
      [['com.microsoft', 1]],
      [
        ['', 17],
        ['com.microsoft', 2],
      ],
      [
        ['', 17],
        ['', 99],
      ],
    ] as [string, number][][]) {
      const path = await written(withOpsets(...opsets))
      const problem = await problemOf(readModelGraph(path))
      expect(problem).toMatchObject({code: 'opset-unknown', file: path})
      expect(problem.found).toMatch(/^(27|0|none|2|99)$/)
    }
    for (const opsets of [
      [['', 26]],
      [['ai.onnx', 17]],
      [
        ['', 17],
        ['com.microsoft', 0],
      ],
      [
        ['', 17],
        ['someone.else', 99],
      ],
    ] as [string, number][][]) {
      const path = await written(withOpsets(...opsets))
      await readModelGraph(path)
      await (await openSession(path)).release()
    }
    expect((await problemOfModel(withOpsets())).code).toBe('model-truncated')
  })

  it('are those of onnxruntime: the newest loads, the next does not', async () => {
    for (const [opset, irVersion] of [
      [27, 8],
      [26, 14],
    ] as const) {
      const model = testModel(testGraph({node: [identity()]}), {
        irVersion,
        opsetImport: [{domain: '', version: opset}],
      })
      const path = await written(model)
      await expect(openSession(path)).rejects.toThrow()
      expect((await problemOf(readModelGraph(path))).code).toMatch(/^(opset|onnx-version)-unknown$/)
      const newest = {...model, irVersion: 13, opsetImport: [{domain: '', version: 26}]}
      await (await openSession(await written(newest))).release()
    }
  })

  it('names operators of a domain that onnxruntime does not know, unless the model defines them', async () => {
    const node = [
      testNode('Mystery', ['x'], ['a'], {domain: 'some.vendor'}),
      testNode('Mystery', ['a'], ['b'], {domain: 'some.vendor', name: ''}),
      testNode('Twice', ['b'], ['c'], {domain: 'own'}),
      testNode('Gelu', ['c'], ['d'], {domain: 'com.microsoft'}),
      testNode('Identity', ['d'], ['y'], {domain: 'ai.onnx'}),
    ]
    const opsetImport = ['', 'some.vendor', 'own', 'com.microsoft'].map((domain) => ({
      domain,
      version: domain === '' ? 17 : 1,
    }))
    const functions = [{name: 'Twice', domain: 'own', node: []}]
    const path = await written(testModel(testGraph({node}), {opsetImport, functions}))
    const problems = checkGraph(await readModelGraph(path))
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'operator-domain-unknown',
        file: path,
        field: '"make a", "b"',
        found: 'some.vendor.Mystery',
      }),
    ])
    expect(checkGraph(await readModelGraph(fixture('tiny-decoder-kv')))).toEqual([])
  })
})

describe('data files', () => {
  const external = (entries: Readonly<Record<string, string>>, dims = [400]): OnnxModel => {
    const tensor: OnnxTensor = {
      name: 'w',
      dims,
      dataType: elementTypeNumber('float32'),
      externalData: Object.entries(entries).map(([key, value]) => ({key, value})),
      dataLocation: 1,
    }
    return testModel(
      testGraph({
        node: [testNode('Identity', ['w'], ['y'])],
        initializer: [tensor],
        output: [value('y', dims)],
      })
    )
  }

  it('are found with offset, length and what else an entry says', async () => {
    const path = await written(external({location: 'w.bin', offset: '5', checksum: 'abc'}))
    const data = Buffer.concat([Buffer.alloc(5), Buffer.from(ramp(400).buffer)])
    await writeFile(join(path, '../w.bin'), data)
    const [tensor] = [...tensorsOf((await readModelGraph(path)).model)]
    expect(tensor!.externalData).toEqual([
      {key: 'location', value: join(path, '../w.bin')},
      {key: 'offset', value: '5'},
      {key: 'checksum', value: 'abc'},
      {key: 'length', value: '1600'},
    ])
  })

  it('may be larger than 2 GiB', async () => {
    const offset = 2 ** 31 + 2 ** 20
    const path = await written(
      external({location: 'w.bin', offset: String(offset), length: '1600'})
    )
    await writeFile(join(path, '../w.bin'), '')
    await truncate(join(path, '../w.bin'), offset + 1600)
    const {y} = await runOnce(encodeOverlay(await readModelGraph(path)), {
      x: ['float32', [2], [0, 0]],
    })
    expect(y!.data).toEqual(new Float32Array(400))
  })

  it('that are missing, short, elsewhere or damaged are refused', async () => {
    const cases = [
      [{location: 'nowhere.bin'}, 'external-data-missing'],
      [{location: ''}, 'external-location-unsafe'],
      [{location: '../w.bin'}, 'external-location-unsafe'],
      [{location: '/etc/hostname'}, 'external-location-unsafe'],
      [{location: 'a\\..\\..\\w.bin'}, 'external-location-unsafe'],
      [{location: '.'}, 'external-data-missing'],
      [{location: 'w.bin', offset: '1'}, 'external-data-truncated'],
      [{location: 'w.bin', offset: '9007199254740991'}, 'external-data-truncated'],
      [{location: 'w.bin', offset: '-4'}, 'model-damaged'],
      [{location: 'w.bin', offset: 'four'}, 'model-damaged'],
      [{location: 'w.bin', length: '1599'}, 'model-damaged'],
    ] as const
    for (const [entries, code] of cases) {
      const path = await written(external(entries))
      await writeFile(join(path, '../w.bin'), new Uint8Array(ramp(400).buffer))
      const problem = await problemOf(readModelGraph(path))
      expect([entries, problem.code]).toEqual([entries, code])
      expect(problem.file).toBeTruthy()
    }
  })
})

describe('files that are no model', () => {
  for (const [breakage, code] of [
    ['empty-onnx', 'model-truncated'],
    ['truncated-onnx', 'model-truncated'],
    ['web-page-onnx', 'not-onnx'],
    ['lfs-pointer-onnx', 'git-lfs-pointer'],
    ['noise-onnx', 'not-onnx'],
  ] as const) {
    it(`are told apart: ${breakage}`, async () => {
      const bytes = brokenFiles(breakage).get('onnx/model.onnx') as Uint8Array
      expect((await problemOfModel(bytes)).code).toBe(code)
    })
  }

  it('are told apart: a missing file, a folder, a model without a graph', async () => {
    expect(await problemOf(readModelGraph(join(temporary.path, 'no.onnx')))).toMatchObject({
      code: 'model-file-unreadable',
      found: 'no such file',
    })
    expect((await problemOf(readModelGraph(temporary.path))).code).toBe('not-onnx')
    expect(await problemOfModel(Uint8Array.of(8, 8))).toMatchObject({
      code: 'not-onnx',
      found: 'no graph',
    })
  })

  it('lie about lengths', async () => {
    const weight = floats('w', ramp(600))
    const model = testModel(testGraph({node: [identity()], initializer: [weight]}))
    const bytes = Buffer.from(bytesOf(model))
    const lengthAt = bytes.indexOf(Buffer.from([0x4a, 0xe0, 0x12])) + 1
    expect(lengthAt).toBeGreaterThan(0)
    for (const [low, high, code] of [
      [0xff, 0x7f, 'model-truncated'],
      [0xe1, 0x12, 'model-truncated'],
      [0xdf, 0x12, 'model-damaged'],
    ] as const) {
      const lying = Buffer.from(bytes)
      lying[lengthAt] = low
      lying[lengthAt + 1] = high
      expect((await problemOfModel(lying)).code).toMatch(
        code === 'model-damaged' ? /^model-(damaged|truncated)$/ : code
      )
    }
    const short = structuredClone(weight)
    short.rawData = short.rawData!.subarray(4)
    expect(
      await problemOfModel(testModel(testGraph({node: [identity()], initializer: [short]})))
    ).toMatchObject({
      code: 'model-damaged',
      field: 'w',
      found: '2396 bytes of data where type and dimensions need 2400',
    })
  })

  it('are cut anywhere', async () => {
    const whole = await readFile(fixture('tiny-vision'))
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 0, max: whole.length - 1}), async (length) => {
        const {code} = await problemOfModel(whole.subarray(0, length))
        expect(['model-truncated', 'not-onnx']).toContain(code)
      }),
      {numRuns: 60}
    )
  })
})
