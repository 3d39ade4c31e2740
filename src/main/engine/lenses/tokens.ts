import type {LoadEvent} from '../../../shared/contract/contract.ts'
import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import type {
  Provenance,
  StatisticsColumns,
  StopReason,
  TokensEvent,
  TokensRequest,
} from '../../../shared/lenses/tokens.ts'
import type {KeptPrompt, KeptRun, LogitsStore} from '../captures/logits-store.ts'
import {EventQueue} from '../jobs/event-queue.ts'
import type {LoadedModel, Models} from '../runtime/models.ts'
import type {RowsEvent, RunEvent, RunJob, RunOutcome} from '../runtime/worker-protocol.ts'
import {checkIds, completionPart, type EncodedPrompt, encodePrompt} from './encode-prompt.ts'
import {type LogitLensContext, runLogitLens} from './logit-lens.ts'
import {
  computeNext,
  nextTokensOf,
  positionBeyond,
  scoringJob,
  TrackedGatherer,
  trackKept,
} from './rows.ts'

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

/** The part of a run that needs the model: one job, or none where everything is kept. */
class TokensRun {
  stopReason: StopReason | null = null
  readonly warnings: Warning[] = []
  private position = 0
  private readonly ids: Int32Array
  private readonly tracked: TrackedGatherer
  private readonly generatedIds: number[] = []
  private byteEnd: number
  private runStartedMs = performance.now()
  private promptEndedMs = 0
  private runEndedMs = this.runStartedMs
  /** Rows that came one by one because the whole is not kept. */
  private readonly singleRows = new Map<number, Float32Array>()

  constructor(
    private readonly context: TokensContext,
    private readonly model: LoadedModel,
    private readonly request: TokensRequest,
    prompt: EncodedPrompt,
    private readonly signal: AbortSignal | undefined
  ) {
    this.ids = Int32Array.from(prompt.parts, (part) => part.id)
    this.tracked = new TrackedGatherer(request.track)
    this.byteEnd = prompt.parts.at(-1)?.byteEnd ?? 0
    // A prompt that was cut on the right ends before its text does.
    this.byteEnd = Math.max(this.byteEnd, Buffer.byteLength(prompt.text))
  }

  get tokenCount(): number {
    return this.ids.length + this.generatedIds.length
  }

  /** The whole sequence, and the position after which its next-token table stands. */
  get table(): {readonly ids: Int32Array<ArrayBuffer>; readonly position: number} {
    return {ids: Int32Array.from([...this.ids, ...this.generatedIds]), position: this.position}
  }

  timing(startedMs: number): Extract<TokensEvent, {kind: 'completed'}>['timing'] {
    const generatingMs = this.runEndedMs - this.promptEndedMs
    return {
      runMs: this.runEndedMs - this.runStartedMs,
      totalMs: performance.now() - startedMs,
      tokensPerSecond:
        this.generatedIds.length > 0 && generatingMs > 0
          ? (1000 * this.generatedIds.length) / generatingMs
          : null,
    }
  }

  async *events(): AsyncGenerator<TokensEvent, void, undefined> {
    const {ids, model, request} = this
    const isComparison = request.kvCache === false
    const known = isComparison ? null : this.context.store.findPrompt(model.key, ids)
    if (known) known.run.pinCount++
    try {
      // A longer prompt was cut into other runs, which moves its rows by rounding.
      const isWhole = known?.count === ids.length && known.run.promptCount === ids.length
      if (known && isWhole && request.generate === 0) {
        yield* this.knownEvents(known.run, ids.length)
        yield* this.rowEvents(known.run)
        return
      }
      yield* this.newEvents(known)
    } finally {
      if (known) known.run.pinCount--
    }
  }

  private async *newEvents(known: KeptPrompt | null): AsyncGenerator<TokensEvent, void, undefined> {
    const {store} = this.context
    const isComparison = this.request.kvCache === false
    const {key, info} = this.model
    const kept = isComparison ? null : store.begin(key, info.vocabularySize, this.ids, known)
    try {
      // Without room for the new rows the old ones are no use either: later ones would not follow them.
      yield* this.modelEvents(kept, kept && known)
      yield* this.rowEvents(kept)
    } finally {
      if (kept) store.unpin(kept)
    }
  }

  private async *knownEvents(
    run: KeptRun,
    count: number
  ): AsyncGenerator<TokensEvent, void, undefined> {
    for (const {firstPosition, rowCount, columns} of run.blocks) {
      if (firstPosition + rowCount <= count) yield {kind: 'statistics', firstPosition, columns}
    }
    if (this.request.track.length === 0) return
    const tracked = await trackKept(this.model, run, count, this.request.track, this.signal)
    this.tracked.add(tracked)
  }

  private async *modelEvents(
    kept: KeptRun | null,
    known: KeptPrompt | null
  ): AsyncGenerator<TokensEvent, void, undefined> {
    const {request, model} = this
    const queue = new EventQueue<RunEvent>()
    let outcome: RunOutcome | null = null
    // A reader that goes away without a word ends the job as well.
    const left = new AbortController()
    const signal = this.signal ? AbortSignal.any([this.signal, left.signal]) : left.signal
    this.runStartedMs = performance.now()
    model.session
      .run(this.job(kept !== null, known?.count ?? 0), {
        signal,
        onEvent: (event) => {
          if (event.kind === 'started' && kept && known) {
            this.context.store.share(kept, known.run, event.startAt)
          }
          if (event.kind === 'rows') {
            model.rates.record(event)
            if (kept) this.context.store.add(kept, event)
          }
          queue.push(event)
        },
      })
      .then(
        (value) => {
          outcome = value
          this.runEndedMs = performance.now()
          queue.close()
        },
        (error) => queue.fail(error)
      )
    try {
      yield this.progress('prompt', 0)
      for await (const event of queue) {
        if (event.kind === 'row') {
          this.singleRows.set(event.position, event.logits)
          continue
        }
        if (event.kind === 'answer') continue
        if (event.kind === 'started') {
          if (!known || event.startAt === 0) continue
          yield* this.knownEvents(known.run, event.startAt)
          yield this.progress('prompt', event.startAt)
          continue
        }
        this.tracked.add(event.tracked)
        yield* this.rowsEvents(event)
        const isPromptEnd =
          event.phase === 'prompt' && event.firstPosition + event.rowCount === this.ids.length
        if (!isPromptEnd) continue
        this.promptEndedMs = performance.now()
        if (request.generate > 0) yield* this.earlyRowEvents(kept)
      }
    } finally {
      left.abort(new Error('nobody listens any more'))
    }
    this.stopReason = (outcome as RunOutcome | null)?.stopReason ?? null
  }

  private job(keepLogits: boolean, knownCount: number): RunJob {
    const {request, model, ids} = this
    return scoringJob(ids, model, {
      knownCount,
      useKvCache: request.kvCache !== false,
      keepLogits,
      trackIds: request.track,
      rowPosition: request.position === 'last' ? null : request.position,
      generation:
        request.generate > 0
          ? {
              count: request.generate,
              stopIds: model.folder.stopIds,
              sampling: request.sample
                ? {temperature: request.temperature, topP: request.topP}
                : null,
              seed: request.seed,
            }
          : null,
    })
  }

  private *rowsEvents(event: RowsEvent): Generator<TokensEvent, void, undefined> {
    const {firstPosition, columns} = event
    if (event.phase === 'prompt') {
      yield {kind: 'statistics', firstPosition, columns}
      yield this.progress('prompt', firstPosition + event.rowCount)
      return
    }
    yield this.generatedEvent(firstPosition, event.generatedIds, columns)
    yield this.progress('generating', this.generatedIds.length)
  }

  private generatedEvent(
    firstPosition: number,
    generatedIds: Int32Array,
    columns: StatisticsColumns
  ): TokensEvent {
    const parts = Array.from(generatedIds, (id) => {
      const part = completionPart(this.model.tokenizer, id, this.byteEnd)
      this.byteEnd = part.byteEnd
      return part
    })
    this.generatedIds.push(...generatedIds)
    return {kind: 'generated', firstPosition, tokens: tokenTableOf(parts), columns}
  }

  private progress(phase: 'prompt' | 'generating', done: number): TokensEvent {
    const {request, ids, model} = this
    const isPrompt = phase === 'prompt'
    const secondsLeft = model.rates.secondsFor(
      isPrompt ? ids.length - done : 0,
      isPrompt ? request.generate : request.generate - done
    )
    return {
      kind: 'progress',
      phase,
      done,
      total: isPrompt ? ids.length : request.generate,
      secondsLeft,
    }
  }

  /** While it generates, the table after the prompt is worth seeing already. */
  private async *earlyRowEvents(
    kept: KeptRun | null
  ): AsyncGenerator<TokensEvent, void, undefined> {
    const {position} = this.request
    const wanted = position === 'last' ? this.ids.length - 1 : position
    const row = kept?.row(wanted) ?? this.singleRows.get(wanted)
    if (row) yield {kind: 'next', next: nextTokensOf(this.model, row, wanted, this.request)}
  }

  private async *rowEvents(kept: KeptRun | null): AsyncGenerator<TokensEvent, void, undefined> {
    const {request, model} = this
    const lastPosition = this.tokenCount - 1
    let position = request.position === 'last' ? lastPosition : request.position
    if (position > lastPosition) {
      this.warnings.push({
        code: 'position-not-reached',
        message: `Generation ended before position ${position}; the table stands after ${lastPosition}.`,
      })
      position = lastPosition
    }
    this.position = position
    const row = kept?.row(position) ?? this.singleRows.get(position)
    yield {
      kind: 'next',
      next: row ? nextTokensOf(model, row, position, request) : await this.nextByRunning(position),
    }
    if (request.track.length > 0) {
      yield {kind: 'tracked', tracked: this.tracked.columns(model)}
    }
  }

  /** A row inside the completion that was not kept: only then is anything run a second time. */
  private nextByRunning(position: number) {
    const {ids} = this.table
    return computeNext(
      this.model,
      this.context.store,
      {...this.request, ids, position},
      this.signal
    )
  }
}
