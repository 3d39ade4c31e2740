import {expect, test} from 'vitest'
import {fakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {selectActiveRun} from './run-records.ts'

const idsOf = (workbench: Awaited<ReturnType<typeof openedWorkbench>>) => {
  const {activeRunId} = workbench.seen()
  return workbench.captures.runs.peek(activeRunId!)!.tokens.map((token) => token.id)
}
const newestIsDone = ({runs}: {runs: readonly {phase: {kind: string}}[]}) =>
  runs[0]?.phase.kind === 'completed'

test('a cancelled run says so before anything else happens and keeps what it had', async () => {
  const {actions, seen, captures, until} = await openedWorkbench({delayMs: 20})
  actions.setPromptText('Mira has a lamp. Tom has a coin. '.repeat(20))
  actions.runPrompt()
  const state = await until('the first chunk', ({runs}) => {
    const data = captures.runs.peek(runs[0]!.id)
    return Boolean(data?.tokens[2]?.logprob)
  })
  const {id} = state.runs[0]!
  actions.cancelRun(id)
  expect(selectActiveRun(seen())?.phase.kind).toBe('cancelled')
  const kept = captures.runs.peek(id)!
  expect(kept.tokens[2]!.logprob).not.toBeNull()
  expect(kept.tokens.at(-1)!.logprob).toBeNull()
  // Nothing that the engine still sends may touch it.
  await new Promise((resolve) => setTimeout(resolve, 80))
  expect(captures.runs.peek(id)).toBe(kept)
  expect(selectActiveRun(seen())?.phase.kind).toBe('cancelled')
})

test('a cancelled run that is run again can be cancelled again', async () => {
  const {actions, seen, until} = await openedWorkbench({delayMs: 15})
  actions.setPromptText('Mira has a lamp. '.repeat(40))
  actions.runPrompt()
  const {id} = seen().runs[0]!
  actions.cancelRun(id)
  actions.runAgain(id)
  await until('tokens', ({runs}) => (runs[0]?.tokenCount ?? 0) > 0)
  actions.cancelRun(id)
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(seen().runs[0]!.phase.kind).toBe('cancelled')
})

test('a run that fails half-way keeps what came, and its problem', async () => {
  const {seen, captures} = await openedWorkbench({failAfter: 16})
  const run = selectActiveRun(seen())!
  expect(run.phase).toMatchObject({kind: 'failed', problem: {code: 'engine-lost'}})
  const {tokens} = captures.runs.peek(run.id)!
  expect(tokens[15]!.surprisalBits).not.toBeNull()
  expect(tokens[16]!.surprisalBits).toBeNull()
})

test('a prompt that is too long can be cut at either end', async () => {
  const {actions, seen, captures, until} = await openedWorkbench({contextLength: 40})
  actions.setPromptText(`Ana has a red box. ${'Tom has a coin. '.repeat(20)}Who has the lamp?`)
  actions.runPrompt()
  const {runs} = await until('the problem', (state) => state.runs[0]?.phase.kind === 'failed')
  const {id} = runs[0]!
  const textOf = () =>
    captures.runs
      .peek(id)!
      .tokens.map((token) => token.text)
      .join('')
  for (const [truncate, pattern] of [
    ['left', /the lamp\?/u],
    ['right', /^<s>Ana has a red box/u],
  ] as const) {
    actions.runAgain(id, {truncate})
    await until(`cut ${truncate}`, newestIsDone)
    expect(seen().runs[0]!.request.truncate).toBe(truncate)
    expect(textOf()).toMatch(pattern)
  }
})

test('a candidate after the end of the prompt keeps the ids and adds its own', async () => {
  const workbench = await openedWorkbench()
  const before = idsOf(workbench)
  const count = workbench.captures.runs.peek(workbench.seen().activeRunId!)!.promptTokenCount
  // After the second generated token: the prompt, two generated, the candidate.
  await workbench.actions.continueWith(count + 1, 777)
  await workbench.until('the new run', newestIsDone)
  expect(workbench.seen().runs).toHaveLength(2)
  const {request} = selectActiveRun(workbench.seen())!
  expect(request.completionIds).toEqual([before[count], before[count + 1], 777])
  expect(request.prompt).not.toBe('')
})

test('a candidate inside the prompt goes on from the text before it', async () => {
  const workbench = await openedWorkbench()
  workbench.actions.setPromptText('Mira has a lamp. Tom has a coin.')
  workbench.actions.runPrompt()
  await workbench.until('the run', newestIsDone)
  const before = idsOf(workbench)
  // <s> Mira has a: the fourth token ends “ a”.
  await workbench.actions.continueWith(3, 300)
  await workbench.until('the new run', newestIsDone)
  const {request} = selectActiveRun(workbench.seen())!
  expect(request).toMatchObject({prompt: 'Mira has a', completionIds: [300]})
  expect(idsOf(workbench).slice(0, 4)).toEqual(before.slice(0, 4))
})

test('where the text before it would be cut into other tokens, the ids go on', async () => {
  const workbench = await openedWorkbench()
  // “é” is two tokens here, and half of it is no text.
  workbench.actions.setPromptText('café é')
  workbench.actions.runPrompt()
  await workbench.until('the run', newestIsDone)
  const before = idsOf(workbench)
  const half = before.indexOf(4 + 0xc3)
  expect(half).toBeGreaterThan(0)
  await workbench.actions.continueWith(half, 300)
  await workbench.until('the new run', newestIsDone)
  const {request} = selectActiveRun(workbench.seen())!
  expect(request).toMatchObject({prompt: '', noSpecialTokens: true})
  expect(request.completionIds).toEqual([...before.slice(0, half + 1), 300])
})

test('generating more goes on after what there is', async () => {
  const workbench = await openedWorkbench()
  const before = idsOf(workbench)
  workbench.actions.changeParameters({generateCount: 3})
  workbench.actions.generateMore()
  await workbench.until('the new run', newestIsDone)
  const after = idsOf(workbench)
  expect(after.slice(0, before.length)).toEqual(before)
  expect(after).toHaveLength(before.length + 3)
})

test('a kept run is computed when it is quick and offered when it is not', async () => {
  const storage = memoryStorage()
  const first = await openedWorkbench({}, storage)
  first.actions.setPromptText('Tom has a coin.')
  first.actions.runPrompt()
  await first.until('the second run', newestIsDone)

  for (const [estimateSeconds, kind] of [
    [0.5, 'completed'],
    [12, 'offered'],
  ] as const) {
    const again = fakeWorkbench({estimateSeconds}, storage)
    again.actions.start()
    await again.until('the list', (state) => state.areListingsKnown)
    const [, kept] = again.seen().runs
    expect(kept!.phase.kind).toBe('kept')
    await again.actions.openRun(kept!.id)
    const state = await again.until(kind, ({runs}) => runs.some((run) => run.phase.kind === kind))
    const opened = state.runs.find((run) => run.id === kept!.id)!
    if (kind === 'offered') expect(opened.phase).toEqual({kind: 'offered', seconds: 12})
    else expect(again.captures.runs.peek(opened.id)).toBeDefined()
  }
})

test('a run that is opened has its prompt in the editor; Undo gives back what was typed', async () => {
  const {actions, seen, until} = await openedWorkbench()
  const [first] = seen().runs
  actions.setPromptText('Tom has a coin.')
  actions.runPrompt()
  await until(
    'the second run',
    ({runs}) => runs.length === 2 && runs[0]!.phase.kind === 'completed'
  )
  actions.setPromptText('A draft that was never run')
  await actions.openRun(first!.id)
  expect(seen().promptText).toBe(first!.request.prompt)
  actions.undo()
  expect(seen().promptText).toBe('A draft that was never run')
  expect(seen().activeRunId).not.toBe(first!.id)
})
