import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {Intervention} from '../../../shared/domain/intervention.ts'
import {checkIntervention, deleteTokens, type InterventionSubject} from './check-intervention.ts'

const SUBJECT: InterventionSubject = {
  tokenCount: 6,
  isCausal: true,
  hiddenSize: 8,
  insertedPositions: [0],
  layers: [
    {queryHeadCount: 4, headSize: 2, window: null},
    {queryHeadCount: 4, headSize: 2, window: 3},
  ],
}
const codesOf = (intervention: Intervention, subject: Partial<InterventionSubject> = {}) =>
  checkIntervention(intervention, {...SUBJECT, ...subject}).problems.map(({code}) => code)
const warningsOf = (intervention: Intervention, subject: Partial<InterventionSubject> = {}) =>
  checkIntervention(intervention, {...SUBJECT, ...subject}).warnings.map(({code}) => code)

describe('checkIntervention', () => {
  it('lets pass what can be done', () => {
    const intervention: Intervention = {
      maskKeys: [3, 4],
      cutEdges: [
        {layer: 0, head: 3, query: 5, key: 5},
        {layer: 1, head: 'all', query: 5, key: 5},
      ],
      headsOff: [{layer: 1, head: 0, mean: [1, 2]}],
      embeddingScale: [1, 0, 1, 0.5, [1, 0, 1, 0, 1, 0, 1, 0], 1],
      exitAfterLayer: 1,
    }
    // Query 5 of layer 1 has 3 and 4 masked and itself cut, and nothing else in its window.
    expect(codesOf(intervention)).toEqual(new Array(4).fill('query-without-keys'))
    expect(codesOf({...intervention, maskKeys: [3]})).toEqual([])
    expect(codesOf({})).toEqual([])
  })

  it.each<[string, Intervention, string]>([
    ['a position', {maskKeys: [6]}, 'no-such-position'],
    ['a deleted position', {deleteTokens: [9]}, 'no-such-position'],
    ['a layer', {headsOff: [{layer: 2, head: 0}]}, 'no-such-head'],
    ['a head', {cutEdges: [{layer: 0, head: 4, query: 3, key: 1}]}, 'no-such-head'],
    ['an exit', {exitAfterLayer: 2}, 'no-such-head'],
    ['an edge', {cutEdges: [{layer: 0, head: 0, query: 1, key: 3}]}, 'no-such-edge'],
  ])('names %s that is not there', (_, intervention, code) => {
    const {problems} = checkIntervention(intervention, SUBJECT)
    expect(problems.map((problem) => problem.code)).toEqual([code])
    expect(problems[0]).toMatchObject({
      field: expect.any(String),
      found: expect.any(String),
      expected: expect.any(String),
      advice: expect.any(String),
    })
  })

  it.each<[string, Intervention]>([
    ['mean', {headsOff: [{layer: 0, head: 0, mean: [1, 2, 3]}]}],
    ['positions', {embeddingScale: [1, 1]}],
    ['factors of a position', {embeddingScale: [1, 1, 1, 1, 1, [1, 2]]}],
    ['parents', {treeMask: {parents: [-1, 0]}}],
    ['rows', {treeMask: {allowed: [[true]], positionIds: [0, 1, 2, 3, 4, 5]}}],
  ])('counts %s', (_, intervention) => {
    expect(codesOf(intervention)).toContain('wrong-length')
  })

  it('leaves no query without a key', () => {
    const edges = (keys: readonly number[], head: number | 'all' = 0) =>
      keys.map((key) => ({layer: 0, head, query: 2, key}))
    expect(codesOf({cutEdges: edges([0, 1, 2])})).toEqual(['query-without-keys'])
    expect(codesOf({cutEdges: edges([0, 1, 2], 'all')})).toHaveLength(4)
    // Cut for one head and for all heads together.
    expect(codesOf({cutEdges: [...edges([0, 1], 'all'), ...edges([2])]})).toHaveLength(1)
    expect(codesOf({cutEdges: edges([0, 2]), maskKeys: [1]})).toEqual(['query-without-keys'])
    expect(codesOf({cutEdges: edges([0, 1])})).toEqual([])
    // An encoder's query sees what comes after it as well.
    expect(codesOf({cutEdges: edges([0, 1, 2])}, {isCausal: false})).toEqual([])
  })

  it('asks for trees in order, seen by somebody, within the windows', () => {
    const wide: Intervention = {treeMask: {parents: [-1, 0, 0, 0, 0, 1]}}
    const layers = SUBJECT.layers.map((layer) => ({...layer, window: null}))
    expect(codesOf(wide, {layers})).toEqual([])
    expect(codesOf(wide)).toEqual(['tree-beyond-window'])
    expect(codesOf({treeMask: {parents: [-1, 0, 1, 2, 3, 4]}})).toEqual([])
    expect(codesOf({treeMask: {parents: [-1, 0, 3, 2, 1, 1]}}, {layers})).toEqual(['not-a-tree'])
    const positionIds = [0, 1, 2, 3, 4, 5]
    const allowed = positionIds.map((q) => positionIds.map((k) => k === q && q !== 4))
    expect(codesOf({treeMask: {allowed, positionIds}}, {layers})).toEqual(['query-without-keys'])
  })

  it('does not delete what it changes, nor everything', () => {
    expect(codesOf({deleteTokens: [2], maskKeys: [2]})).toEqual(['deleted-and-changed'])
    expect(codesOf({deleteTokens: [0, 1, 2, 3, 4, 5]})).toEqual(['deleted-and-changed'])
    expect(codesOf({deleteTokens: [2], maskKeys: [3]})).toEqual([])
  })

  it('warns that the sink goes, and that positions move', () => {
    expect(warningsOf({maskKeys: [0]})).toEqual(['removes-sink'])
    expect(warningsOf({maskKeys: [0]}, {insertedPositions: []})).toEqual(['removes-sink'])
    expect(warningsOf({maskKeys: [5]}, {insertedPositions: [5]})).toEqual(['removes-sink'])
    expect(warningsOf({maskKeys: [3]})).toEqual([])
    expect(warningsOf({deleteTokens: [3]})).toEqual(['positions-shift'])
    expect(warningsOf({deleteTokens: [0]})).toEqual(['removes-sink', 'positions-shift'])
  })
})

describe('deleteTokens', () => {
  it('closes the text up, and what is said of it with it', () => {
    const intervention: Intervention = {
      deleteTokens: [1, 3],
      maskKeys: [2, 4],
      cutEdges: [
        {layer: 0, head: 1, query: 4, key: 2},
        {layer: 0, head: 1, query: 4, key: 3},
      ],
      embeddingScale: [1, 2, 3, 4, 5],
      headsOff: [{layer: 1, head: 0}],
    }
    expect(deleteTokens([10, 11, 12, 13, 14], intervention)).toEqual({
      tokenIds: [10, 12, 14],
      keptPositions: [0, 2, 4],
      intervention: {
        maskKeys: [1, 2],
        cutEdges: [{layer: 0, head: 1, query: 2, key: 1}],
        embeddingScale: [1, 3, 5],
        headsOff: [{layer: 1, head: 0}],
      },
    })
  })

  it('says of every kept token what was said before', () => {
    const positions = fc.uniqueArray(fc.integer({min: 0, max: 19}))
    fc.assert(
      fc.property(positions, positions, (deleted, masked) => {
        const ids = Array.from({length: 20}, (_, at) => 100 + at)
        const {tokenIds, intervention} = deleteTokens(ids, {
          deleteTokens: deleted,
          maskKeys: masked,
        })
        const idsMasked = intervention.maskKeys!.map((at) => tokenIds[at]!)
        const kept = masked.filter((at) => !deleted.includes(at))
        expect(idsMasked.toSorted()).toEqual(kept.map((at) => 100 + at).toSorted())
      })
    )
  })
})
