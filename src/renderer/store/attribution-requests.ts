import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import {
  ATTRIBUTION_PRESETS,
  type AttributeRequest,
  type AttributeResult,
  type AttributionMethod,
  attributeRequestSchema,
} from '../../shared/lenses/attribute.ts'
import {
  ATTRIBUTION_LENS,
  type AttributionChoice,
  COMPARE_VIEW,
  FIRST_TARGET,
  HEAT_MAP_VIEW,
  REPLACE_VIEW,
  type TargetChoice,
} from './attribution-state.ts'
import type {Captures} from './captures.ts'
import {selectPane} from './panes.ts'
import {selectRun} from './run-records.ts'
import type {PaneIndex, RunId, RunRecord, WorkbenchState} from './state.ts'

/** Methods beside the chosen one, those first that need few runs. */
export const COMPARED_METHODS: readonly AttributionMethod[] = [
  'reagent',
  'occlusion-mask',
  'occlusion-delete',
  'occlusion-replace',
  'attention-rollout',
  'last-attention',
  'shapley',
  'random',
]
/** What stands beside the bars of a method, the first of them drawn: what masking says, and what attention says. */
const BESIDE: readonly AttributionMethod[] = ['occlusion-mask', 'attention-rollout']

/** The run whose attribution a pane shows, once it can be asked about; else null. */
export function selectAttributionRun(
  state: WorkbenchState,
  captures: Pick<Captures, 'runs'>,
  pane: PaneIndex
): {readonly run: RunRecord; readonly data: TokensRun} | null {
  if (!state.panes[pane]) return null
  const {lensId, runId} = selectPane(state, pane)
  if (lensId !== ATTRIBUTION_LENS || runId === null) return null
  const run = selectRun(state, runId)
  const data = captures.runs.peek(runId)
  if (!run || !data || data.tokens.length === 0 || run.phase.kind === 'running') return null
  return {run, data}
}

/** What is explained of a run. */
export function selectTarget(
  {attributionTargets}: Pick<WorkbenchState, 'attributionTargets'>,
  runId: RunId
): TargetChoice {
  return attributionTargets[runId] ?? FIRST_TARGET
}

/** An attribution that a pane wants. */
export interface AttributionWish {
  readonly key: string
  readonly runId: RunId
  readonly request: AttributeRequest
}

/** A target within a run: where one stands that was chosen when more was generated, the last that there is. */
export function clampTarget(target: TargetChoice, data: TokensRun): TargetChoice {
  const last = data.tokens.length - 1
  switch (target.kind) {
    case 'token':
      return {...target, position: Math.max(1, Math.min(last, target.position))}
    case 'span': {
      const start = Math.max(1, Math.min(last, target.start))
      return {...target, start, end: Math.max(start + 1, Math.min(last + 1, target.end))}
    }
    case 'all-generated':
      return target
    default: {
      const {after} = target
      const end = data.promptTokenCount - 1
      return after === null || after <= end
        ? {...target, after: null}
        : {...target, after: Math.min(last, after)}
    }
  }
}

/** The position after which a target stands that is put behind a part of the text. */
export function endOfTarget(
  after: number | null,
  data: Pick<TokensRun, 'promptTokenCount'>
): number {
  return after ?? data.promptTokenCount - 1
}

/** The request of an attribution, with the generated tokens given by their ids. */
export function attributionRequest(
  data: TokensRun,
  target: TargetChoice,
  choice: AttributionChoice,
  method: AttributionMethod = choice.method
): AttributeRequest {
  const {model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate} =
    data.request
  const {promptTokenCount, tokens} = data
  const has = 'after' in target
  const end = has ? endOfTarget(target.after, data) + 1 : tokens.length
  const completionIds = tokens.slice(promptTokenCount, end).map(({id}) => id)
  const {preset, sampler, testEvery, comparesExact, seed, hasChecks, draws} = choice
  const {ratio, keep, overlap, stopK, maxSteps, probes} = choice
  const stated = Object.entries({ratio, keep, overlap, stopK, maxSteps, probes, sampler}).filter(
    ([, value]) => value !== null
  )
  return attributeRequestSchema.parse({
    ...definedOf({model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate}),
    ...(completionIds.length > 0 ? {completionIds} : {}),
    ...targetFlags(target),
    ...{method, preset, seed},
    ...Object.fromEntries(stated),
    ...(method === 'reagent' && testEvery > 1
      ? {testEvery, ...(comparesExact && {compareExact: true})}
      : {}),
    ...(hasChecks ? {faithfulness: true, curves: true, draws} : {}),
  })
}

const definedOf = (values: object) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

function targetFlags(target: TargetChoice): Partial<AttributeRequest> {
  switch (target.kind) {
    case 'next':
      return {}
    case 'token':
      return {targetPosition: target.position}
    case 'forced':
      return {targetToken: target.tokenId}
    case 'span':
      return {targetSpan: [target.start, target.end]}
    case 'contrast':
      return {contrast: [...target.tokenIds]}
    case 'all-generated':
      return {allGenerated: true}
  }
}

// Asked for at every change of the state; a request is made once for the same choices.
const wishes = new WeakMap<TokensRun, Map<string, AttributionWish>>()

export function attributionWish(
  runId: RunId,
  data: TokensRun,
  target: TargetChoice,
  choice: AttributionChoice,
  method: AttributionMethod = choice.method
): AttributionWish {
  const key = JSON.stringify([runId, data.tokens.length, target, {...choice, method}])
  const own = wishes.get(data) ?? new Map<string, AttributionWish>()
  wishes.set(data, own)
  const known = own.get(key)
  if (known) return known
  const wish = {key, runId, request: attributionRequest(data, target, choice, method)}
  own.set(key, wish)
  return wish
}

/** The attribution that a pane shows; null where there is none to ask for. */
export function selectAttributionWish(
  state: WorkbenchState,
  captures: Pick<Captures, 'runs'>,
  pane: PaneIndex
): AttributionWish | null {
  const shown = selectAttributionRun(state, captures, pane)
  if (!shown) return null
  const {run, data} = shown
  const isHeatMap = selectPane(state, pane).view === HEAT_MAP_VIEW
  if (isHeatMap && data.tokens.length === data.promptTokenCount) return null
  const target = isHeatMap
    ? ({kind: 'all-generated'} as const)
    : clampTarget(selectTarget(state, run.id), data)
  const choice = state.attributionChoice
  // Every generated token is checked only where one is looked at.
  const wanted = target.kind === 'all-generated' ? {...choice, hasChecks: false} : choice
  return attributionWish(run.id, data, target, wanted)
}

/** Methods that a pane wants beside its own, in the order in which they are run. */
export function selectBesideWishes(
  state: WorkbenchState,
  captures: Pick<Captures, 'runs'>,
  pane: PaneIndex
): AttributionWish[] {
  const shown = selectAttributionRun(state, captures, pane)
  if (!shown) return []
  const {run, data} = shown
  const {view} = selectPane(state, pane)
  if (view === HEAT_MAP_VIEW || view === REPLACE_VIEW) return []
  const target = clampTarget(selectTarget(state, run.id), data)
  if (target.kind === 'all-generated') return []
  const choice = state.attributionChoice
  const methods = view === COMPARE_VIEW ? COMPARED_METHODS : BESIDE
  return methods
    .filter((method) => method !== choice.method)
    .map((method) => attributionWish(run.id, data, target, choice, method))
}

/** What a token took in an attribution that is done; null where nothing tells. */
export function measuredMsPerToken(result: AttributeResult | null): number | null {
  if (result?.status !== 'completed' || !result.timing) return null
  const works = result.rows?.map(({work}) => work) ?? (result.work ? [result.work] : [])
  const tokenCount = works.reduce((sum, work) => sum + work.tokenCount, 0)
  return tokenCount > 0 ? result.timing.runMs / tokenCount : null
}

/**
 * Two forwards a live probe and step; other methods run each token's change once or a few times. What a token takes
 * is best known from an attribution of the same text. Before there is one the run itself tells, which also made
 * statistics of each token and so took longer.
 */
export function secondsPerStep(
  data: TokensRun,
  {request}: AttributionWish,
  measured: number | null = null
): number {
  const {timing, tokens} = data
  if (!timing || tokens.length === 0) return 0
  const msPerToken = measured ?? timing.runMs / tokens.length
  const probes = request.probes ?? ATTRIBUTION_PRESETS[request.preset].probes
  const sequences = request.method === 'reagent' ? 2 * probes : tokens.length
  return (sequences * tokens.length * msPerToken) / 1000
}
