import {expect, test} from 'vitest'
import {openedWorkbench} from './fake-workbench.ts'
import {selectDrawnSpans, selectUnitChoice, selectUnits, unitsOfToken} from './unit.ts'

test('a run is cut once by a unit, however often it is asked for, and again for another', async () => {
  const {store, captures, seen, actions} = await openedWorkbench()
  const cut = () => selectUnits(store.getState(), captures, seen().activeRunId)!
  actions.setUnit({kind: 'word'})
  const words = cut()
  actions.walk(-1)
  actions.hover(2)
  expect(cut()).toBe(words)
  actions.setUnit({kind: 'sentence'})
  expect(cut().units.length).toBeLessThan(words.units.length)
})

test('an expression is looked for in every run that is shown; a bad one leaves tokens and says why', async () => {
  const {store, captures, seen, actions, until} = await openedWorkbench()
  const runId = seen().activeRunId!
  const {text} = captures.runs.peek(runId)!
  actions.setUnit({kind: 'regex', source: 'a', flags: ''})
  await until('matches', ({matches}) => matches[runId]?.isLooking === false)
  const expected = text.split('a').length - 1
  const cut = selectUnits(store.getState(), captures, runId)!
  expect(expected).toBeGreaterThan(1)
  expect(cut.units.filter((unit) => unit.role === 'unit')).toHaveLength(expected)
  actions.setUnit({kind: 'regex', source: 'a(', flags: ''})
  await until('a problem', ({matches}) => matches[runId]?.problem != null)
  expect(store.getState().matches[runId]!.problem).toMatchObject({code: 'regex-syntax'})
  expect(selectUnits(store.getState(), captures, runId)!.unit.kind).toBe('token')
  actions.setUnit({kind: 'regex', source: 'zzz', flags: ''})
  await until(
    'none',
    ({matches}) => matches[runId]?.resolved?.kind === 'regex' && !matches[runId]?.isLooking
  )
  const none = selectUnits(store.getState(), captures, runId)!
  expect(none.units.filter((unit) => unit.role === 'unit')).toEqual([])
})

test('turns show a run without turns by its tokens', async () => {
  const {store, captures, seen, actions} = await openedWorkbench()
  actions.setUnit({kind: 'turn'})
  expect(selectUnits(store.getState(), captures, seen().activeRunId)!.unit.kind).toBe('token')
})

test('a span is stretched from the lock, kept, undone, and belongs to its run alone', async () => {
  const {store, captures, seen, actions, until} = await openedWorkbench()
  const runId = seen().activeRunId!
  const {tokens} = captures.runs.peek(runId)!
  actions.lock(3)
  actions.extendDrawing(1)
  actions.extendDrawing(1)
  expect(store.getState().drawing).toEqual({runId, from: 3, to: 5})
  actions.keepDrawing()
  const span = {byteStart: tokens[3]!.byteStart, byteEnd: tokens[5]!.byteEnd}
  expect(selectDrawnSpans(store.getState(), runId)).toEqual([span])
  expect(selectUnitChoice(store.getState(), runId)).toEqual({kind: 'spans', spans: [span]})
  expect(store.getState().past.at(-1)!.what).toBe('draw a span')
  const cut = selectUnits(store.getState(), captures, runId)!
  const [piece] = unitsOfToken(cut, 4)
  expect(cut.units[piece!.unit]).toMatchObject({role: 'unit', firstPosition: 3, lastPosition: 5})

  actions.setPromptText('Odo has a bell.')
  actions.runPrompt()
  await until('the other run', ({runs}) => runs[0]?.phase.kind === 'completed')
  expect(selectDrawnSpans(store.getState(), seen().activeRunId)).toEqual([])
  expect(selectUnits(store.getState(), captures, seen().activeRunId)!.unit.kind).toBe('token')
  actions.undo()
  actions.undo()
  expect(selectDrawnSpans(store.getState(), runId)).toEqual([span])
  actions.undo()
  expect(selectDrawnSpans(store.getState(), runId)).toEqual([])
  expect(store.getState().unit.kind).toBe('token')
})

test('Escape lets the span go before the lock', async () => {
  const {store, seen, actions} = await openedWorkbench()
  actions.lock(3)
  actions.extendDrawing(-2)
  actions.release()
  expect(seen()).toMatchObject({locked: 3, drawing: null})
  actions.release()
  expect(seen().locked).toBeNull()
  actions.keepDrawing()
  expect(store.getState().drawnSpans).toEqual({})
})
