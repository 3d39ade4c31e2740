import {expect, test} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {CriticalRequest} from '../../shared/lenses/critical.ts'
import {selectShownCritical} from './critical.ts'
import {selectAnswer, selectCriticalWishes} from './critical-requests.ts'
import {type FakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'

function listening(asked: CriticalRequest[], fails: () => boolean) {
  return (client: EngineClient): EngineClient => ({
    ...client,
    criticals: {
      ...client.criticals,
      run: async (input, options) => {
        asked.push(input as CriticalRequest)
        if (fails()) throw new Error('it broke')
        return client.criticals.run(input, options)
      },
    },
  })
}

/** The lens on a run whose prompt some tokens follow. */
async function openedLens(asked: CriticalRequest[] = [], fails = () => false) {
  const workbench = await openedWorkbench({}, memoryStorage(), listening(asked, fails))
  workbench.actions.changePane({lensId: 'critical'}, 0)
  await workbench.actions.takeResponse(workbench.seen().activeRunId!, 'b c d e')
  await workbench.until('the run', ({runs, activeRunId}) =>
    runs.some(({id, phase}) => id === activeRunId && phase.kind === 'completed')
  )
  return workbench
}

const wishesOf = ({store, captures}: FakeWorkbench) =>
  selectCriticalWishes(store.getState(), captures, 0)
const settled = (workbench: FakeWorkbench) =>
  workbench.until('the end', ({criticalJobs}) =>
    wishesOf(workbench).every(({key}) => {
      const kind = criticalJobs[key]?.phase.kind
      return kind !== undefined && kind !== 'running'
    })
  )
/** What was asked of the response that is shown; the run before it had one too. */
const askedOf = (workbench: FakeWorkbench, asked: readonly CriticalRequest[]) => {
  const {tokens, promptTokenCount} = workbench.captures.runs.peek(workbench.seen().activeRunId!)!
  const ids = tokens.slice(promptTokenCount).map(({id}) => id)
  return asked.filter(({responseIds}) => responseIds?.join() === ids.join())
}
const answer = (workbench: FakeWorkbench, text: string) =>
  workbench.actions.setCriticalAnswer(workbench.seen().activeRunId!, text)

test('a typed response becomes a run of its own, whose ids are what is looked into', async () => {
  const asked: CriticalRequest[] = []
  const workbench = await openedLens(asked)
  await settled(workbench)
  const {activeRunId} = workbench.seen()
  const data = workbench.captures.runs.peek(activeRunId!)!
  expect(data.tokens.length).toBeGreaterThan(data.promptTokenCount)
  const own = askedOf(workbench, asked)
  expect(own).toHaveLength(1)
  expect(own[0]).toMatchObject({method: 'contrastive', beta: 1})
})

test('without an answer nothing is completed; with one the contrast is not made again', async () => {
  const asked: CriticalRequest[] = []
  const workbench = await openedLens(asked)
  await settled(workbench)
  answer(workbench, '31')
  await settled(workbench)
  const own = askedOf(workbench, asked)
  expect(own.map(({method}) => method)).toEqual(['contrastive', 'rollout'])
  expect(own[1]).toMatchObject({answer: '31', rollouts: 64, counterfactual: true})
  const [contrast, rollout] = wishesOf(workbench).map((wish) =>
    selectShownCritical(workbench.store.getState(), workbench.captures, wish)
  )
  expect(contrast!.result!.scores.every(({method}) => method === 'contrastive')).toBe(true)
  expect(rollout!.result!.critical).toHaveLength(1)
})

test('another β asks for the contrast alone, and is undone', async () => {
  const asked: CriticalRequest[] = []
  const workbench = await openedLens(asked)
  answer(workbench, '31')
  await settled(workbench)
  workbench.actions.changeCritical({beta: 2})
  await settled(workbench)
  const own = askedOf(workbench, asked)
  expect(own.map(({method, beta}) => [method, beta])).toEqual([
    ['contrastive', 1],
    ['rollout', 1],
    ['contrastive', 2],
  ])
  workbench.actions.undo()
  expect(workbench.store.getState().criticalChoice.beta).toBe(1)
  // What it gave is known.
  await settled(workbench)
  expect(askedOf(workbench, asked)).toHaveLength(3)
})

test('the answer belongs to the prompt, whatever follows it', async () => {
  const workbench = await openedLens()
  answer(workbench, '31')
  const before = workbench.seen().activeRunId
  await workbench.actions.takeResponse(before!, 'sampled')
  await workbench.until('another run', ({activeRunId}) => activeRunId !== before)
  const state = workbench.store.getState()
  const request = state.runs.find(({id}) => id === workbench.seen().activeRunId)!.request
  expect(selectAnswer(state, request)).toBe('31')
})

test('cancelled completions stay as far as they came, and are asked for again', async () => {
  const asked: CriticalRequest[] = []
  const workbench = await openedLens(asked)
  answer(workbench, '31')
  await workbench.until('completions', ({criticalJobs}) =>
    Object.values(criticalJobs).some(({phase}) => phase.kind === 'running' && phase.done > 0)
  )
  const rollout = wishesOf(workbench).find(({kind}) => kind === 'rollout')!
  workbench.actions.cancelCritical(rollout.key)
  await settled(workbench)
  const shown = () => selectShownCritical(workbench.store.getState(), workbench.captures, rollout)
  expect(shown().job!.phase.kind).toBe('cancelled')
  expect(shown().result!.scores.length).toBeGreaterThan(0)
  expect(shown().result!.critical).toEqual([])
  workbench.actions.askCritical(rollout.key)
  await workbench.until('the end', () => shown().job?.phase.kind === 'completed')
  expect(shown().result!.critical).toHaveLength(1)
})

test('what fails says so', async () => {
  const workbench = await openedLens([], () => true)
  await settled(workbench)
  const [contrast] = wishesOf(workbench)
  expect(workbench.store.getState().criticalJobs[contrast!.key]!.phase.kind).toBe('failed')
})

test('a response that cannot be had says why, and leaves the run as it is', async () => {
  const workbench = await openedWorkbench({}, memoryStorage(), (client) => ({
    ...client,
    criticals: {
      ...client.criticals,
      respond: () => Promise.reject(new Error('no room')),
    },
  }))
  workbench.actions.changePane({lensId: 'critical'}, 0)
  const {activeRunId} = workbench.seen()
  await workbench.actions.takeResponse(activeRunId!, 'x')
  const state = workbench.store.getState()
  expect(state.criticalSearches[activeRunId!]).toMatchObject({kind: 'failed'})
  expect(workbench.seen().activeRunId).toBe(activeRunId)
})

test('many responses are sampled by seeds of their own, each with its critical token, the same ones counted', async () => {
  const asked: CriticalRequest[] = []
  const workbench = await openedLens(asked)
  await settled(workbench)
  answer(workbench, '31')
  await settled(workbench)
  const runId = workbench.seen().activeRunId!
  const before = asked.length
  await workbench.actions.sampleResponses(runId, 3)
  const state = workbench.store.getState()
  expect(state.criticalSampling).toBeNull()
  const [rows] = Object.values(state.criticalResponses)
  // The fake one has one response for every seed, whose third token is critical.
  expect(rows).toHaveLength(1)
  expect(rows![0]).toMatchObject({count: 3, releasedAt: 2, oursAt: null, isRecoverable: true})
  expect(rows![0]!.texts).toHaveLength(rows![0]!.ids.length)
  // Looked into once.
  expect(asked.slice(before)).toHaveLength(1)
  expect(asked.at(-1)).toMatchObject({method: 'rollout', responseIds: rows![0]!.ids, answer: '31'})
  await workbench.actions.openResponse(runId, rows![0]!.ids)
  expect(workbench.seen().activeRunId).not.toBe(runId)
})

test('sampling that fails says why, and what was found stays', async () => {
  let isBroken = false
  const workbench = await openedLens([], () => isBroken)
  await settled(workbench)
  answer(workbench, '31')
  await settled(workbench)
  isBroken = true
  const runId = workbench.seen().activeRunId!
  await workbench.actions.sampleResponses(runId, 2)
  expect(workbench.store.getState().criticalSampling?.problem).not.toBeNull()
  isBroken = false
  await workbench.actions.sampleResponses(runId, 1)
  expect(workbench.store.getState().criticalSampling).toBeNull()
})

test('many stops at the first response whose prompt has no success: it would be the same of every other', async () => {
  const responded: number[] = []
  const ranOn: (readonly number[])[] = []
  let isHopeless = false
  const workbench = await openedWorkbench({}, memoryStorage(), (client) => ({
    ...client,
    criticals: {
      ...client.criticals,
      // Another response at every call, so that each is looked into.
      respond: async (input, options) => {
        const response = await client.criticals.respond(input, options)
        if (!input.sampleResponse) return response
        responded.push(responded.length)
        return {...response, responseIds: [...response.responseIds, responded.length]}
      },
      run: async function* (...[input, options]: Parameters<EngineClient['criticals']['run']>) {
        const isOfMany = input.method === 'rollout' && responded.length > 0
        if (isOfMany) ranOn.push(input.responseIds!)
        for await (const event of await client.criticals.run(input, options)) {
          yield event.kind === 'completed' && isOfMany && isHopeless
            ? {...event, isRecoverable: false, critical: []}
            : event
        }
      } as unknown as EngineClient['criticals']['run'],
    },
  }))
  workbench.actions.changePane({lensId: 'critical'}, 0)
  await workbench.actions.takeResponse(workbench.seen().activeRunId!, 'b c d e')
  await workbench.until('the run', ({runs, activeRunId}) =>
    runs.some(({id, phase}) => id === activeRunId && phase.kind === 'completed')
  )
  await settled(workbench)
  answer(workbench, '31')
  await settled(workbench)
  const runId = workbench.seen().activeRunId!
  const rowsOf = () => Object.values(workbench.store.getState().criticalResponses)[0] ?? []
  const sampling = () => workbench.store.getState().criticalSampling
  // Where there is success, as many as were asked for.
  await workbench.actions.sampleResponses(runId, 2)
  expect(sampling()).toBeNull()
  expect(rowsOf().map(({isRecoverable}) => isRecoverable)).toEqual([true, true])
  isHopeless = true
  await workbench.actions.sampleResponses(runId, 5)
  expect(rowsOf().map(({isRecoverable}) => isRecoverable)).toEqual([true, true, false])
  expect(rowsOf()[2]).toMatchObject({releasedAt: null, oursAt: null, count: 1})
  expect(responded).toHaveLength(3)
  expect(new Set(ranOn.map(String)).size).toBe(3)
  // It is over, and no problem.
  expect(sampling()).toBeNull()
})
