import {expect, test} from 'vitest'
import {SAMPLES, type SampleIn} from '../../shared/samples/samples.ts'
import {openedWorkbench} from './fake-workbench.ts'

const attentionSample = SAMPLES.find(({lens}) => lens === 'attention') as SampleIn<'attention'>
const [tokensSample] = SAMPLES as [SampleIn<'tokens'>]

test('a sample opens its lens in the active pane with its own selection, and is undone in one step', async () => {
  const {actions, seen, until} = await openedWorkbench()
  actions.toggleSplit()
  actions.changePane({view: 'table'}, 1)
  const before = seen()
  actions.runSample(attentionSample)
  const {panes, attentionShown, promptText, activePane} = seen()
  expect(activePane).toBe(1)
  expect(panes[1]).toMatchObject({lensId: 'attention', view: null})
  expect(panes[0]).toBe(before.panes[0])
  const {layer, head} = attentionSample.selection
  expect(attentionShown[1]).toMatchObject({layer, head, aggregate: 'head'})
  expect(attentionShown[0]).toBe(before.attentionShown[0])
  expect(promptText).toBe(attentionSample.prompt)
  const done = await until('the run', ({runs}) => runs[0]?.phase.kind === 'completed')
  expect(done.runs[0]!.request.prompt).toBe(attentionSample.prompt)
  expect(done.locked).toBe(done.runs[0]!.tokenCount! - 6)

  actions.undo()
  const {past: _, ...after} = seen()
  expect(after.panes).toEqual(before.panes)
  expect(after.promptText).toBe(before.promptText)
  expect(after.attentionShown).toBe(before.attentionShown)
  expect(after.runs).toHaveLength(before.runs.length)
  actions.redo()
  expect(seen().panes[1]).toMatchObject({lensId: 'attention'})
})

test('what a sample names of the settings is what it is run with; the rest stays', async () => {
  const {actions, seen} = await openedWorkbench()
  actions.changeParameters({topK: 7, seed: 3})
  actions.runSample({...tokensSample, settings: {temperature: 1.5, isSampled: true}})
  expect(seen().parameters).toMatchObject({temperature: 1.5, isSampled: true, topK: 7, seed: 3})
  expect(seen().runs[0]!.request).toMatchObject({temperature: 1.5, sample: true, topK: 7, seed: 3})
  actions.runSample({...attentionSample, settings: {mass: 0.7}})
  expect(seen().attentionFilters).toMatchObject({mass: 0.7, threshold: 0})
})

test('a sample of the lens that is shown keeps the view unless it names one', async () => {
  const {actions, seen} = await openedWorkbench()
  actions.changePane({view: 'table'})
  actions.runSample(tokensSample)
  expect(seen().panes[0]!.view).toBe('table')
  actions.runSample(attentionSample)
  actions.changePane({view: 'heads'})
  actions.runSample(attentionSample)
  expect(seen().panes[0]!.view).toBeNull()
})
