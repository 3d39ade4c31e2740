import {expect, test} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {AttributeRequest} from '../../shared/lenses/attribute.ts'
import {selectRunningAttribution, selectShown} from './attribution.ts'
import {foldCapture, startCapture} from './attribution-captures.ts'
import {
  clampTarget,
  measuredMsPerToken,
  secondsPerStep,
  selectAttributionRun,
  selectAttributionWish,
} from './attribution-requests.ts'
import {COMPARE_VIEW, HEAT_MAP_VIEW} from './attribution-state.ts'
import {type FakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'

/** A client that remembers what was asked for; attributions may fail. */
function listening(asked: AttributeRequest[], fails: () => boolean = () => false) {
  return (client: EngineClient): EngineClient => ({
    ...client,
    attributions: {
      ...client.attributions,
      run: async (input, options) => {
        asked.push(input as AttributeRequest)
        if (fails()) throw new Error('it broke')
        return client.attributions.run(input, options)
      },
    },
  })
}

async function openedLens(asked: AttributeRequest[], fails?: () => boolean) {
  const workbench = await openedWorkbench({}, memoryStorage(), listening(asked, fails))
  workbench.actions.changePane({lensId: 'attribute'}, 0)
  return workbench
}

const wishOf = ({store, captures}: FakeWorkbench) =>
  selectAttributionWish(store.getState(), captures, 0)!
const jobOf = (workbench: FakeWorkbench) =>
  workbench.store.getState().attributionJobs[wishOf(workbench).key]
const done = (workbench: FakeWorkbench, count = 1) =>
  workbench.until('the end', ({attributionJobs}) => {
    const phases = Object.values(attributionJobs).map(({phase}) => phase.kind)
    return phases.length >= count && phases.every((kind) => kind === 'completed')
  })

test('the lens explains what follows the prompt, then occlusion beside it, one at a time', async () => {
  const asked: AttributeRequest[] = []
  const workbench = await openedLens(asked)
  expect(selectRunningAttribution(workbench.store.getState())).not.toBeNull()
  await done(workbench, 3)
  expect(asked.map(({method}) => method)).toEqual([
    'reagent',
    'occlusion-mask',
    'attention-rollout',
  ])
  expect(asked[0]).toMatchObject({faithfulness: true, curves: true, seed: 0})
  // Nothing that was generated stands before what follows the prompt.
  expect(asked[0]!.completionIds ?? []).toEqual([])
  const {store, captures} = workbench
  const {result, capture} = selectShown(store.getState(), captures, wishOf(workbench))
  expect(result).toMatchObject({status: 'completed', stopReason: 'converged'})
  const trace = capture!.traces.get(0)!
  expect(trace.steps).toEqual([1, 5, 10, 20, 30])
  expect(trace.keptProbs).toHaveLength(4)
})

test('how long another method takes is told from the attribution that is done, else from the run', async () => {
  const workbench = await openedLens([])
  await done(workbench, 3)
  const {store, captures} = workbench
  const {data} = selectAttributionRun(store.getState(), captures, 0)!
  const main = wishOf(workbench)
  const {result} = selectShown(store.getState(), captures, main)
  const msPerToken = result!.timing!.runMs / result!.work!.tokenCount
  expect(measuredMsPerToken(result)).toBe(msPerToken)
  expect(measuredMsPerToken({...result!, status: 'cancelled'})).toBeNull()
  const masked = {...main, request: {...main.request, method: 'occlusion-mask' as const}}
  const count = data.tokens.length
  // A run of the whole text for each of its tokens.
  expect(secondsPerStep(data, masked, 0.5)).toBeCloseTo((count * count * 0.5) / 1000, 9)
  const ofRun = data.timing!.runMs / count
  expect(secondsPerStep(data, masked)).toBeCloseTo((count * count * ofRun) / 1000, 9)
})

test('another method is asked for once, and choosing is undone', async () => {
  const asked: AttributeRequest[] = []
  const workbench = await openedLens(asked)
  await done(workbench, 3)
  const {actions, store} = workbench
  actions.changeAttribution({method: 'shapley'})
  await done(workbench, 4)
  actions.undo()
  expect(store.getState().attributionChoice.method).toBe('reagent')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(asked.map(({method}) => method)).toEqual([
    ...['reagent', 'occlusion-mask', 'attention-rollout', 'shapley'],
  ])
  actions.changePane({view: COMPARE_VIEW}, 0)
  await done(workbench, 8)
  expect(new Set(asked.map(({method}) => method)).size).toBe(8)
  expect(asked).toHaveLength(8)
})

test('what was cancelled stays as far as it came, and runs again when told', async () => {
  const workbench = await openedLens([])
  const {actions, until, store, captures} = workbench
  const {key} = wishOf(workbench)
  await until('an estimate', () => (captures.attributions.peek(key)?.run.estimates.size ?? 0) > 0)
  actions.cancelAttribution(key)
  await until('the end', ({attributionJobs}) => attributionJobs[key]?.phase.kind === 'cancelled')
  const {result} = selectShown(store.getState(), captures, wishOf(workbench))
  expect(result).toMatchObject({status: 'cancelled', stopReason: 'cancelled'})
  expect(result!.values!.length).toBeGreaterThan(0)
  actions.askAttribution(key)
  await until('the whole', ({attributionJobs}) => attributionJobs[key]?.phase.kind === 'completed')
})

test('a failure is said once, asks for nothing beside it, and is tried again when told', async () => {
  let isBroken = true
  const asked: AttributeRequest[] = []
  const workbench = await openedLens(asked, () => isBroken)
  const {until, actions} = workbench
  await until('the failure', () => jobOf(workbench)?.phase.kind === 'failed')
  expect(jobOf(workbench)!.phase).toMatchObject({problem: {found: 'it broke'}})
  actions.hover(2)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(asked).toHaveLength(1)
  isBroken = false
  actions.askAttribution(wishOf(workbench).key)
  await done(workbench, 3)
})

test('targets become their flags, and stay within the text', async () => {
  const asked: AttributeRequest[] = []
  const workbench = await openedLens(asked)
  await done(workbench, 3)
  const {actions, seen, captures} = workbench
  const runId = seen().activeRunId!
  const data = captures.runs.peek(runId)!
  const last = data.tokens.length - 1
  const requestOf = () => wishOf(workbench).request
  actions.setAttributionTarget(runId, {kind: 'token', position: 3})
  expect(requestOf().targetPosition).toBe(3)
  actions.setAttributionTarget(runId, {kind: 'span', start: 2, end: 4})
  expect(requestOf().targetSpan).toEqual([2, 4])
  actions.setAttributionTarget(runId, {kind: 'contrast', after: null, tokenIds: [4, 5]})
  expect(requestOf().contrast).toEqual([4, 5])
  actions.setAttributionTarget(runId, {kind: 'forced', after: null, tokenId: 7})
  expect(requestOf().targetToken).toBe(7)
  expect(clampTarget({kind: 'token', position: 900}, data)).toEqual({kind: 'token', position: last})
  expect(clampTarget({kind: 'span', start: 800, end: 900}, data)).toEqual({
    ...{kind: 'span', start: last, end: last + 1},
  })
  expect(clampTarget({kind: 'next', after: 1}, data)).toEqual({kind: 'next', after: null})
  actions.changePane({view: HEAT_MAP_VIEW}, 0)
  const wish = selectAttributionWish(workbench.store.getState(), captures, 0)
  const hasGenerated = data.tokens.length > data.promptTokenCount
  expect(wish?.request.allGenerated ?? false).toBe(hasGenerated)
})

test('a token replaced by hand is tried, kept in a log and put back by undo', async () => {
  const workbench = await openedLens([])
  await done(workbench, 3)
  const {actions, until, seen} = workbench
  const runId = seen().activeRunId!
  actions.replaceToken(0, 2, 5)
  const state = await until('the trial', ({attributionTrials}) => {
    return attributionTrials[0]?.outcome.kind === 'completed'
  })
  expect(state.attributionTrials[0]).toMatchObject({
    changes: [{position: 2, id: 5}],
    outcome: {result: {before: 0.75, after: 0.375}},
  })
  actions.replaceToken(0, 1, 6)
  await until('both', ({attributionTrials}) => attributionTrials[0]?.outcome.kind === 'completed')
  expect(seen().attributionTrials[0]!.changes).toHaveLength(2)
  actions.undo()
  expect(seen().attributionChanges[runId]).toEqual([{position: 2, id: 5}])
  // The token's own id is no change.
  actions.replaceToken(0, 2, workbench.captures.runs.peek(runId)!.tokens[2]!.id)
  expect(seen().attributionChanges[runId]).toEqual([])
})

test('a sparse test saves work unless the exact mode is asked for beside it', async () => {
  const workbench = await openedLens([])
  const {actions} = workbench
  const request = () => wishOf(workbench).request
  actions.changeAttribution({comparesExact: true})
  expect(request()).not.toHaveProperty('compareExact')
  actions.changeAttribution({testEvery: 3, comparesExact: false})
  expect(request()).toMatchObject({testEvery: 3})
  expect(request()).not.toHaveProperty('compareExact')
  actions.changeAttribution({comparesExact: true})
  expect(request()).toMatchObject({testEvery: 3, compareExact: true})
})

test('long runs keep at most so many points of their convergence, the last among them', () => {
  const request = {method: 'reagent'} as AttributeRequest
  let capture = startCapture(request)
  for (let step = 1; step <= 5000; step++) {
    capture = foldCapture(capture, {
      ...{kind: 'estimate', row: 0, probDrop: null, startLevel: 0, redrawnCount: 0},
      target: {positions: [3], tokenIds: [1], contrastId: null, prob: 1, contrastProb: null},
      positions: Int32Array.of(1, 2),
      rationale: Int32Array.of(1),
      work: {sequenceCount: step, tokenCount: step, setupTokenCount: 0},
      ...{values: new Float64Array(2), low: new Float64Array(2), high: new Float64Array(2)},
      released: new Float64Array(2),
      probeSteps: Int32Array.of(step, Math.min(step, 40)),
      probeStopped: Uint8Array.of(0, step >= 40 ? 1 : 0),
      keptProbs: Float64Array.of(step / 5000, 0.5),
    })
  }
  const trace = capture.traces.get(0)!
  expect(trace.steps.length).toBeLessThanOrEqual(600)
  expect(trace.steps.at(-1)).toBe(5000)
  expect(trace.keptProbs[0]!.at(-1)).toBe(1)
  // A probe that has stopped makes no more tests.
  expect(trace.keptProbs[1]!.at(-1)).toBeNaN()
})
