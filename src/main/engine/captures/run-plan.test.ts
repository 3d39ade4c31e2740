import {expect, it} from 'vitest'
import type {CapturePlan} from '../onnx/capture-plan.ts'
import {Calibrations} from '../runtime/calibration.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {CapturedEvent} from '../runtime/worker-protocol.ts'
import {runPlan} from './run-plan.ts'

const MODEL = {key: 'm'} as GraphedModel
const PLAN = {route: 'queries-keys', layers: [], outputs: []} as unknown as CapturePlan
const IDS = Int32Array.of(3, 1, 4, 1, 5, 9)

type Following = {readonly signal: AbortSignal; readonly onCaptured: (event: CapturedEvent) => void}

/** Sessions whose capture makes its first run, and then waits to be ended. */
function waitingSessions() {
  const calibrations = new Calibrations()
  let jobSignal: AbortSignal | undefined
  const session = {
    capture(_job: unknown, {signal, onCaptured}: Following) {
      jobSignal = signal
      const run = {firstPosition: 0, positionCount: 2, tensors: [], elapsedMs: 4}
      onCaptured({kind: 'captured', ...run})
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    },
  }
  const sessions = {
    calibrations,
    use: (_: unknown, task: (given: typeof session) => Promise<unknown>) => task(session),
  }
  return {
    sessions: sessions as unknown as InstrumentedSessions,
    calibration: calibrations.of(MODEL.key, PLAN.route),
    isEnded: () => jobSignal?.aborted,
  }
}

it('a job that nobody follows any more is ended', async () => {
  const {sessions, isEnded} = waitingSessions()
  for await (const count of runPlan(sessions, MODEL, PLAN, IDS, {onCaptured: () => {}})) {
    expect(count).toBe(2)
    expect(isEnded()).toBe(false)
    break
  }
  expect(isEnded()).toBe(true)
})

it('one that is aborted from outside rejects with the reason', async () => {
  const {sessions, isEnded} = waitingSessions()
  const outer = new AbortController()
  const run = runPlan(sessions, MODEL, PLAN, IDS, {signal: outer.signal, onCaptured: () => {}})
  expect((await run.next()).value).toBe(2)
  outer.abort(new Error('enough'))
  await expect(run.next()).rejects.toThrow('enough')
  expect(isEnded()).toBe(true)
})

it('runs tell how long others take, but for those that warm a session up', async () => {
  for (const isMeasured of [true, false]) {
    const {sessions, calibration} = waitingSessions()
    for await (const _ of runPlan(sessions, MODEL, PLAN, IDS, {isMeasured, onCaptured() {}})) break
    const seconds = calibration.secondsFor(2, 2)
    if (isMeasured) expect(seconds).toBeCloseTo(0.004)
    else expect(seconds).toBeNull()
  }
})
