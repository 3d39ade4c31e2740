import {describe, expect, it} from 'vitest'
import type {GraphRoles} from '../model-folder/model-folder.ts'
import {readGraphInputs} from './graph-inputs.ts'
import {float32Of, type InputMetadata} from './tensors.ts'
import {extentFeeds, maskTensor} from './text-feeds.ts'

const FEW = {sequenceCount: 1, length: 2, pastCount: 1}

describe('the mask of a run', () => {
  it.each<[string, (number | string)[], boolean, string, number[], number[]]>([
    ['keys', ['k'], false, 'int64', [3], [1, 1, 1]],
    ['keys of a batch', ['b', 'k'], false, 'bool', [1, 3], [1, 1, 1]],
    ['queries and keys', ['b', 'q', 'k'], false, 'int64', [1, 2, 3], [1, 1, 0, 1, 1, 1]],
    ['one for all heads', ['b', 1, 'q', 'k'], false, 'bool', [1, 1, 2, 3], [1, 1, 0, 1, 1, 1]],
    ['keys, added', ['b', 'k'], true, 'float32', [1, 3], [0, 0, 0]],
    ['added', ['b', 1, 'q', 'k'], true, 'float32', [1, 1, 2, 3], [0, 0, -1e9, 0, 0, 0]],
    ['half', ['b', 1, 'q', 'k'], true, 'float16', [1, 1, 2, 3], [0, 0, -65_504, 0, 0, 0]],
  ])('over %s', (_, shape, isAdded, type, dimensions, values) => {
    const tensor = maskTensor({name: 'm', type, shape, isAdded}, FEW)
    expect(tensor.dims).toEqual(dimensions)
    const numbers = type === 'float16' ? float32Of(tensor) : tensor.data
    expect(Array.from(numbers as ArrayLike<number | bigint>, Number)).toEqual(
      values.map(Math.fround)
    )
  })

  it('is the same for every sequence of a batch', () => {
    const mask = {name: 'm', type: 'int64', shape: ['b', 1, 'q', 'k'], isAdded: false}
    const tensor = maskTensor(mask, {sequenceCount: 2, length: 2, pastCount: 0})
    expect(tensor.dims).toEqual([2, 1, 2, 2])
    expect(Array.from(tensor.data as BigInt64Array, Number)).toEqual([1, 0, 1, 1, 1, 0, 1, 1])
  })
})

const ROLES = {
  inputIds: 'x',
  ...{attentionMask: null, isMaskAdded: false, positionIds: null, cachePosition: null},
  ...{tokenTypeIds: null, useCacheBranch: null, kvCache: [], logits: 'y'},
  ...{layerCount: null, keyValueHeadCount: null, headSize: null},
}
const IDS: InputMetadata = {name: 'x', type: 'int64', shape: ['b', 's']}
const SIZES = {keyValueHeadCount: 4, headSize: 8}

describe('inputs that count', () => {
  it('are fed what they count', () => {
    const counts = (['past', 'keys', 'last-key', 'rows'] as const).map((what) => ({
      ...{input: what, counts: what},
    }))
    const shapes: Record<string, (number | string)[]> = {past: [], keys: [1], 'last-key': ['b']}
    const own = counts.map(({input: name}) => ({name, type: 'int32', shape: shapes[name] ?? []}))
    const inputs = readGraphInputs([IDS, ...own], ['y'], {...SIZES, roles: {...ROLES, counts}})
    const feeds = extentFeeds(inputs, {sequenceCount: 2, length: 3, pastCount: 4})
    const found = Object.entries(feeds).map(([name, {dims, data}]) => [
      name,
      dims,
      [...(data as Int32Array)],
    ])
    expect(found).toEqual([
      ['past', [], [4]],
      ['keys', [1], [7]],
      ['last-key', [2], [6, 6]],
      ['rows', [], [0]],
    ])
  })
})

describe('what cannot be fed', () => {
  const problemOf = (
    inputs: InputMetadata[],
    outputs: string[],
    roles: GraphRoles = {...ROLES, counts: []}
  ) => {
    try {
      readGraphInputs(inputs, outputs, {...SIZES, roles})
    } catch (error) {
      return (error as {problem: object}).problem
    }
    return null
  }

  it('is named with its type and shape', () => {
    const extra = {name: 'style_vector', type: 'float32', shape: ['b', 256]}
    expect(problemOf([IDS, extra], ['y'])).toMatchObject({
      code: 'unsupported-input',
      field: 'style_vector',
      found: 'style_vector: float32 [b, 256]',
    })
  })

  it('is a text of one length only', () => {
    const ids = {name: 'x', type: 'int64', shape: [1, 128]}
    expect(problemOf([ids], ['y'])).toMatchObject({
      code: 'fixed-length',
      message: 'The graph takes texts of exactly 128 tokens.',
      found: 'int64 [1, 128]',
    })
  })

  it('is a cache of one length only', () => {
    const past = {name: 'c', type: 'float32', shape: ['b', 4, 64, 8]}
    const kvCache = [{input: 'c', output: 'd', axis: 2}]
    const roles = {...ROLES, counts: [], kvCache}
    expect(problemOf([IDS, past], ['y', 'd'], roles)).toMatchObject({
      code: 'fixed-cache',
      field: 'c',
      found: 'float32 [b, 4, 64, 8]',
    })
  })

  it('is a graph without token ids', () => {
    expect(problemOf([], ['y'])).toMatchObject({code: 'unsupported-input', found: 'no inputs'})
  })
})

describe('the empty cache of axes without names', () => {
  it.each<[(number | string)[], number, number[], number | null]>([
    [['a', 4, 'b', 8], 2, [1, 4, 0, 8], 0],
    [['a', 'b', 'c', 'd'], 2, [1, 4, 0, 8], 0],
    [['a', 'b', 'c', 'd'], 1, [1, 0, 4, 8], 0],
    [['a', 'b', 'c', 'd'], 3, [1, 4, 8, 0], 0],
    [[2, 'a', 4, 'b', 8], 3, [2, 1, 4, 0, 8], 1],
    [[1, 4, 'b', 8], 2, [1, 4, 0, 8], null],
  ])('%o grows along %i from %o', (shape, axis, emptyDimensions, batchAxis) => {
    const past = {name: 'c', type: 'float32', shape}
    const kvCache = [{input: 'c', output: 'd', axis}]
    const roles = {...ROLES, counts: [], kvCache}
    const found = readGraphInputs([IDS, past], ['y', 'd'], {...SIZES, roles})
    expect(found.past).toMatchObject([{emptyDimensions, batchAxis, outputName: 'd'}])
  })
})
