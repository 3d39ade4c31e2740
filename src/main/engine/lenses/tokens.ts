import type {LoadEvent} from '../../../shared/contract/contract.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import type {Provenance, TokensEvent, TokensRequest} from '../../../shared/lenses/tokens.ts'
import type {LogitsStore} from '../captures/logits-store.ts'
import {EventQueue} from '../jobs/event-queue.ts'
import type {LoadedModel, Models} from '../runtime/models.ts'
import {checkIds, encodePrompt} from './encode-prompt.ts'
import {type LogitLensContext, runLogitLens} from './logit-lens.ts'
import {positionBeyond} from './rows.ts'
import {TokensRun} from './tokens-run.ts'

/** What the lens works with. */
export interface TokensContext {
  readonly models: Models
  readonly store: LogitsStore
  readonly versions: Provenance['versions']
  /** Absent where no model is instrumented. */
  readonly lens?: LogitLensContext
}

/**
 * The tokens lens: the prompt's tokens, their statistics as chunks of them finish, generated tokens,
 * the next-token table and the tracked tokens. What an earlier run of the same sequence left is not
 * run again. Aborted, it throws the signal's reason and gives no other event.
 */
export async function* runTokens(
  context: TokensContext,
  request: TokensRequest,
  signal?: AbortSignal
): AsyncGenerator<TokensEvent, void, undefined> {
  for await (const event of tokensEvents(context, request, signal)) {
    // The reader may have cancelled while it had the event before.
    signal?.throwIfAborted()
    yield event
  }
}

async function* tokensEvents(
  context: TokensContext,
  request: TokensRequest,
  signal: AbortSignal | undefined
): AsyncGenerator<TokensEvent, void, undefined> {
  const startedMs = performance.now()
  const model = yield* loadWithProgress(context.models, request, signal)
  const {vocabularySize, contextLength} = model.info
  checkIds(request.track, vocabularySize, 'track')
  const folder = {contextLength, vocabularySize}
  const prompt = await encodePrompt(request, folder, model.tokenizer)
  const tokenCount = prompt.parts.length
  if (request.position !== 'last' && request.position >= tokenCount + request.generate) {
    throw positionBeyond(request.position, tokenCount + request.generate)
  }
  yield {
    kind: 'tokenized',
    text: prompt.text,
    promptTokenCount: prompt.promptTokenCount,
    tokens: tokenTableOf(prompt.parts),
    turns: [...prompt.turns],
    provenance: provenanceOf(model, context.versions),
    warnings: [...model.info.warnings, ...prompt.warnings],
  }
  const run = new TokensRun(context, model, request, prompt, signal)
  yield* run.events()
  if (request.logitLens) yield* lensEvents(context, run, request, signal)
  yield {
    kind: 'completed',
    stopReason: run.stopReason,
    warnings: run.warnings,
    timing: run.timing(startedMs),
  }
}

/** The table after each layer; what stands in its way is a warning, since the rest is there all the same. */
async function* lensEvents(
  {lens}: TokensContext,
  run: TokensRun,
  {model, file, topK, temperature, topP, track}: TokensRequest,
  signal: AbortSignal | undefined
): AsyncGenerator<TokensEvent, void, undefined> {
  if (!lens) return
  try {
    const {ids, position} = run.table
    const request = {model, file, ids, position, topK, temperature, topP, tokenIds: track}
    for await (const event of runLogitLens(lens, request, signal)) {
      if (event.kind === 'lens') yield {kind: 'logit-lens', lens: event.lens}
      else yield {...event, phase: 'capturing'}
    }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const {code, message, found} = error.problem
    run.warnings.push({
      code: `logit-lens-${code}`,
      message: `No logit lens: ${message}${found ? ` Found: ${found}.` : ''}`,
    })
  }
}

async function* loadWithProgress(
  models: Models,
  request: TokensRequest,
  signal: AbortSignal | undefined
): AsyncGenerator<TokensEvent, LoadedModel, undefined> {
  const present = models.get(request)
  if (present) return present
  const stages = new EventQueue<Extract<LoadEvent, {kind: 'stage'}>>()
  const loading = models.load(request, (stage) => stages.push(stage), signal)
  loading.then(
    () => stages.close(),
    (error) => stages.fail(error)
  )
  for await (const {doneBytes, totalBytes} of stages) {
    yield {
      kind: 'progress',
      phase: 'loading',
      done: doneBytes,
      total: totalBytes,
      secondsLeft: null,
    }
  }
  return loading
}

function provenanceOf(model: LoadedModel, versions: Provenance['versions']): Provenance {
  const {id, path, sha256, tokenizer} = model.info
  return {
    model: {id, path, sha256},
    tokenizer: {id: tokenizer.id, sha256: tokenizer.sha256},
    versions,
  }
}
