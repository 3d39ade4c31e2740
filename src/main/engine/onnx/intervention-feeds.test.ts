import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {HeadMeans} from './head-means.ts'
import {interventionFeeds, joinedOverHeads, requestOf, sharedBiasOf} from './intervention-feeds.ts'
import type {InterventionInputs} from './intervention-graph.ts'

const INPUTS: InterventionInputs = {
  sharedBias: 'shared',
  layerBias: [{layer: 1, input: 'bias 1'}],
  allHeadsBias: [],
  headGates: [{layer: 0, gate: 'gate 0', offset: 'offset 0'}],
  embeddingScale: 'scale',
  positionShift: 'shift',
}
const LAYERS = [
  {queryHeadCount: 2, headSize: 3},
  {queryHeadCount: 2, headSize: 3},
]

describe('interventionFeeds', () => {
  it('feeds what changes nothing where nothing is changed', () => {
    const feeds = interventionFeeds({}, INPUTS, LAYERS, {pastCount: 2, length: 3}, 4)
    expect(feeds).toEqual({
      shared: {type: 'float32', data: new Float32Array(15), dimensions: [3, 5]},
      'bias 1': {type: 'float32', data: new Float32Array(30), dimensions: [2, 3, 5]},
      'gate 0': {type: 'float32', data: new Float32Array(6).fill(1), dimensions: [2, 3]},
      'offset 0': {type: 'float32', data: new Float32Array(6), dimensions: [2, 3]},
      scale: {type: 'float32', data: new Float32Array(12).fill(1), dimensions: [1, 3, 4]},
      shift: {type: 'int64', data: new BigInt64Array(3), dimensions: [1, 3]},
    })
  })

  it('puts each change in its place', () => {
    const feeds = interventionFeeds(
      {
        maskKeys: [2],
        cutEdges: [
          {layer: 1, head: 1, query: 3, key: 0},
          {layer: 0, head: 1, query: 3, key: 1},
          {layer: 1, head: 0, query: 1, key: 0},
        ],
        headsOff: [{layer: 0, head: 1, mean: [4, 5, 6]}],
        embeddingScale: [9, 9, 0.5, [1, 2, 3, 4]],
      },
      INPUTS,
      LAYERS,
      {pastCount: 2, length: 2},
      4
    )
    const forbidden = Math.fround(-1e30)
    // Token 2 sees itself, token 3 does not see it.
    expect([...feeds.shared!.data]).toEqual([0, 0, 0, 0, 0, 0, forbidden, 0])
    expect([...feeds['bias 1']!.data].map(Number).indexOf(forbidden)).toBe(8 + 4)
    expect([...feeds['bias 1']!.data].map(Number).lastIndexOf(forbidden)).toBe(8 + 4)
    expect([...feeds['gate 0']!.data]).toEqual([1, 1, 1, 0, 0, 0])
    expect([...feeds['offset 0']!.data]).toEqual([0, 0, 0, 4, 5, 6])
    expect([...feeds.scale!.data]).toEqual([0.5, 0.5, 0.5, 0.5, 1, 2, 3, 4])
  })

  it('feeds what all heads share once, and to each where there is no such input', () => {
    const intervention = {
      cutEdges: [
        {layer: 1, head: 'all' as const, query: 3, key: 1},
        {layer: 1, head: 1, query: 2, key: 0},
      ],
    }
    const chunk = {pastCount: 2, length: 2}
    const forbiddenIn = (data: ArrayLike<number | bigint>) =>
      [...Array(data.length).keys()].filter((at) => data[at] === Math.fround(-1e30))
    const apart = {...INPUTS, allHeadsBias: [{layer: 1, input: 'of all'}]}
    const shared = interventionFeeds(intervention, apart, LAYERS, chunk, 4)
    expect(shared['of all']!.dimensions).toEqual([2, 4])
    expect(forbiddenIn(shared['of all']!.data)).toEqual([4 + 1])
    expect(forbiddenIn(shared['bias 1']!.data)).toEqual([8])
    const whole = interventionFeeds(intervention, INPUTS, LAYERS, chunk, 4)
    expect(forbiddenIn(whole['bias 1']!.data)).toEqual([4 + 1, 8, 8 + 4 + 1])
  })

  it('joins edges that are cut in every head, and leaves heads that are not there', () => {
    const edge = (head: number | 'all', query = 3) => ({layer: 1, head, query, key: 0})
    expect(joinedOverHeads([edge(0), edge(1), edge(1, 2)], LAYERS)).toEqual([
      edge('all'),
      edge(1, 2),
    ])
    expect(joinedOverHeads([edge('all'), edge(1)], LAYERS)).toEqual([edge('all')])
    expect(joinedOverHeads([edge(0), edge(2)], LAYERS)).toEqual([edge(0), edge(2)])
  })

  it('moves a tree’s tokens to their depths', () => {
    const treeMask = {parents: [-1, 0, 0, 2]}
    const feeds = interventionFeeds({treeMask}, INPUTS, LAYERS, {pastCount: 1, length: 3}, 4)
    expect([...feeds.shift!.data]).toEqual([0n, -1n, -1n])
    const sees = [...feeds.shared!.data].map((value) => (value === 0 ? 1 : 0))
    expect(sees).toEqual([1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1])
  })

  it('forbids the same whole and in chunks, and never a token itself', () => {
    const text = fc.record({
      maskKeys: fc.uniqueArray(fc.integer({min: 0, max: 9})),
      steps: fc.array(fc.nat(), {minLength: 10, maxLength: 10}),
      cut: fc.integer({min: 1, max: 9}),
    })
    fc.assert(
      fc.property(text, ({maskKeys, steps, cut}) => {
        const parents = steps.map((step, at) => (at === 0 ? -1 : step % at))
        const intervention = {maskKeys, treeMask: {parents}}
        const whole = sharedBiasOf(intervention, {pastCount: 0, length: 10})
        const first = sharedBiasOf(intervention, {pastCount: 0, length: cut})
        const second = sharedBiasOf(intervention, {pastCount: cut, length: 10 - cut})
        expect(second).toEqual(whole.subarray(cut * 10))
        for (let query = 0; query < cut; query++) {
          const row = whole.subarray(query * 10, query * 10 + cut)
          expect(first.subarray(query * cut, (query + 1) * cut)).toEqual(row)
        }
        for (let at = 0; at < 10; at++) expect(whole[at * 11]).toBe(0)
      })
    )
  })
})

describe('requestOf', () => {
  it('asks for what an intervention needs, and for nothing else', () => {
    expect(requestOf({})).toEqual({
      sharedBias: false,
      layerBias: [],
      allHeadsBias: [],
      headGates: [],
      embeddingScale: false,
      positionShift: false,
    })
    const cutEdges = [
      ...[3, 1, 3].map((layer) => ({layer, head: 0, query: 1, key: 0})),
      {layer: 2, head: 'all' as const, query: 1, key: 0},
    ]
    expect(requestOf({cutEdges, exitAfterLayer: 2, treeMask: {parents: [-1]}})).toEqual({
      sharedBias: true,
      layerBias: [1, 3],
      allHeadsBias: [2],
      headGates: [],
      embeddingScale: false,
      positionShift: true,
      exitAfterLayer: 2,
    })
  })
})

describe('HeadMeans', () => {
  // Head h gives 10 h + element at each of two positions, and 4 more at the second.
  const entry = (head: number, position: number, element: number) =>
    10 * head + element + 4 * position
  const each = <T>(count: number, of: (at: number) => T) =>
    Array.from({length: count}, (_, i) => of(i))

  it.each([
    [
      ['batch', 'head', 'position', 'size'] as const,
      [1, 2, 2, 3],
      each(2, (h) => each(2, (p) => each(3, (i) => entry(h, p, i)))),
    ],
    [
      ['batch', 'position', 'heads-size'] as const,
      [1, 2, 6],
      each(2, (p) => each(2, (h) => each(3, (i) => entry(h, p, i)))),
    ],
    [
      ['batch', 'head', 'group', 'position', 'size'] as const,
      [1, 1, 2, 2, 3],
      each(2, (h) => each(2, (p) => each(3, (i) => entry(h, p, i)))),
    ],
  ])('averages over positions, with the axes %j', (layout, dimensions, values) => {
    const means = new HeadMeans(2, 3)
    means.add([{data: values.flat(2), dimensions, layout}])
    expect(means.meanOf(0)).toEqual([2, 3, 4])
    expect(means.meanOf(1)).toEqual([12, 13, 14])
  })

  it('takes heads from several sites, and no other number of them', () => {
    const means = new HeadMeans(2, 3)
    const layout = ['batch', 'position', 'size'] as const
    const site = (head: number) => ({
      data: each(2, (p) => each(3, (i) => entry(head, p, i))).flat(),
      dimensions: [1, 2, 3],
      layout,
    })
    means.add([site(0), site(1)])
    expect(means.meanOf(1)).toEqual([12, 13, 14])
    expect(() => means.add([site(0)])).toThrow(RangeError)
  })
})
