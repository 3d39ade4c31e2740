import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import {type CriticalRequest, criticalRequestSchema} from '../../shared/lenses/critical.ts'
import {isAnswered} from '../../shared/lenses/critical-checker.ts'
import type {TokensRequest} from '../../shared/lenses/tokens.ts'
import type {Captures} from './captures.ts'
import {CRITICAL_LENS, type CriticalChoice} from './critical-state.ts'
import {selectPane} from './panes.ts'
import {selectRun} from './run-records.ts'
import type {PaneIndex, RunId, RunRecord, WorkbenchState} from './state.ts'

/** What a pane wants of critical tokens: completions of prefixes, or the contrast of two models. */
export interface CriticalWish {
  readonly key: string
  readonly runId: RunId
  readonly kind: 'rollout' | 'contrast'
  readonly request: CriticalRequest
}

/** The run whose response a pane looks into, once it is there; else null. */
export function selectCriticalRun(
  state: WorkbenchState,
  captures: Pick<Captures, 'runs'>,
  pane: PaneIndex
): {readonly run: RunRecord; readonly data: TokensRun} | null {
  if (!state.panes[pane]) return null
  const {lensId, runId} = selectPane(state, pane)
  if (lensId !== CRITICAL_LENS || runId === null) return null
  const run = selectRun(state, runId)
  const data = captures.runs.peek(runId)
  if (!run || !data || data.tokens.length === 0 || run.phase.kind === 'running') return null
  return {run, data}
}

/** What the right answer is known by: the prompt, whatever followed it. */
export function promptKeyOf({
  prompt,
  messages,
}: Pick<TokensRequest, 'prompt' | 'messages'>): string {
  return messages ? JSON.stringify([messages, prompt ?? '']) : (prompt ?? '')
}

/** The right answer to the prompt of a request: what was typed, else what the prompt list has for the same prompt. */
export function selectAnswer(
  {criticalAnswers, listRows}: Pick<WorkbenchState, 'criticalAnswers' | 'listRows'>,
  request: Pick<TokensRequest, 'prompt' | 'messages'>
): string {
  const key = promptKeyOf(request)
  const typed = criticalAnswers[key]
  if (typed !== undefined) return typed
  const row = request.messages
    ? listRows.find((row) => row.messages && promptKeyOf({messages: [...row.messages]}) === key)
    : listRows.find((row) => !row.messages && row.prompt === request.prompt)
  return row?.answer ?? ''
}

/** What of a run's request says what its prompt is. */
export function promptPart(data: TokensRun) {
  const {model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate} =
    data.request
  const said = {file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate}
  const given = Object.entries(said).filter(([, value]) => value !== undefined)
  return {model, ...(Object.fromEntries(given) as Partial<CriticalRequest>)}
}

/** How completions are sampled and told right. */
export function samplingPart(choice: CriticalChoice, answer: string): Partial<CriticalRequest> {
  const {checker, rollouts, tolerance, temperature, topP, maxNewTokens, mode, seed} = choice
  return {
    ...{checker, answer, rollouts, tolerance, temperature, topP, maxNewTokens, mode, seed},
    ...(choice.hasCounterfactual ? {counterfactual: true} : {}),
  }
}

/** The ids that followed the prompt of a run. */
export function responseIdsOf({tokens, promptTokenCount}: TokensRun): number[] {
  return tokens.slice(promptTokenCount).map(({id}) => id)
}

// Asked for at every change of the state; a request is made once for the same choices.
const wishes = new WeakMap<TokensRun, Map<string, CriticalWish>>()

function wishOf(
  runId: RunId,
  data: TokensRun,
  kind: CriticalWish['kind'],
  part: Partial<CriticalRequest>
): CriticalWish {
  const key = JSON.stringify([kind, runId, data.tokens.length, part])
  const own = wishes.get(data) ?? new Map<string, CriticalWish>()
  wishes.set(data, own)
  const known = own.get(key)
  if (known) return known
  const request = criticalRequestSchema.parse({
    ...promptPart(data),
    ...part,
    responseIds: responseIdsOf(data),
    method: kind === 'rollout' ? 'rollout' : 'contrastive',
  })
  const wish = {key, runId, kind, request}
  own.set(key, wish)
  return wish
}

/**
 * What a pane wants, in the order in which it is run: the contrast, which takes three passes, then the completions,
 * once an answer is known. Another β asks for the contrast alone, whose rows the engine has kept.
 */
export function selectCriticalWishes(
  state: WorkbenchState,
  captures: Pick<Captures, 'runs'>,
  pane: PaneIndex
): readonly CriticalWish[] {
  const shown = selectCriticalRun(state, captures, pane)
  if (!shown) return []
  const {run, data} = shown
  if (data.tokens.length === data.promptTokenCount) return []
  const choice = state.criticalChoice
  const {positive, negative, beta} = choice
  const contrast = wishOf(run.id, data, 'contrast', {
    ...{beta, ...(positive !== null && {positive}), ...(negative !== null && {negative})},
  })
  const answer = selectAnswer(state, data.request)
  if (!isAnswered(choice.checker, answer)) return [contrast]
  return [contrast, wishOf(run.id, data, 'rollout', samplingPart(choice, answer))]
}

/** About how long completions take: each is about as long as what is left of the response, many side by side. */
export function rolloutSeconds(data: TokensRun, {request}: CriticalWish): number {
  const {timing, tokens, promptTokenCount} = data
  if (!timing || tokens.length === 0) return 0
  const msPerToken = timing.runMs / tokens.length
  const responseCount = tokens.length - promptTokenCount
  const prefixes = request.mode === 'adaptive' ? Math.max(4, responseCount / 3) : responseCount
  const completions = (prefixes + 2) * request.rollouts
  return (completions * responseCount * msPerToken) / 2 / SIDE_BY_SIDE_GAIN / 1000
}
/** How much less a token takes where many are decoded together. */
const SIDE_BY_SIDE_GAIN = 4
