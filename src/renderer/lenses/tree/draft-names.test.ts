import {expect, test} from 'vitest'
import {initialTree} from '../../store/tree-state.ts'
import {exitLayerOf, isSameWay, strategyName} from './draft-names.ts'

const choice = {...initialTree.draftChoice, branching: [3, 2, 2]}

test('a strategy is named with its shape, and a self-draft with its layer', () => {
  expect(strategyName(choice)).toBe('SpecInfer 3·2·2')
  expect(strategyName({...choice, draft: 'self:2'})).toBe('SpecInfer 3·2·2, exit L2')
  expect(strategyName({...choice, strategy: 'spectr', draft: 'micro-draft'})).toBe('SpecTr 4 × 4')
  // What asks no model is not left after a layer.
  expect(strategyName({...choice, strategy: 'lookahead', draft: 'self:2'})).toBe(
    'Lookahead trie 16'
  )
  expect([exitLayerOf('self:11'), exitLayerOf('/models/self:1'), exitLayerOf('')]).toEqual([
    ...[11, null, null],
  ])
})

test('the row of how drafts are made now is told from the same strategy with another draft', () => {
  const now = {strategy: 'specinfer', draft: 'self:2'} as const
  expect(isSameWay({strategy: 'specinfer', draft: 'self:2'}, now)).toBe(true)
  expect(isSameWay({strategy: 'specinfer', draft: ''}, now)).toBe(false)
  expect(isSameWay({strategy: 'chain', draft: 'self:2'}, now)).toBe(false)
  expect(isSameWay({strategy: 'lookahead', draft: ''}, {...now, strategy: 'lookahead'})).toBe(true)
})
