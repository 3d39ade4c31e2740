import {expect, test} from 'vitest'
import {treeJson} from '../../shared/figures/tree/tree-data.ts'
import {treePictureSchema} from '../../shared/lenses/tree-picture.ts'
import {type FakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'
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

/** A workbench that shows the tree of its first run; `heard` is told of all that is grown there. */
async function heardTree(heard: (AbortSignal | undefined)[]) {
  const workbench = await openedWorkbench({}, memoryStorage(), (client) => ({
    ...client,
    trees: {
      ...client.trees,
      run: (input, options) => {
        heard.push(options?.signal)
        return client.trees.run(input, options)
      },
    },
  }))
  const {actions, until} = workbench
  actions.changePane({lensId: 'tree'}, 0)
  await until('the tree', () => shownOf(workbench)?.result.status === 'completed')
  return workbench
}

const savedOf = (workbench: FakeWorkbench) => {
  const {result} = shownOf(workbench)!
  // Not what would be grown for its prompt: the likeliest child of the root alone, and all under it.
  const kept = new Set<number | null>([null])
  const nodes = result.nodes.filter(({id, parent, ...node}) => {
    const isKept = kept.has(parent) && (parent !== null || !('order' in node) || node.order === 0)
    if (isKept) kept.add(id)
    return isKept
  })
  const saved = {...result, nodes}
  return {nodes, text: JSON.stringify(treeJson(saved, treePictureSchema.parse({}), false))}
}

test.each([
  ['a run of its own', 5, 'Something else'],
  ['the run of its prompt, which is shown already', 0, null],
] as const)('an opened tree stays, with %s: nothing is grown for it', async (_, count, other) => {
  const heard: (AbortSignal | undefined)[] = []
  /** Trees that were grown to their end, or still are. */
  const grownCount = () => heard.filter((signal) => !signal?.aborted).length
  const workbench = await heardTree(heard)
  const {actions, until, seen, store} = workbench
  actions.changeParameters({generateCount: count})
  if (other !== null) {
    actions.setPromptText(other)
    actions.runPrompt()
    await until('its tree', () => shownOf(workbench)?.result.text === other)
  } else {
    actions.runPrompt()
    await until('its tree', () => heard.length === 2 && shownOf(workbench) !== null)
  }
  await until('rest', ({treePhases}) =>
    Object.values(treePhases).every(({kind}) => kind === 'idle')
  )
  const before = store.getState()
  const {nodes, text} = savedOf(workbench)
  const runs = grownCount()
  // Settings that the page has not: what is shown meanwhile is not grown by them.
  const file = {...JSON.parse(text), request: {...JSON.parse(text).request, depth: 7}}
  await actions.openTreeText('saved.json', JSON.stringify(file))
  expect(seen().openProblem).toBeNull()
  await until('the tree', () => shownOf(workbench)?.result.nodes.length === nodes.length)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(shownOf(workbench)!.result.nodes.map(({id}) => id)).toEqual(nodes.map(({id}) => id))
  expect(store.getState().treeGrowth.depth).toBe(7)
  expect(grownCount()).toBe(runs)
  // Other settings are a wish for another tree.
  actions.changeTreeGrowth({depth: 3})
  await until('another', () => (shownOf(workbench)?.result.nodes.length ?? 0) > nodes.length)
  expect(grownCount()).toBe(runs + 1)
  actions.undo()
  actions.undo()
  // It came as one step.
  expect(store.getState()).toMatchObject({
    ...{treeGrowth: before.treeGrowth, panes: before.panes, promptText: before.promptText},
  })
})
