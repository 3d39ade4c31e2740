import {expect, test} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {selectMarks, slotOf} from './tree.ts'
import {selectedNode, selectShownTree} from './tree-shown.ts'

type Expand = Parameters<EngineClient['trees']['expand']>[0]

async function openedTree(heard: {expands: Expand[]; runs: number} = {expands: [], runs: 0}) {
  const workbench = await openedWorkbench({}, memoryStorage(), (client) => ({
    ...client,
    trees: {
      ...client.trees,
      run: (input, options) => {
        heard.runs++
        return client.trees.run(input, options)
      },
      expand: (input, options) => {
        heard.expands.push(input)
        return client.trees.expand(input, options)
      },
    },
  }))
  const {actions, until, captures, store, seen} = workbench
  actions.changePane({lensId: 'tree'}, 0)
  const shown = () => selectShownTree(store.getState(), captures, 0)
  await until('the tree', () => shown()?.result.status === 'completed')
  await until('rest', () => heard.runs === 1)
  const runId = seen().activeRunId!
  return {...workbench, shown, runId, heard}
}

const tokens = (shown: NonNullable<ReturnType<typeof selectShownTree>>) =>
  shown.spans.nodes.filter(({node}) => node.tokenId !== null)

test('the tree of the active run is grown, and children add up to 1 with their stub', async () => {
  const {shown} = await openedTree()
  const {spans} = shown()!
  // Three levels of three children, as the pretended engine grows them.
  expect(tokens(shown()!)).toHaveLength(3 + 9 + 27)
  const sums = new Map<number, number>()
  for (const {parent, prob} of spans.nodes) sums.set(parent, (sums.get(parent) ?? 0) + prob)
  for (const sum of sums.values()) expect(sum).toBeCloseTo(1, 6)
  expect(shown()!.isAsGrown).toBe(true)
})

test('growing below a node adds, undo takes it back, and growing again needs no engine', async () => {
  const {shown, runId, actions, heard, until} = await openedTree()
  const leaf = tokens(shown()!).at(-1)!
  const key = shown()!.keys.get(leaf.node.id)!
  const before = tokens(shown()!).length
  await actions.growBelow(runId, key)
  expect(tokens(shown()!)).toHaveLength(before + 4)
  const children = shown()!.spans.nodes.filter(
    ({parent}) => shown()!.spans.nodes[parent]?.node.id === leaf.node.id
  )
  expect(children.reduce((sum, {prob}) => sum + prob, 0)).toBeCloseTo(1, 6)
  expect(shown()!.isAsGrown).toBe(false)
  await actions.growBelow(runId, key)
  expect(tokens(shown()!)).toHaveLength(before + 8)
  actions.undo()
  expect(tokens(shown()!)).toHaveLength(before + 4)
  actions.undo()
  expect(tokens(shown()!)).toHaveLength(before)
  const asked = heard.expands.length
  actions.redo()
  expect(tokens(shown()!)).toHaveLength(before + 4)
  await until('quiet', () => true)
  expect(heard.expands).toHaveLength(asked)
  expect(heard.runs).toBe(1)
})

test('pruning moves probability to the stub, collapsing hides, and both come back', async () => {
  const {shown, runId, actions} = await openedTree()
  const first = tokens(shown()!)[0]!
  const key = shown()!.keys.get(first.node.id)!
  const restAt = () =>
    shown()!.spans.nodes.find(({column, node}) => column === 0 && node.tokenId === null)!
  const rest = restAt().prob
  actions.selectNode(runId, key)
  actions.pruneNode(runId, key)
  expect(restAt().prob).toBeCloseTo(rest + first.prob, 9)
  expect(selectedNode(shown()!)).toBeNull()
  actions.undo()
  expect(restAt().prob).toBeCloseTo(rest, 9)
  actions.toggleCollapsed(runId, key)
  expect(shown()!.spans.nodes[0]).toMatchObject({isLeaf: true, hiddenCount: 12})
  actions.toggleCollapsed(runId, key)
  expect(tokens(shown()!)).toHaveLength(39)
})

test('another temperature asks for the numbers of the same nodes, and grows nothing', async () => {
  const {shown, actions, heard, until, store} = await openedTree()
  const ids = shown()!.result.nodes.map(({id}) => id)
  actions.changeTreeLaw({temperature: 0.5})
  await until('the other law', () => shown()!.result.request.temperature === 0.5)
  expect(shown()!.result.nodes.map(({id}) => id)).toEqual(ids)
  expect(heard.runs).toBe(1)
  expect(heard.expands.flatMap(({paths}) => paths)).toHaveLength(13)
  expect(store.getState().treeDistribution).toBe('temperature')
  actions.undo()
  await until('as it was', () => shown()!.result.request.temperature === 1)
})

test('following goes down by the likeliest, and another token is put in beside', async () => {
  const {shown, runId, actions, store} = await openedTree()
  await actions.followLikeliest(runId, '')
  const {selected} = selectMarks(store.getState(), runId)
  expect(selected!.split('.')).toHaveLength(8)
  for (const part of shown()!.spans.nodes.filter(
    ({row, node}) => row === 0 && node.tokenId !== null
  )) {
    expect(part.column).toBe(part.place)
  }
  const [first] = tokens(shown()!)
  const before = tokens(shown()!).length
  await actions.changeToken(runId, shown()!.keys.get(first!.node.id)!, ' zebra')
  const node = selectedNode(shown()!)!
  expect(node.tokenId === null ? null : node.origin).toBe('edited')
  expect(tokens(shown()!).length).toBeGreaterThan(before)
  expect(tokens(shown()!).some(({node: one}) => one.id === first!.node.id)).toBe(true)
})

test('what was grown by hand comes back after the tree is grown anew', async () => {
  const {shown, runId, actions, captures, until} = await openedTree()
  const key = shown()!.keys.get(tokens(shown()!).at(-1)!.node.id)!
  await actions.growBelow(runId, key)
  captures.trees.delete(slotOf('tree', runId))
  actions.growAgain(0)
  await until('both', () => shown() !== null && tokens(shown()!).length === 43)
})

test('a failure is said and tried again; a cancelled tree stays as far as it came', async () => {
  let isBroken = true
  const workbench = await openedWorkbench({}, memoryStorage(), (client) => ({
    ...client,
    trees: {
      ...client.trees,
      run: (input, options) => {
        if (isBroken) throw new Error('it broke')
        return client.trees.run(input, options)
      },
    },
  }))
  const {actions, until, captures, store, seen} = workbench
  actions.changePane({lensId: 'tree'}, 0)
  const slot = slotOf('tree', seen().activeRunId!)
  const state = await until('the failure', ({treePhases}) => treePhases[slot]?.kind === 'failed')
  expect(state.treePhases[slot]).toMatchObject({problem: {found: 'it broke'}})
  isBroken = false
  actions.growAgain(0)
  await until('the tree', () => selectShownTree(store.getState(), captures, 0) !== null)
})
