import {readFile, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {openSession, runOnce} from '../runtime/test-onnxruntime.ts'
import {GraphEditor} from './graph-editor.ts'
import {encodeOverlay} from './overlay.ts'
import {readModelGraph} from './read-model-graph.ts'
import {ATTRIBUTE_TYPE, decodeMessage, elementTypeNumber, type OnnxTensor} from './schema.ts'
import {field, fixturePath, identity, ramp, TestModelFiles, varint} from './test-model-files.ts'
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

const files = new TestModelFiles()
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
      const {model} = await readModelGraph(fixturePath(name))
      const whole = decodeMessage('Model', await readFile(fixturePath(name)))
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
    const path = await files.written(testModel(graph))
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
    const path = await files.written(Buffer.concat([plain, Buffer.from(field(7, initializers))]))
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
    const path = await files.written(Buffer.concat([bytesOf(model), Buffer.from(extra)]))
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
    const path = await files.written(await readFile(fixturePath('tiny-encoder')))
    const link = join(files.path, 'link.onnx')
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
    const read = await readModelGraph(
      await files.written(testModel(testGraph({node: node.reverse()})))
    )
    expect(read.model.graph.node.length).toBe(count)
    const editor = new GraphEditor(read)
    const by = editor.addNode({opType: 'Neg', inputs: ['t50000']})[0]!
    editor.replaceConsumers('t50000', by)
    editor.addOutput('t99999')
    editor.removeDeadNodes(['t99999'])
    expect(decodeMessage('Model', encodeOverlay(editor).bytes).graph.node.length).toBe(count)
  })
})
