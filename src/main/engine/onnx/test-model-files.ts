import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {readModelGraph} from './read-model-graph.ts'
import type {OnnxModel} from './schema.ts'
import {bytesOf, testNode} from './test-models.ts'

/** The model of a folder of `fixtures`. */
export const fixturePath = (name: string) =>
  join(import.meta.dirname, '../../../../fixtures', name, 'onnx/model.onnx')

/** A folder for the models of one test file; removed after its tests. */
export class TestModelFiles {
  private temporary!: TemporaryFolder
  private count = 0

  constructor() {
    beforeAll(async () => {
      this.temporary = await temporaryFolder()
    })
    afterAll(() => this.temporary.remove())
  }

  get path(): string {
    return this.temporary.path
  }

  /** Writes a model into a folder of its own. */
  async written(content: OnnxModel | Uint8Array): Promise<string> {
    const folder = join(this.path, `folder-${this.count++}`)
    await mkdir(folder)
    const path = join(folder, 'model.onnx')
    await writeFile(path, content instanceof Uint8Array ? content : bytesOf(content))
    return path
  }

  async problemOfModel(model: OnnxModel | Uint8Array): Promise<Problem> {
    return problemOf(readModelGraph(await this.written(model)))
  }
}

export async function problemOf(action: Promise<unknown>): Promise<Problem> {
  try {
    await action
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('no problem was found')
}

export const ramp = (count: number, factor = 1) =>
  Float32Array.from({length: count}, (_, i) => i * factor)
export const identity = () => testNode('Identity', ['x'], ['y'])

export const varint = (number: number): number[] =>
  number < 128 ? [number] : [(number % 128) | 128, ...varint(Math.floor(number / 128))]
/** A length-delimited field of a protobuf message. */
export const field = (number: number, content: Uint8Array | readonly number[]) => [
  ...varint(number * 8 + 2),
  ...varint(content.length),
  ...content,
]
