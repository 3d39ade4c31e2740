import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {selectAttentionRun, selectPicture} from './attention.ts'
import {selectHeads} from './attention-heads.ts'
import {pictureKey} from './attention-pictures.ts'
import {memoryStorage, openedWorkbench} from './fake-workbench.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Lets a promise come by the tests' own clock alone: whatever the machine does meanwhile takes no time. */
async function clocked<Value>(promise: Promise<Value>): Promise<Value> {
  let isDone = false
  const done = () => {
    isDone = true
  }
  promise.then(done, done)
  while (!isDone) await vi.advanceTimersByTimeAsync(1)
  return promise
}

/** A client whose pictures are counted by the length of their texts. */
function counting(lengths: number[]) {
  return (client: EngineClient): EngineClient => ({
    ...client,
    attention: {
      ...client.attention,
      picture: (input, options) => {
        lengths.push(input.ids.length)
        return client.attention.picture(input, options)
      },
    },
  })
}

test('the picture of a text that is being written grows with it, and ends as that of the whole', async () => {
  const lengths: number[] = []
  const workbench = await clocked(
    openedWorkbench({delayMs: 20}, memoryStorage(), counting(lengths))
  )
  const {actions, captures, seen} = workbench
  const until: typeof workbench.until = (what, isSo) => clocked(workbench.until(what, isSo))
  actions.changeParameters({generateCount: 130})
  actions.changePane({lensId: 'attention'}, 0)
  actions.measureMatrix(0, 300)
  actions.changeAttention({layer: 1, head: 2}, 0)
  actions.runPrompt()
  const runId = seen().activeRunId!
  const isRunning = () => seen().runStates[runId]?.phase.kind === 'running'

  await until('a beginning', ({attentionGrowth}) => (attentionGrowth[runId] ?? 0) > 0)
  const shown = selectAttentionRun(seen(), captures, 0)!
  const {promptTokenCount} = shown.data
  const first = shown.data.tokens.length
  expect(isRunning()).toBe(true)
  expect(first).toBeGreaterThan(promptTokenCount)
  // It stays what it is between two steps, though the run goes on.
  expect(selectAttentionRun(seen(), captures, 0)!.data).toBe(shown.data)
  await until('its picture', ({attentionSlots}) =>
    Boolean(attentionSlots[0].shownKey?.startsWith(`${runId}:${first}:`))
  )
  expect(isRunning()).toBe(true)
  // Heads are scored once, over the whole text.
  expect(selectHeads(seen(), captures)).toBeNull()

  await until('a longer beginning', ({attentionGrowth}) => (attentionGrowth[runId] ?? 0) > first)
  await until('the whole', ({runStates}) => runStates[runId]?.phase.kind === 'completed')
  const whole = captures.runs.peek(runId)!.tokens.length
  const state = await until('the whole picture', ({attentionSlots}) => {
    const [slot] = attentionSlots
    return Boolean(slot.shownKey?.startsWith(`${runId}:${whole}:`)) && !slot.isBehind
  })
  expect(state.attentionGrowth).toEqual({})
  const spec = selectPicture(state, captures, 0)!
  const tile = captures.attentionTiles.peek(pictureKey(spec))!.whole!
  expect(tile.queries).toEqual([0, whole])
  const distinct = [...new Set(lengths.filter((length) => length >= first))]
  expect(distinct.length).toBeGreaterThanOrEqual(3)
  expect(distinct.every((length, i) => i === 0 || length > distinct[i - 1]!)).toBe(true)
})
