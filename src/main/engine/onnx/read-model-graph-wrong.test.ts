import {describe, expect, it} from 'vitest'
import {openSession} from '../runtime/test-onnxruntime.ts'
import {checkGraph} from './check-graph.ts'
import {readModelGraph} from './read-model-graph.ts'
import type {OnnxGraph} from './schema.ts'
import {field, fixturePath, identity, problemOf, ramp, TestModelFiles} from './test-model-files.ts'
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

const files = new TestModelFiles()

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
      const path = await files.written(testModel(graph))
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
        const path = await files.written(
          testModel(testGraph({node: [testIf('x', ['y'], other, inner)]}))
        )
        if (code === null) await readModelGraph(path)
        else expect((await problemOf(readModelGraph(path))).code).toBe(code)
      }
    }
    // Deeper than protobuf encoders go: attribute and node and graph by hand.
    let bytes: number[] = []
    for (let i = 0; i < 500; i++) bytes = field(1, field(5, field(6, bytes)))
    const plain = bytesOf(testModel(testGraph({node: [identity()]})))
    const deep = Buffer.concat([plain, Buffer.from(field(7, bytes))])
    expect((await files.problemOfModel(deep)).code).toBe('graph-too-deep')
  })

  it('is read where branches share the names of their tensors', async () => {
    const one = branch('b', [testNode('Neg', ['x'], ['o'])], 'o')
    const model = testModel(testGraph({node: [testIf('x', ['y'], one, one)]}))
    expect((await readModelGraph(await files.written(model))).model.graph.node.length).toBe(1)
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
      const path = await files.written(withOpsets(...opsets))
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
      const path = await files.written(withOpsets(...opsets))
      await readModelGraph(path)
      await (await openSession(path)).release()
    }
    expect((await files.problemOfModel(withOpsets())).code).toBe('model-truncated')
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
      const path = await files.written(model)
      await expect(openSession(path)).rejects.toThrow()
      expect((await problemOf(readModelGraph(path))).code).toMatch(/^(opset|onnx-version)-unknown$/)
      const newest = {...model, irVersion: 13, opsetImport: [{domain: '', version: 26}]}
      await (await openSession(await files.written(newest))).release()
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
    const path = await files.written(testModel(testGraph({node}), {opsetImport, functions}))
    const problems = checkGraph(await readModelGraph(path))
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'operator-domain-unknown',
        file: path,
        field: '"make a", "b"',
        found: 'some.vendor.Mystery',
      }),
    ])
    expect(checkGraph(await readModelGraph(fixturePath('tiny-decoder-kv')))).toEqual([])
  })
})
