import type {CriticalRequest} from '../../shared/lenses/critical.ts'
import {criticalRequestSchema} from '../../shared/lenses/critical.ts'
import type {TokensRequest} from '../../shared/lenses/tokens.ts'
import {type StoreContext, shownProblem} from './context.ts'
import {promptKeyOf, promptPart, samplingPart, selectAnswer} from './critical-requests.ts'
import type {CriticalChoice, CriticalWorkState} from './critical-state.ts'
import {selectRun} from './run-records.ts'
import type {RunActions} from './runs.ts'
import type {RunId} from './state.ts'

export interface CriticalChoiceActions {
  changeCritical(change: Partial<CriticalChoice>): void
  /** The right answer to the prompt of a run. */
  setCriticalAnswer(runId: RunId, answer: string): void
  /** Opens a run in which a typed text, or a wrong one that is sampled, follows the prompt of a run. */
  takeResponse(runId: RunId, response: string | 'sampled'): Promise<void>
}

const NAMES: Readonly<Record<keyof CriticalChoice, string>> = {
  checker: 'choose how answers are checked',
  rollouts: 'change the completions of a prefix',
  tolerance: 'change the tolerance',
  temperature: 'change the temperature of completions',
  topP: 'change the top-p of completions',
  maxNewTokens: 'change the length of completions',
  mode: 'choose which prefixes are completed',
  positive: 'choose the model of right responses',
  negative: 'choose the model of wrong responses',
  beta: 'change the weight of the contrast',
  hasCounterfactual: 'choose whether the token is forbidden',
  seed: 'change the seed',
}

export const SAMPLED = 'sampled'

/** What is looked for and how: all of it can be undone. */
export function createCriticalChoiceActions(
  context: StoreContext,
  runs: Pick<RunActions, 'openRequest'>
): CriticalChoiceActions {
  const {store, set, change, captures, client} = context
  /** Responses that were sampled of a prompt: the next one is another. */
  const sampledCounts = new Map<string, number>()

  const setSearch = (runId: RunId, search: CriticalWorkState['criticalSearches'][RunId] | null) =>
    set(({criticalSearches}) => {
      const {[runId]: _, ...others} = criticalSearches
      return {criticalSearches: search ? {...others, [runId]: search} : others}
    })

  return {
    changeCritical(choiceChange) {
      const {criticalChoice} = store.getState()
      const keys = (Object.keys(choiceChange) as (keyof CriticalChoice)[]).filter(
        (key) => JSON.stringify(criticalChoice[key]) !== JSON.stringify(choiceChange[key])
      )
      if (keys.length === 0) return
      change(
        NAMES[keys[0]!],
        {criticalChoice: {...criticalChoice, ...choiceChange}},
        {merge: `critical ${keys.join(' ')}`}
      )
    },
    setCriticalAnswer(runId, answer) {
      const state = store.getState()
      const request = selectRun(state, runId)?.request
      if (!request || selectAnswer(state, request) === answer) return
      change('give the right answer', {
        criticalAnswers: {...state.criticalAnswers, [promptKeyOf(request)]: answer},
      })
    },
    async takeResponse(runId, response) {
      const state = store.getState()
      const run = selectRun(state, runId)
      const data = captures.runs.peek(runId)
      if (!run || !data || state.criticalSearches[runId]?.kind === 'running') return
      const key = promptKeyOf(data.request)
      const count = sampledCounts.get(key) ?? 0
      const {criticalChoice} = state
      const asked: CriticalRequest = criticalRequestSchema.parse({
        ...promptPart(data),
        ...samplingPart(criticalChoice, selectAnswer(state, data.request)),
        ...(response === SAMPLED
          ? {sampleResponse: true, seed: criticalChoice.seed + count}
          : {response}),
      })
      if (response === SAMPLED) sampledCounts.set(key, count + 1)
      setSearch(runId, {kind: 'running'})
      try {
        const {responseIds} = await client.criticals.respond(asked)
        setSearch(runId, null)
        const request: TokensRequest = {...data.request, completionIds: responseIds, generate: 0}
        await runs.openRequest(request, run.label, run.modelName)
      } catch (error) {
        setSearch(runId, {kind: 'failed', problem: shownProblem(error)})
      }
    },
  }
}
