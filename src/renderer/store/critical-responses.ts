import type {Problem} from '../../shared/domain/problem.ts'
import {
  criticalResultOf,
  foldCriticalEvent,
  startCriticalRun,
} from '../../shared/lenses/assemble-critical.ts'
import {type CriticalResult, criticalRequestSchema} from '../../shared/lenses/critical.ts'
import {
  namedPosition,
  type Share,
  successAfter,
  successBefore,
} from '../../shared/lenses/critical-named.ts'
import type {TokensRequest} from '../../shared/lenses/tokens.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {promptKeyOf, promptPart, samplingPart, selectAnswer} from './critical-requests.ts'
import type {SampledResponse} from './critical-state.ts'
import {selectRun} from './run-records.ts'
import type {RunActions} from './runs.ts'
import type {RunId} from './state.ts'

/** Beyond those of the responses that are sampled one at a time. */
const FIRST_SEED = 1000

export interface CriticalResponseActions {
  /** Samples so many more wrong responses to the prompt of a run, and finds out where each went wrong. */
  sampleResponses(runId: RunId, count: number): Promise<void>
  /** What was found until then stays. */
  cancelResponses(): void
  /** Opens one of them as a run of its own. */
  openResponse(runId: RunId, ids: readonly number[]): Promise<void>
}

const rateOf = ({successCount, sampleCount}: Share) => successCount / sampleCount

/** Where a response went wrong, in tokens from its first; null where no token is called critical. */
function foundIn(
  result: CriticalResult
): Omit<SampledResponse, 'seed' | 'ids' | 'verdict' | 'count'> {
  const {tokens, responseStart, critical, promptSuccess, scores} = result
  const named = namedPosition(result, 'released') ?? namedPosition(result, 'ours')
  const [before, after] =
    named === null ? [null, null] : [successBefore(result, named), successAfter(result, named)]
  const at = (rule: 'released' | 'ours') => {
    const position = critical.find((one) => one.rule === rule)?.position
    return position === undefined ? null : position - responseStart
  }
  return {
    responseStart,
    curve: [
      ...(promptSuccess ? [{position: responseStart - 1, value: rateOf(promptSuccess)}] : []),
      ...scores.flatMap(({method, position, value}) =>
        method === 'rollout' ? [{position, value}] : []
      ),
    ],
    drop: before && after ? rateOf(after) - rateOf(before) : null,
    // The sign of its end is not read with it.
    texts: tokens.slice(responseStart).map(({bytesHex, isSpecial}) => (isSpecial ? '' : bytesHex)),
    ...{
      releasedAt: at('released'),
      oursAt: at('ours'),
      isRecoverable: result.isRecoverable ?? null,
    },
  }
}

/** Many responses to one prompt, one after another; each is sampled by a seed of its own. */
export function createCriticalResponseActions(
  {store, set, captures, client}: StoreContext,
  runs: Pick<RunActions, 'openRequest'>
): CriticalResponseActions {
  let abort: AbortController | null = null

  const add = (key: string, response: SampledResponse) =>
    set(({criticalResponses}) => {
      const own = criticalResponses[key] ?? []
      const same = own.find(({ids}) => ids.join() === response.ids.join())
      const next = same
        ? own.map((one) => (one === same ? {...one, count: one.count + 1} : one))
        : [...own, response]
      return {criticalResponses: {...criticalResponses, [key]: next}}
    })

  return {
    async sampleResponses(runId, count) {
      const state = store.getState()
      const data = captures.runs.peek(runId)
      if (!data || state.criticalSampling?.problem === null) return
      const key = promptKeyOf(data.request)
      const own = new AbortController()
      abort = own
      const {signal} = own
      const asked = {
        ...promptPart(data),
        ...samplingPart(state.criticalChoice, selectAnswer(state, data.request)),
        counterfactual: undefined,
      }
      const tell = (done: number, problem: Problem | null) =>
        set({criticalSampling: {key, done, total: count, problem}})
      const first = (state.criticalResponses[key] ?? []).reduce((sum, one) => sum + one.count, 0)
      tell(0, null)
      try {
        for (let i = 0; i < count; i++) {
          const seed = state.criticalChoice.seed + FIRST_SEED + first + i
          const sampled = criticalRequestSchema.parse({...asked, sampleResponse: true, seed})
          const {responseIds, verdict} = await client.criticals.respond(sampled, {signal})
          const known = store
            .getState()
            .criticalResponses[key]?.find(({ids}) => ids.join() === responseIds.join())
          if (known) {
            add(key, known)
          } else {
            const request = criticalRequestSchema.parse({...asked, responseIds, method: 'rollout'})
            let run = startCriticalRun(request)
            for await (const event of await client.criticals.run(request, {signal})) {
              run = foldCriticalEvent(run, event)
            }
            const result = criticalResultOf(run, 'completed')
            if (!result) return
            add(key, {seed, ids: responseIds, verdict, count: 1, ...foundIn(result)})
            // It is the prompt's own success, the same for every response to it.
            if (result.isRecoverable === false) break
          }
          tell(i + 1, null)
        }
        set({criticalSampling: null})
      } catch (error) {
        const isCancelled = signal.aborted || isCancellation(error)
        if (isCancelled) set({criticalSampling: null})
        else tell(0, shownProblem(error))
      }
    },
    cancelResponses() {
      abort?.abort()
    },
    async openResponse(runId, ids) {
      const run = selectRun(store.getState(), runId)
      const data = captures.runs.peek(runId)
      if (!run || !data) return
      const request: TokensRequest = {...data.request, completionIds: [...ids], generate: 0}
      await runs.openRequest(request, run.label, run.modelName)
    },
  }
}
