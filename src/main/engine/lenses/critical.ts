import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import type {
  Counterfactual,
  CriticalEvent,
  CriticalRequest,
  CriticalScore,
  CriticalToken,
} from '../../../shared/lenses/critical.ts'
import {
  agreementOf,
  type MethodScore,
  topTokens,
} from '../../../shared/lenses/critical-agreement.ts'
import {
  droppedPosition,
  isRecoverable,
  LEAST_COUNT_OF_OURS,
  passAtK,
  passAtKInterval,
  releasedCriticalPosition,
} from '../../../shared/math/critical/critical-rules.ts'
import {sampleAdaptively, sampleEvery} from '../critical/allocate-rollouts.ts'
import {type AnswerCheck, isRight as isRightBy, openAnswerCheck} from '../critical/answer-check.ts'
import type {ContrastRows} from '../critical/contrast-rows.ts'
import {PrefixRollouts} from '../critical/prefix-rollouts.ts'
import type {BranchingModel} from '../generation/branching-model.ts'
import type {RolloutOptions} from '../generation/rollouts.ts'
import {EventQueue} from '../jobs/event-queue.ts'
import type {ReadText} from './attention-text.ts'
import {type ContrastPair, contrastScores, openContrast} from './critical-contrast.ts'
import {
  bytesOfIds,
  canonicalWarnings,
  givenResponse,
  sampledResponse,
  textOf,
} from './critical-response.ts'
import {openCriticalText} from './critical-text.ts'
import {completionPart} from './encode-prompt.ts'
import {precisionWarnings, type TreeContext} from './tree-models.ts'

/** What the lens works with. */
export interface CriticalContext extends TreeContext {
  readonly contrasts: ContrastRows
}

const PASS_KS = [1, 2, 4, 8, 16, 32, 64] as const
/** Of completions that were cut off; more than this part is said. */
const TOLD_CUT_SHARE = 0.05

/**
 * Looks for the token after which a wrong response does not recover: by completing its prefixes, by what models of
 * right and of wrong responses say of its tokens, or by both. Aborted, it throws the signal's reason; what came before
 * is the partial result.
 */
export async function* runCritical(
  context: CriticalContext,
  request: CriticalRequest,
  outer?: AbortSignal
): AsyncGenerator<CriticalEvent, void, undefined> {
  // A reader that goes away without a word ends the runs as well.
  const left = new AbortController()
  const signal = outer ? AbortSignal.any([outer, left.signal]) : left.signal
  const check = request.checker
    ? await openAnswerCheck(request.checker, request.answer, signal)
    : null
  try {
    if (!check && request.method !== 'contrastive') throw checkerMissing()
    for await (const event of criticalEvents(context, request, check, signal)) {
      signal.throwIfAborted()
      yield event
    }
  } finally {
    left.abort(new Error('nobody listens any more'))
    check?.close()
  }
}

async function* criticalEvents(
  context: CriticalContext,
  request: CriticalRequest,
  check: AnswerCheck | null,
  signal: AbortSignal
): AsyncGenerator<CriticalEvent, void, undefined> {
  const startedMs = performance.now()
  const opened = yield* openCriticalText(context, request, signal)
  const {text, model, tokenizer, branches, options, responseStart} = opened
  const {prompt, provenance} = text
  let responseIds = await givenResponse(request, tokenizer, opened.limits)
  if (!responseIds) {
    yield {kind: 'progress', phase: 'generating', done: 0, total: 1, secondsLeft: null}
    const {seed} = request
    responseIds = [...(await sampledResponse(branches, options, {seed, check, tokenizer})).ids]
  }
  const isContrasted = request.method !== 'rollout'
  const pair = isContrasted
    ? yield* openContrast(context.graphs, request, {model, tokenizer}, signal)
    : null
  const isRight = check ? await isRightBy(check, textOf(responseIds, tokenizer)) : null
  const verdict = isRight === null ? 'unchecked' : isRight ? 'right' : 'wrong'
  let byteEnd = Math.max(prompt.parts.at(-1)?.byteEnd ?? 0, Buffer.byteLength(prompt.text))
  const parts = responseIds.map((id) => {
    const part = completionPart(tokenizer, id, byteEnd)
    byteEnd = part.byteEnd
    return part
  })
  yield {
    kind: 'tokenized',
    ...{text: prompt.text, responseStart, verdict, provenance},
    tokens: tokenTableOf([...prompt.parts, ...parts]),
    turns: [...prompt.turns],
    contrast: pair && {
      positive: pair.positive.facts,
      negative: pair.negative.facts,
      isFineTuned: pair.isFineTuned,
    },
    warnings: [
      ...prompt.warnings,
      ...model.warnings,
      ...precisionWarnings(model, branches.method === 'tree-mask'),
      ...(await canonicalWarnings(responseIds, tokenizer)),
      ...(isRight ? [responseRight()] : []),
      ...(pair && !pair.isFineTuned ? [notFineTuned()] : []),
    ],
  }
  const runStartedMs = performance.now()
  let contrast: readonly CriticalScore[] = []
  if (pair) {
    contrast = yield* contrasted(context, {request, text, responseIds, pair}, signal)
  }
  const isSampled = request.method !== 'contrastive' && isRight === false
  const found =
    isSampled && check
      ? yield* sampled(branches, {
          ...{request, responseIds, responseStart, check, options},
          bytesOf: (some) => bytesOfIds(some, tokenizer),
        })
      : null
  const critical = [...(found?.critical ?? []), ...topTokens(contrast)]
  yield {
    ...{kind: 'completed', critical},
    agreement: found && pair ? agreementOf([...found.scores, ...contrast], critical) : null,
    isRecoverable: found?.isRecoverable ?? true,
    completionCount: found?.completionCount ?? 0,
    warnings: [...(found?.warnings ?? [])],
    timing: {runMs: performance.now() - runStartedMs, totalMs: performance.now() - startedMs},
  }
}

interface Contrasted {
  readonly request: CriticalRequest
  readonly text: ReadText
  readonly responseIds: readonly number[]
  readonly pair: ContrastPair
}

async function* contrasted(
  {contrasts}: CriticalContext,
  {request, text, responseIds, pair}: Contrasted,
  signal: AbortSignal
): AsyncGenerator<CriticalEvent, CriticalScore[], undefined> {
  yield {kind: 'progress', phase: 'contrasting', done: 0, total: 3, secondsLeft: null}
  const models = {
    ...{positive: pair.positive.model, negative: pair.negative.model},
    base: text.model,
  }
  const scores = await contrastScores(
    contrasts,
    models,
    {promptIds: text.ids, responseIds},
    {beta: request.beta, signal}
  )
  yield {kind: 'scores', scores, examples: []}
  return scores
}

interface SampledOptions {
  readonly request: CriticalRequest
  readonly responseIds: readonly number[]
  readonly responseStart: number
  readonly check: AnswerCheck
  readonly options: RolloutOptions
  readonly bytesOf: (ids: readonly number[]) => Uint8Array
}

interface Sampled {
  readonly critical: readonly CriticalToken[]
  readonly scores: readonly MethodScore[]
  readonly isRecoverable: boolean
  readonly completionCount: number
  readonly warnings: readonly Warning[]
}

/** Completes prefixes, the prompt first: where that has hardly any success, nothing can be lost. */
async function* sampled(
  model: BranchingModel,
  given: SampledOptions
): AsyncGenerator<CriticalEvent, Sampled, undefined> {
  const {request, responseIds, responseStart, check, options, bytesOf} = given
  const {rollouts: sampleCount, tolerance, mode, seed} = request
  const first = responseStart
  // The whole response is what it is: the released code completes prefixes alone.
  const last = Math.max(first, responseStart + responseIds.length - 2)
  const share = mode === 'adaptive' ? 1 / 3 : 1
  const mostCount =
    sampleCount *
    (1 + Math.max(3, Math.ceil((last - first + 1) * share)) + (request.counterfactual ? 1 : 0))
  const events = new EventQueue<CriticalEvent>()
  const rollouts = new PrefixRollouts(model, {
    ...options,
    ...{responseIds, responseStart, seed, check, bytesOf},
    onEvent: (event) => events.push(event),
    mostCount: () => mostCount,
  })
  const critical: CriticalToken[] = []
  const work = async () => {
    await rollouts.ensure([{position: responseStart - 1, sampleCount}])
    const prompt = rollouts.successOf(responseStart - 1)
    if (!isRecoverable(prompt)) return false
    const allocation = {first, last, sampleCount, tolerance}
    await (mode === 'adaptive' ? sampleAdaptively : sampleEvery)(allocation, rollouts)
    const prefixes = rollouts.sampled()
    const released = releasedCriticalPosition(prefixes, tolerance)
    const ours = droppedPosition(prefixes, prompt, responseStart)
    if (released !== null) critical.push({method: 'rollout', rule: 'released', position: released})
    if (ours !== null) critical.push({method: 'rollout', rule: 'ours', position: ours})
    const forbidden = released ?? ours
    if (request.counterfactual && forbidden !== null) {
      const counterfactual = await counterfactualOf(rollouts, forbidden, sampleCount)
      events.push({kind: 'counterfactual', counterfactual})
    }
    return true
  }
  const working = work()
  working.then(
    () => events.close(),
    (error) => events.fail(error)
  )
  yield* events
  const hasSuccess = await working
  const {completionCount, cutCount} = rollouts
  return {
    ...{critical, isRecoverable: hasSuccess, completionCount},
    scores: rollouts.sampled().map(({position, successCount, sampleCount}) => ({
      ...{position, method: 'rollout', value: successCount / sampleCount},
    })),
    warnings: [
      ...(hasSuccess ? [] : [notRecoverable()]),
      ...(hasSuccess && sampleCount < LEAST_COUNT_OF_OURS ? [tooFewForOurs(sampleCount)] : []),
      ...(cutCount > TOLD_CUT_SHARE * completionCount
        ? [completionsCut(cutCount, completionCount, request.maxNewTokens)]
        : []),
    ],
  }
}

async function counterfactualOf(
  rollouts: PrefixRollouts,
  position: number,
  sampleCount: number
): Promise<Counterfactual> {
  await rollouts.ensure([{position, sampleCount}])
  const kept = rollouts.successOf(position)
  const forbiddenCount = await rollouts.withoutToken(position, sampleCount)
  return {
    position,
    passAtK: PASS_KS.filter((k) => k <= sampleCount).map((k) => {
      const [low, high] = passAtKInterval(forbiddenCount, sampleCount, k)
      const forbidden = passAtK(forbiddenCount, sampleCount, k)
      return {k, kept: passAtK(kept.successCount, kept.sampleCount, k), forbidden, low, high}
    }),
  }
}

function checkerMissing(): ProblemError {
  return new ProblemError({
    code: 'checker-missing',
    message: 'Completions are counted by whether they are right, and nothing tells that.',
    field: 'checker',
    found: 'no checker',
    expected: 'number, text, one-of, regex or script',
    advice: 'Give a checker, such as number:Answer: for a number after “Answer:”.',
  })
}

function responseRight(): Warning {
  return {
    code: 'response-right',
    message:
      'The response is right, so no token of it is critical. Have a wrong one sampled instead.',
  }
}

function notFineTuned(): Warning {
  return {
    code: 'contrast-not-fine-tuned',
    message:
      'The two models are not those that were trained on right and on wrong responses: the contrast is not the paper’s estimator.',
  }
}

function notRecoverable(): Warning {
  return {
    code: 'not-recoverable',
    message:
      'Not recoverable from the start: of the completions of the prompt itself fewer than 10 % are right.',
  }
}

function tooFewForOurs(sampleCount: number): Warning {
  return {
    code: 'too-few-for-ours',
    message: `Our rule needs at least ${LEAST_COUNT_OF_OURS} completions of a prefix to be sure that none is right; with ${sampleCount} it names no token.`,
  }
}

function completionsCut(cutCount: number, count: number, maxNewTokens: number): Warning {
  return {
    code: 'completions-cut',
    message: `${cutCount} of ${count} completions did not end within ${maxNewTokens} tokens, and were judged as they stood.`,
  }
}
