import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import {attentionRequestSchema} from '../../../shared/lenses/attention.ts'
import type {
  AttributeEvent,
  AttributeRequest,
  AttributionTrial,
  AttributionTrialResult,
} from '../../../shared/lenses/attribute.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import type {AttentionContext} from './attention.ts'
import {type ReadText, readText} from './attention-text.ts'
import {AttributedModel} from './attribution-model.ts'
import {AttributionRowRun} from './attribution-row.ts'
import {chooseSampler, type SamplerContext} from './attribution-sampler.ts'
import {needsSampler, settingsOf} from './attribution-settings.ts'
import {planTarget, planTargets, type TargetPlan, type TargetText} from './attribution-target.ts'
import {checkIds} from './encode-prompt.ts'
import {positionBeyond} from './rows.ts'

/** What the lens works with. */
export type AttributeContext = AttentionContext & SamplerContext

/**
 * The attribution lens: what each token of a context is worth to a target, as it converges. One row a target. Aborted,
 * it throws the signal's reason and gives no other event: what came before is the partial result.
 */
export async function* runAttribute(
  context: AttributeContext,
  request: AttributeRequest,
  outer?: AbortSignal
): AsyncGenerator<AttributeEvent, void, undefined> {
  // A reader that goes away without a word ends the runs as well.
  const left = new AbortController()
  const signal = outer ? AbortSignal.any([outer, left.signal]) : left.signal
  try {
    for await (const event of attributeEvents(context, request, signal)) {
      signal.throwIfAborted()
      yield event
    }
  } finally {
    left.abort(new Error('nobody listens any more'))
  }
}

async function* attributeEvents(
  context: AttributeContext,
  request: AttributeRequest,
  signal: AbortSignal
): AsyncGenerator<AttributeEvent, void, undefined> {
  const startedMs = performance.now()
  const text = yield* readText(context, textRequestOf(request), signal)
  const {model, prompt, ids} = text
  const {decoder} = model.files
  if (!isDecoder(decoder)) throw new ProblemError(decoder)
  const tokenizer = (await context.graphs.tokenizer(model))!
  const attributed = new AttributedModel(context.sessions, model, signal)
  const targetText: TargetText = {
    ...{ids, promptTokenCount: prompt.promptTokenCount},
    isFixed: (position) => isFixed(text, position),
    ...{vocabularySize: decoder.vocabularySize, contextLength: decoder.contextLength},
  }
  const plans = planTargets(request, targetText) ?? [await likeliestTarget(attributed, targetText)]
  const longest = plans.at(-1)!
  const sampler = needsSampler(request)
    ? await chooseSampler(context, request, {
        ...{text: prompt.text, tokenizer, tokenCount: longest.ids.length},
      })
    : null
  const contextCount = Math.min(...plans.map(({contextPositions}) => contextPositions.length))
  const {settings, warnings} = settingsOf(request, contextCount, sampler)
  yield {
    kind: 'tokenized',
    text: prompt.text,
    promptTokenCount: prompt.promptTokenCount,
    tokens: tokenTableOf(prompt.parts),
    turns: [...prompt.turns],
    provenance: text.provenance,
    settings,
    warnings: [
      ...prompt.warnings,
      ...model.warnings,
      ...(sampler?.warnings ?? []),
      ...warnings,
      ...specialWarnings(longest),
    ],
  }
  const runStartedMs = performance.now()
  const runs = plans.map(
    (plan, row) =>
      new AttributionRowRun({
        ...{context, request, plan, row, model, tokenizer, attributed, sampler, signal},
        settings: settingsOf(request, plan.contextPositions.length, sampler).settings,
      })
  )
  for (const run of runs) yield* run.attribute()
  // Checks run a changed graph, which is opened once for all of them.
  for (const run of runs) yield* run.check()
  yield {
    kind: 'completed',
    warnings: mergedWarnings(runs.flatMap((run) => run.warnings)),
    timing: {runMs: performance.now() - runStartedMs, totalMs: performance.now() - startedMs},
  }
}

/** What becomes of a target when tokens of the sequence are changed by hand. */
export async function tryChanges(
  context: AttributeContext,
  {ids, ...ref}: {model: string; file?: string | undefined; ids: Int32Array},
  trial: AttributionTrial,
  signal?: AbortSignal
): Promise<AttributionTrialResult> {
  const model = await context.graphs.open(ref)
  const {decoder} = model.files
  if (!isDecoder(decoder)) throw new ProblemError(decoder)
  const {targetPositions, targetTokenIds, contrastId, changes} = trial
  const {vocabularySize} = decoder
  checkIds(ids, vocabularySize, 'ids')
  checkIds(
    [...targetTokenIds, ...(contrastId === null ? [] : [contrastId])],
    vocabularySize,
    'target'
  )
  checkIds(
    changes.map(({id}) => id),
    vocabularySize,
    'changes'
  )
  const first = targetPositions[0]!
  if (first > ids.length) throw positionBeyond(first, ids.length + 1)
  const text: TargetText = {
    ...{ids, promptTokenCount: ids.length, isFixed: () => false},
    ...{vocabularySize, contextLength: decoder.contextLength},
  }
  const plan = planTarget(text, first, targetTokenIds, contrastId)
  const changed = plan.ids.slice()
  for (const {position, id} of changes) {
    if (position >= first) throw positionBeyond(position, first)
    changed[position] = id
  }
  const attributed = new AttributedModel(context.sessions, model, signal)
  const {prob} = await attributed.scorer(plan, 1)([plan.ids, changed])
  return {before: prob[0]!, after: prob[1]!}
}

function textRequestOf(request: AttributeRequest) {
  const {model, file, generate, prompt, messages, chat} = request
  const {noSpecialTokens, parseSpecial, truncate, completionIds} = request
  return attentionRequestSchema.parse({
    ...{model, file, generate, prompt, messages, chat},
    ...{noSpecialTokens, parseSpecial, truncate, completionIds},
  })
}

function isFixed({prompt}: ReadText, position: number): boolean {
  const part = prompt.parts[position]
  return part !== undefined && (part.isSpecial || part.isInserted)
}

/** The target of a request that names none: what the model holds for likeliest after the text. */
async function likeliestTarget(attributed: AttributedModel, text: TargetText): Promise<TargetPlan> {
  const last = text.ids.length - 1
  const found = await attributed.likeliest(text.ids, [last], 1)
  return planTarget(text, text.ids.length, found.get(last)!.ids)
}

function specialWarnings({specialPositions}: TargetPlan): Warning[] {
  if (specialPositions.length === 0) return []
  const message = `Inserted and special tokens are never replaced and have no value: ${specialPositions.length === 1 ? 'position' : 'positions'} ${specialPositions.join(', ')}.`
  return [{code: 'special-tokens-kept', message}]
}

/** Each once, however many rows say it. */
function mergedWarnings(warnings: readonly Warning[]): Warning[] {
  const byMessage = new Map(
    warnings.map((warning) => [`${warning.code} ${warning.message}`, warning])
  )
  return [...byMessage.values()]
}
