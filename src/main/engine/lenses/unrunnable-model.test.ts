import {cp, mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {inspectRequestSchema} from '../../../shared/lenses/inspect.ts'
import {inspectText} from '../../../shared/lenses/inspect-text.ts'
import {interveneRequestSchema} from '../../../shared/lenses/intervene.ts'
import {decodeMessage, encodeMessage, type OnnxModel} from '../onnx/schema.ts'
import {attentionRows} from './attention.ts'
import {runInspect} from './inspect.ts'
import {runIntervene} from './intervene.ts'
import {attentionContext, eventsOf, FIXTURES} from './test-attention.ts'

const context = attentionContext()
let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(async () => {
  await context.close()
  await temporary.remove()
})

/** A copy of a fixture's folder with another graph. */
async function folderWith(name: string, change: (model: OnnxModel) => void): Promise<string> {
  const folder = join(temporary.path, name)
  const source = join(FIXTURES, 'tiny-decoder-kv')
  await mkdir(join(folder, 'onnx'), {recursive: true})
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    await cp(join(source, file), join(folder, file), {force: true}).catch(() => {})
  }
  const model = decodeMessage('Model', await readFile(join(source, 'onnx/model.onnx')))
  change(model)
  await writeFile(join(folder, 'onnx/model.onnx'), encodeMessage('Model', model))
  return folder
}

async function problemOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught
  )
  if (error instanceof ProblemError) return error.problem
  throw error
}

async function inspect(model: string) {
  const request = inspectRequestSchema.parse({model, verify: true})
  for await (const event of runInspect(context, request)) {
    if (event.kind === 'completed') return event.result
  }
  throw new Error('it did not complete')
}

async function intervene(model: string) {
  const request = interveneRequestSchema.parse({model, prompt: 'The queen', maskKeys: [1]})
  for await (const event of runIntervene(context, request)) {
    if (event.kind === 'completed') return event.result
  }
  throw new Error('it did not complete')
}

const CASES = [
  {
    name: 'operators of an unknown domain',
    change(model: OnnxModel) {
      const [first] = model.graph.node
      const [output] = first!.output
      model.graph.node.splice(
        ...([1, 0] as const),
        ...[
          {
            opType: 'Mystery',
            domain: 'some.vendor',
            name: 'odd',
            input: [output!],
            output: ['odd'],
          },
        ]
      )
      model.opsetImport.push({domain: 'some.vendor', version: 1})
    },
    code: 'operator-domain-unknown',
    found: 'some.vendor.Mystery',
    advice: 'without custom operators',
  },
  {
    name: 'an operator set without kernels',
    change(model: OnnxModel) {
      model.opsetImport = [{domain: '', version: 3}]
    },
    code: 'opset-too-old',
    found: '3',
    advice: 'convert_version',
  },
] as const

describe.each(CASES)('a model with $name', ({name, change, code, found, advice}) => {
  let folder: string
  beforeAll(async () => {
    folder = await folderWith(name.replaceAll(' ', '-'), change)
  })
  const told = {code, found, advice: expect.stringContaining(advice)}

  it('is inspected, and no lens is said to be there', async () => {
    const result = await inspect(folder)
    expect(result.problems[0]).toMatchObject(told)
    expect(result.lenses.map(({available}) => available)).toEqual([false, false, false, false])
    for (const {reason} of result.lenses) expect(reason).toContain(found)
    expect(result.layers).toHaveLength(2)
    expect(result.estimate).toMatchObject({bytes: 0, seconds: null})
    expect(result.checks?.map(({passed}) => passed)).toEqual([false])
    expect(result.checks![0]!.note).toContain(found)
    const text = inspectText(result)
    expect(text).toContain('capture          nothing')
    expect(text).toContain(advice)
  })

  it('is refused by name wherever it would be run', async () => {
    const prompt = 'The queen'
    expect(await problemOf(eventsOf(context, {model: folder, prompt}))).toMatchObject(told)
    expect(await problemOf(intervene(folder))).toMatchObject(told)
    expect(await problemOf(context.models.load({model: folder}))).toMatchObject(told)
    const rows = {
      ids: Int32Array.of(0, 5),
      capture: 'qk',
      layer: 0,
      head: 0,
      queries: [0, 1],
    } as const
    expect(await problemOf(attentionRows(context, {model: folder, ...rows}))).toMatchObject(told)
  })
})
