import {expect, test} from 'vitest'
import {type FakeWorkbench, openedWorkbench} from './fake-workbench.ts'
import {selectShownTree} from './tree-shown.ts'

const leaf = (id: string, text: string, prob: number, children: unknown[] = []) => ({
  ...{id, text, prob, logprob: Math.log(prob), branchFinished: false, children},
})
const LOGITLOOM = JSON.stringify({
  isLogitLoomTreeVersion: 'logit-loom-tree-v1',
  modelName: 'davinci',
  modelSettings: {kind: 'base', prompt: 'Once', prefill: ' upon'},
  roots: [leaf('a', ' a', 0.5, [leaf('b', '.', 0.9)]), leaf('c', ' the lamp', 0.25)],
})

const shownOf = ({store, captures}: FakeWorkbench) => selectShownTree(store.getState(), captures, 0)

test('a tree of logitloom is opened for the chosen model, with the probabilities that it has', async () => {
  const workbench = await openedWorkbench()
  await workbench.actions.openTreeText('loom.json', LOGITLOOM)
  expect(workbench.store.getState().openProblem).toBeNull()
  await workbench.until('the tree', () => shownOf(workbench)?.result.status === 'completed')
  const {result} = shownOf(workbench)!
  expect(result.text).toBe('Once upon')
  // Two of the three texts are one token of the pretended vocabulary.
  expect(result.nodes.flatMap((node) => ('text' in node ? node.text : []))).toEqual([' a', '.'])
  expect(result.warnings.map(({code}) => code)).toEqual(['imported', 'imported-texts'])
  expect(result.warnings[0]!.message).toContain('davinci')
})

test('what is no tree says so, and nothing is changed', async () => {
  const workbench = await openedWorkbench()
  const before = workbench.seen().activeRunId
  await workbench.actions.openTreeText('other.json', '{"a": 1}')
  expect(workbench.store.getState().openProblem).toMatchObject({file: 'other.json'})
  expect(workbench.seen().activeRunId).toBe(before)
})
