import {expect, test} from 'vitest'
import {ProblemError} from '../../shared/domain/problem.ts'
import type {CriticalRequest} from '../../shared/lenses/critical.ts'
import {selectDatasetResult} from './critical-dataset.ts'
import {memoryStorage, openedWorkbench} from './fake-workbench.ts'

const ROWS = ['one', 'two', 'three', 'four'].map((prompt, i) => ({
  ...{prompt, messages: null, line: i + 1, response: 'a b c d'},
  answer: prompt === 'two' ? null : String(30 + i),
}))
const SOURCE = {
  ...{name: 'items.jsonl', format: null, columns: null, lineCount: 5, rowCount: 4},
  ...{skippedCount: 1, skipped: [{line: 5, reason: 'is not JSON'}], answersFrom: null},
}

/** `onAsked` may throw in place of what an item comes to. */
async function opened(onAsked: (prompt: string) => void = () => undefined) {
  const asked: CriticalRequest[] = []
  const workbench = await openedWorkbench({}, memoryStorage(), (client) => ({
    ...client,
    criticals: {
      ...client.criticals,
      run: async (input, options) => {
        asked.push(input as CriticalRequest)
        onAsked(input.prompt ?? '')
        return client.criticals.run(input, options)
      },
    },
  }))
  workbench.actions.importList({rows: ROWS, source: SOURCE, isReplacing: true})
  return {...workbench, asked}
}

test('each row with an answer is an item; the lines that are none are named and counted', async () => {
  const {actions, store, asked} = await opened()
  expect(selectDatasetResult(store.getState())).toBeNull()
  await actions.runDataset()
  expect(asked.map(({prompt, response, answer}) => [prompt, response, answer])).toEqual([
    ['one', 'a b c d', '30'],
    ['three', 'a b c d', '32'],
    ['four', 'a b c d', '33'],
  ])
  expect(new Set(asked.map(({seed}) => seed)).size).toBe(3)
  const result = selectDatasetResult(store.getState())!
  expect(result.items.map(({index, line}) => [index, line])).toEqual([
    [0, 1],
    [1, 3],
    [2, 4],
  ])
  expect(result).toMatchObject({
    ...{status: 'completed', skippedCount: 2},
    skipped: [
      {line: 2, reason: 'has no answer'},
      {line: 5, reason: 'is not JSON'},
    ],
    summary: {itemCount: 3, releasedCount: 3, failedCount: 0},
  })
})

test('a cancelled run goes on with the rest: no item is lost, none is run twice', async () => {
  let stop: () => void = () => undefined
  const {actions, store, asked} = await opened((prompt) => {
    if (prompt === 'three') stop()
  })
  stop = () => actions.cancelDataset()
  await actions.runDataset()
  expect(store.getState().datasetJob).toEqual({kind: 'cancelled', done: 1, total: 3})
  expect(selectDatasetResult(store.getState())).toMatchObject({
    ...{status: 'cancelled', items: [{line: 1}]},
  })
  stop = () => undefined
  await actions.runDataset()
  expect(asked.map(({prompt}) => prompt)).toEqual(['one', 'three', 'three', 'four'])
  expect(selectDatasetResult(store.getState())?.items.map(({line}) => line)).toEqual([1, 3, 4])
  await actions.runDataset()
  expect(asked).toHaveLength(4)
  // Other choices ask anew, and what was there before is found again.
  actions.changeCritical({rollouts: 16})
  expect(selectDatasetResult(store.getState())).toBeNull()
  actions.undo()
  expect(selectDatasetResult(store.getState())?.items).toHaveLength(3)
})

test('an item that fails says why and the others go on; it can be run again', async () => {
  let isBroken = true
  const {actions, store, asked} = await opened((prompt) => {
    if (prompt === 'one' && isBroken) {
      throw new ProblemError({code: 'no-wrong-response', message: 'None.', advice: 'Warm it.'})
    }
  })
  await actions.runDataset()
  expect(selectDatasetResult(store.getState())).toMatchObject({
    ...{items: [{problem: {code: 'no-wrong-response'}}, {}, {}], summary: {failedCount: 1}},
  })
  isBroken = false
  await actions.runDataset('failed')
  expect(asked).toHaveLength(4)
  expect(selectDatasetResult(store.getState())?.summary.failedCount).toBe(0)
})

test('what would meet every item ends the run, and says why', async () => {
  const {actions, store, asked} = await opened(() => {
    throw new ProblemError({code: 'no-such-model', message: 'None.', advice: 'Get it.'})
  })
  await actions.runDataset()
  expect(asked).toHaveLength(1)
  expect(store.getState().datasetJob).toMatchObject({
    kind: 'failed',
    problem: {code: 'no-such-model'},
  })
})
