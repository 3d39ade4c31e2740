import {expect, test} from 'vitest'
import {tokenTableOf} from '../domain/token.ts'
import {sampleTree} from '../figures/tree/sample-result.ts'
import type {TreeExpansion} from './tree.ts'
import {nodeKeys, parentKey, pathOfKey, underLaw, withChildren, withoutNodes} from './tree-edit.ts'

/** What may follow, with these probabilities; the rest is what they leave. */
function expansionOf(entries: readonly (readonly [id: number, prob: number])[]): TreeExpansion {
  const rest = 1 - entries.reduce((sum, [, prob]) => sum + prob, 0)
  const logprobs = () => Float64Array.from(entries, ([, prob]) => Math.log(prob))
  return {
    tokens: tokenTableOf(
      entries.map(([id]) => ({
        ...{id, bytes: new Uint8Array([65]), byteStart: 0, byteEnd: 0},
        ...{isSpecial: false, isInserted: false, spanClass: 'lossless'},
      }))
    ),
    ...{rawLogprobs: logprobs(), temperatureLogprobs: logprobs(), truncatedLogprobs: logprobs()},
    ...{rawRestProb: rest, temperatureRestProb: rest, truncatedRestProb: rest},
    ...{restCount: 100, isFinished: false},
  }
}

const tree = sampleTree({depth: 2, childCount: 2})
const sumAt = ({nodes}: typeof tree, parent: number | null) =>
  nodes
    .filter((node) => node.parent === parent)
    .reduce(
      (sum, node) => sum + (node.tokenId === null ? node.rawRestProb : Math.exp(node.rawLogprob!)),
      0
    )

test('keys are token ids from the prompt’s end, and paths come back from them', () => {
  const keys = nodeKeys(tree.nodes)
  const deep = tree.nodes.find((node) => node.tokenId !== null && node.depth === 2)!
  const above = tree.nodes.find(({id}) => id === deep.parent)!
  expect(keys.get(deep.id)).toBe(`${above.tokenId}.${deep.tokenId}`)
  expect(pathOfKey(keys.get(deep.id)!)).toEqual([above.tokenId, deep.tokenId])
  expect(parentKey(keys.get(deep.id)!)).toBe(keys.get(above.id))
  expect(parentKey(keys.get(above.id)!)).toBe('')
})

test('what is added does not take away: known children stay, the rest is what is left', () => {
  const leaf = tree.nodes.find((node) => node.tokenId !== null && node.depth === 2)!
  const once = withChildren(
    tree,
    leaf.id,
    expansionOf([
      [7, 0.5],
      [8, 0.2],
    ])
  )
  expect(once.added).toHaveLength(2)
  expect(sumAt(once.result, leaf.id)).toBeCloseTo(1, 12)
  const twice = withChildren(
    once.result,
    leaf.id,
    expansionOf([
      [7, 0.5],
      [8, 0.2],
      [9, 0.1],
    ])
  )
  expect(twice.added).toHaveLength(1)
  expect(sumAt(twice.result, leaf.id)).toBeCloseTo(1, 12)
  // Of several that are listed one alone is put in: the others are part of the rest.
  const put = withChildren(
    tree,
    leaf.id,
    expansionOf([
      [7, 0.5],
      [11, 0.01],
    ]),
    {origin: 'edited', only: [11]}
  )
  expect(put.added).toHaveLength(1)
  expect(sumAt(put.result, leaf.id)).toBeCloseTo(1, 12)
  const rest = put.result.nodes.find((node) => node.parent === leaf.id && node.tokenId === null)!
  expect(rest).toMatchObject({restCount: 101})
})

test('without some nodes their probability is part of the rest beside them', () => {
  const first = tree.nodes.find((node) => node.tokenId !== null && node.parent === null)!
  const without = withoutNodes(tree, new Set([first.id]))
  expect(without.nodes.some((node) => node.id === first.id || node.parent === first.id)).toBe(false)
  expect(sumAt(without, null)).toBeCloseTo(1, 12)
  expect(withoutNodes(tree, new Set())).toBe(tree)
})

test('under another law the nodes stay and their numbers change', () => {
  const ids = tree.nodes.flatMap((node) =>
    node.parent === null && node.tokenId !== null ? [node.tokenId] : []
  )
  const expansions = new Map([
    [
      null,
      expansionOf([
        [ids[0]!, 0.4],
        [ids[1]!, 0.1],
        [99, 0.3],
      ]),
    ],
  ])
  const changed = underLaw(tree, expansions, {temperature: 2})
  expect(changed.nodes.map(({id}) => id)).toEqual(tree.nodes.map(({id}) => id))
  const [first] = changed.nodes.filter((node) => node.tokenId === ids[0])
  expect(first!.tokenId === null ? null : Math.exp(first!.temperatureLogprob!)).toBeCloseTo(0.4, 12)
  // Listed and no child: the rest has it.
  const rest = changed.nodes.find((node) => node.parent === null && node.tokenId === null)!
  expect(rest.tokenId === null ? rest.temperatureRestProb : 0).toBeCloseTo(0.5, 12)
  expect(changed.request.temperature).toBe(2)
})
