import {mkdir, readFile, symlink, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {brokenFiles} from '../../../../fixtures/broken.ts'
import {openSession, runOnce} from '../runtime/test-onnxruntime.ts'
import {encodeOverlay} from './overlay.ts'
import {readGraphHeader} from './read-graph-header.ts'
import {readModelGraph} from './read-model-graph.ts'
import {elementTypeNumber, type OnnxModel, type OnnxTensor} from './schema.ts'
import {fixturePath, identity, problemOf, ramp, TestModelFiles} from './test-model-files.ts'
import {bytesOf, floats, testGraph, testModel, testNode, value} from './test-models.ts'
import {tensorsOf} from './walk-graph.ts'

const files = new TestModelFiles()

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
    const path = await files.written(external({location: 'w.bin', offset: '5', checksum: 'abc'}))
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
    const path = await files.written(
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
      [{location: 'w.bin', offset: '-4'}, 'external-range-invalid'],
      [{location: 'w.bin', offset: 'four'}, 'external-range-invalid'],
      [{location: 'w.bin', offset: '0x10'}, 'external-range-invalid'],
      [{location: 'w.bin', offset: '9007199254740993'}, 'external-range-invalid'],
      [{location: 'w.bin', length: '1600.5'}, 'external-range-invalid'],
      [{location: 'w.bin', length: '1599'}, 'model-damaged'],
    ] as const
    for (const [entries, code] of cases) {
      const path = await files.written(external(entries))
      await writeFile(join(path, '../w.bin'), new Uint8Array(ramp(400).buffer))
      const problem = await problemOf(readModelGraph(path))
      expect([entries, problem.code]).toEqual([entries, code])
      expect(problem.file).toBeTruthy()
      expect(problem.found).toBeTruthy()
      expect(problem.expected).toBeTruthy()
      expect(problem.advice).toMatch(/^[A-Z].*\.$/)
    }
  })

  it('are refused with what is written there, by both readers', async () => {
    for (const [key, text] of [
      ['offset', 'NaN'],
      ['offset', '9007199254740993'],
      ['length', '1600.5'],
    ] as const) {
      const path = await files.written(external({location: 'w.bin', [key]: text}))
      await writeFile(join(path, '../w.bin'), new Uint8Array(ramp(400).buffer))
      for (const read of [readModelGraph, readGraphHeader]) {
        expect(await problemOf(read(path))).toMatchObject({
          code: 'external-range-invalid',
          file: path,
          field: `external data of w, ${key}`,
          found: JSON.stringify(text),
          expected: expect.stringContaining('a whole number of bytes'),
        })
      }
    }
  })

  it('may be a folder by mistake, which is said', async () => {
    const path = await files.written(external({location: 'w.bin'}))
    await mkdir(join(path, '../w.bin'))
    expect(await problemOf(readModelGraph(path))).toMatchObject({
      code: 'external-data-missing',
      file: join(path, '../w.bin'),
      found: 'a folder or a device',
    })
  })

  it('may be links, but not out of the folder of the model or of what it is itself a link to', async () => {
    const data = new Uint8Array(ramp(400).buffer)
    const outside = join(files.path, 'outside.bin')
    await writeFile(outside, data)
    const path = await files.written(external({location: 'w.bin'}))
    await symlink(outside, join(path, '../w.bin'))
    expect(await problemOf(readModelGraph(path))).toMatchObject({
      code: 'external-link-outside',
      file: join(path, '../w.bin'),
      found: `a link to ${outside}`,
      expected: expect.stringContaining(join(path, '..')),
    })
    // onnxruntime refuses it as well, in words of its own.
    await expect(openSession(path)).rejects.toThrow()

    const inside = await files.written(external({location: 'w.bin'}))
    await writeFile(join(inside, '../real.bin'), data)
    await symlink(join(inside, '../real.bin'), join(inside, '../w.bin'))
    const [tensor] = [...tensorsOf((await readModelGraph(inside)).model)]
    expect(tensor!.externalData![0]!.value).toBe(join(inside, '../real.bin'))
    await (await openSession(inside)).release()
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
      expect((await files.problemOfModel(bytes)).code).toBe(code)
    })
  }

  it('are told apart: a missing file, a folder, a model without a graph', async () => {
    expect(await problemOf(readModelGraph(join(files.path, 'no.onnx')))).toMatchObject({
      code: 'model-file-unreadable',
      found: 'no such file',
    })
    expect((await problemOf(readModelGraph(files.path))).code).toBe('not-onnx')
    expect(await files.problemOfModel(Uint8Array.of(8, 8))).toMatchObject({
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
      expect((await files.problemOfModel(lying)).code).toMatch(
        code === 'model-damaged' ? /^model-(damaged|truncated)$/ : code
      )
    }
    const short = structuredClone(weight)
    short.rawData = short.rawData!.subarray(4)
    expect(
      await files.problemOfModel(testModel(testGraph({node: [identity()], initializer: [short]})))
    ).toMatchObject({
      code: 'model-damaged',
      field: 'w',
      found: '2396 bytes of data where type and dimensions need 2400',
    })
  })

  it('are cut anywhere', async () => {
    const whole = await readFile(fixturePath('tiny-vision'))
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 0, max: whole.length - 1}), async (length) => {
        const {code} = await files.problemOfModel(whole.subarray(0, length))
        expect(['model-truncated', 'not-onnx']).toContain(code)
      }),
      {numRuns: 60}
    )
  })
})
