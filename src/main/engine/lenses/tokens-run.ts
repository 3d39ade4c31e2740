import type {Warning} from '../../../shared/domain/problem.ts'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import type {
  StatisticsColumns,
  StopReason,
  TokensEvent,
  TokensRequest,
} from '../../../shared/lenses/tokens.ts'
import type {KeptPrompt, KeptRun, LogitsStore} from '../captures/logits-store.ts'
import {EventQueue} from '../jobs/event-queue.ts'
import type {LoadedModel} from '../runtime/models.ts'
import type {RowsEvent, RunEvent, RunJob, RunOutcome} from '../runtime/worker-protocol.ts'
import {completionPart, type EncodedPrompt} from './encode-prompt.ts'
import {computeNext, nextTokensOf, scoringJob, TrackedGatherer, trackKept} from './rows.ts'

/** The part of a run that needs the model: one job, or none where everything is kept. */
export class TokensRun {
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
    private readonly context: {readonly store: LogitsStore},
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
