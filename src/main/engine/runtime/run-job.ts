import {ProblemError} from '../../../shared/domain/problem.ts'
import {STATISTICS, type StopReason} from '../../../shared/lenses/tokens.ts'
import {NonFiniteLogitError} from '../../../shared/math/distribution.ts'
import {generate} from '../generation/generate.ts'
import type {CacheMark, Decoder} from './decoder.ts'
import {emptyColumns, logSumExpOf, scoreToken, trackRows} from './row-scorer.ts'
import type {RowsEvent, RunEvent, RunJob, RunOutcome, SessionFacts} from './worker-protocol.ts'

/** Time over which generated tokens are gathered into one event: a frame. */
const BATCH_MS = 16

/** Where a later job may take up: a prompt's KV cache at the end of its last whole chunk. */
export interface ResumePoint {
  /** The sequence it is of; the cache holds its first `mark.count` ids. */
  readonly ids: Int32Array
  readonly mark: CacheMark
  /** What the model predicts after the last cached position. */
  readonly row: Float32Array
}

export interface JobContext {
  readonly decoder: Pick<Decoder, 'canChunk' | 'isCached' | 'reset' | 'mark' | 'return' | 'append'>
  readonly facts: SessionFacts
  readonly modelId: string
  readonly contextLength: number
  readonly resumePoint: ResumePoint | null
  readonly isCancelled: () => boolean
  readonly emit: (event: RunEvent) => void
}

/**
 * Runs a job: the prompt in chunks, then generation. It says where it starts: at the resume point where
 * that is of this very sequence, else at 0. Positions from there are emitted in order and once, each
 * with its statistics (from the row before it) and its own row. Chunks start at multiples of the chunk
 * length whatever was cached, so that a resumed run gives the same numbers as one from the start.
 */
export async function runJob(
  job: RunJob,
  context: JobContext
): Promise<RunOutcome & {resumePoint: ResumePoint | null}> {
  const run = new JobRun(job, context)
  const isComplete = (await run.runPrompt()) && (await run.scoreAnswers())
  const stopReason = isComplete ? await run.generate() : null
  const isCancelled = !isComplete || (job.generation !== null && stopReason === null)
  return {
    status: isCancelled ? 'cancelled' : 'completed',
    stopReason,
    resumePoint: run.resumePoint,
  }
}

class JobRun {
  resumePoint: ResumePoint | null = null
  private readonly vocabularySize: number
  /** What the model predicts after the last position run; null before the first. */
  private row: Float32Array | null = null

  constructor(
    private readonly job: RunJob,
    private readonly context: JobContext
  ) {
    this.vocabularySize = context.facts.vocabularySize
  }

  /** False where it was cancelled. */
  async runPrompt(): Promise<boolean> {
    const {job, context} = this
    const {decoder} = context
    const {ids} = job
    const startAt = this.start()
    context.emit({kind: 'started', startAt})
    const canChunk = job.useKvCache && decoder.canChunk
    const chunkLength = canChunk ? context.facts.chunkLength : ids.length
    for (let first = startAt; first < ids.length; first += chunkLength) {
      if (context.isCancelled()) return false
      const end = Math.min(ids.length, first + chunkLength)
      const isWhole = canChunk && end % chunkLength === 0
      const startedMs = performance.now()
      const isLast = end === ids.length && !job.generation && job.answers.length === 0 && !isWhole
      const rows = await decoder.append(ids.subarray(first, end), isLast)
      this.emitPrompt(first, rows, performance.now() - startedMs)
      if (isWhole) this.resumePoint = {ids, mark: decoder.mark(), row: this.row!}
    }
    return true
  }

  /** Scores each answer right after the prompt. False where it was cancelled. */
  async scoreAnswers(): Promise<boolean> {
    for (const [index, ids] of this.job.answers.entries()) {
      if (!(await this.scoreAnswer(index, ids))) return false
    }
    return true
  }

  /** Each token given those before it; then the decoder is brought back to the end of the prompt. */
  private async scoreAnswer(answer: number, answerIds: Int32Array): Promise<boolean> {
    const {job, context, vocabularySize} = this
    const {decoder} = context
    if (answerIds.length === 0) return true
    const logprobs = new Float64Array(answerIds.length)
    const score = (index: number, row: Float32Array) =>
      this.guard(job.ids.length + index - 1, () => {
        logprobs[index] = row[answerIds[index]!]! - logSumExpOf(row, 0, vocabularySize)
      })
    score(0, this.row!)
    const mark = decoder.mark()
    // The last token is predicted and need not be run.
    const runCount = answerIds.length - 1
    const stepLength = decoder.canChunk
      ? context.facts.chunkLength
      : decoder.isCached
        ? 1
        : runCount
    for (let first = 0; first < runCount; first += stepLength) {
      if (context.isCancelled()) return false
      const end = Math.min(runCount, first + stepLength)
      const rows = await decoder.append(answerIds.subarray(first, end))
      for (let i = first; i < end; i++) {
        const start = (i - first) * vocabularySize
        score(i + 1, rows.subarray(start, start + vocabularySize))
      }
    }
    if (runCount > 0) decoder.return(mark)
    context.emit({kind: 'answer', index: answer, logprobs})
    return true
  }

  /** Null where it was cancelled, or where nothing was to be generated. */
  async generate(): Promise<StopReason | null> {
    const {job, context} = this
    const {generation} = job
    if (!generation) return null
    const batch = new GeneratedBatch(job, this.vocabularySize, context.emit)
    let position = job.ids.length
    let lastRow = this.row!
    let elapsedMs = 0
    const reason = await generate({
      ...generation,
      length: job.ids.length,
      contextLength: context.contextLength,
      firstRow: lastRow,
      isCancelled: context.isCancelled,
      append: async (id) => {
        const startedMs = performance.now()
        const row = await context.decoder.append([id])
        elapsedMs = performance.now() - startedMs
        return row
      },
      onToken: (id, row, nextRow) => {
        this.guard(position - 1, () => batch.add(position, id, row, nextRow, elapsedMs))
        lastRow = nextRow
        position++
      },
    })
    // The last row may be handed over with the batch, so it is sent before.
    if (position > job.ids.length) this.emitRow(position - 1, lastRow)
    this.guard(position - 1, () => batch.flush())
    return reason
  }

  /** Brings the decoder to where the job starts, and gives that position. */
  private start(): number {
    const {job, context} = this
    const point = context.resumePoint
    if (!point || !isPointOf(point, job)) {
      context.decoder.reset(job.useKvCache)
      return 0
    }
    context.decoder.return(point.mark)
    this.resumePoint = point
    this.row = point.row
    return point.mark.count
  }

  private emitPrompt(first: number, rows: Float32Array, elapsedMs: number): void {
    const {job, vocabularySize} = this
    const rowCount = rows.length / vocabularySize
    const columns = emptyColumns(rowCount)
    const logSumExps = new Float64Array(rowCount)
    if (this.row) {
      const row = this.row
      this.guard(first - 1, () =>
        scoreToken(columns, 0, row, 0, vocabularySize, job.ids[first]!, job.endIds)
      )
    }
    for (let i = 0; i < rowCount; i++) {
      this.guard(first + i, () => {
        const start = i * vocabularySize
        logSumExps[i] =
          i + 1 < rowCount
            ? scoreToken(
                columns,
                i + 1,
                rows,
                start,
                vocabularySize,
                job.ids[first + i + 1]!,
                job.endIds
              )
            : logSumExpOf(rows, start, vocabularySize)
      })
    }
    this.row = rows.slice(rows.length - vocabularySize)
    for (const wanted of new Set([job.rowPosition ?? -1, job.ids.length - 1])) {
      if (wanted < first || wanted >= first + rowCount) continue
      const start = (wanted - first) * vocabularySize
      this.emitRow(wanted, rows.subarray(start, start + vocabularySize))
    }
    this.context.emit({
      kind: 'rows',
      phase: 'prompt',
      firstPosition: first,
      rowCount,
      generatedIds: new Int32Array(0),
      columns,
      logSumExps,
      tracked: trackRows(rows, vocabularySize, logSumExps, job.trackIds),
      logits: job.keepLogits ? rows : null,
      elapsedMs,
    })
  }

  /** Rows that are kept need not be sent once more. */
  private emitRow(position: number, row: Float32Array): void {
    if (!this.job.keepLogits) this.context.emit({kind: 'row', position, logits: row.slice()})
  }

  private guard(position: number, compute: () => void): void {
    try {
      compute()
    } catch (error) {
      if (!(error instanceof NonFiniteLogitError)) throw error
      throw new ProblemError({
        code: 'non-finite-logits',
        message: `The model ${this.context.modelId} gave a logit that is not a finite number.`,
        field: `position ${position}, token ${error.tokenId}`,
        found: String(error.value),
        expected: 'finite logits',
        advice: 'Try another file of the model: half-precision and quantized ones overflow first.',
      })
    }
  }
}

/** Whether a job may start there: rows that nobody has would be missing after a later point. */
function isPointOf({ids, mark}: ResumePoint, job: RunJob): boolean {
  // The last position is run again, for its row and for the cache that generation starts from.
  if (!job.useKvCache || mark.count > job.knownCount || mark.count >= job.ids.length) return false
  for (let i = 0; i < mark.count; i++) if (ids[i] !== job.ids[i]) return false
  return true
}

/** Gathers generated positions into one event a frame. */
class GeneratedBatch {
  private ids: number[] = []
  private rows: Float32Array[] = []
  private columns: number[][] = []
  private logSumExps: number[] = []
  private firstPosition = 0
  private elapsedMs = 0
  private flushedMs = performance.now()
  private readonly scratch = emptyColumns(1)

  constructor(
    private readonly job: RunJob,
    private readonly vocabularySize: number,
    private readonly emit: (event: RowsEvent) => void
  ) {}

  add(
    position: number,
    id: number,
    row: Float32Array,
    nextRow: Float32Array,
    elapsedMs: number
  ): void {
    const {scratch, vocabularySize, job} = this
    const logSumExp = scoreToken(scratch, 0, row, 0, vocabularySize, id, job.endIds)
    // It is that of the row before, which waits for it where it was generated too.
    if (this.logSumExps.length < this.ids.length) this.logSumExps.push(logSumExp)
    // Earlier rows may leave now: the token after each of them has been chosen and scored.
    if (this.ids.length > 0 && performance.now() - this.flushedMs >= BATCH_MS) this.flush()
    if (this.ids.length === 0) this.firstPosition = position
    this.ids.push(id)
    this.rows.push(nextRow)
    this.columns.push(STATISTICS.map((name) => scratch[name][0]!))
    this.elapsedMs += elapsedMs
  }

  flush(): void {
    const rowCount = this.ids.length
    if (rowCount === 0) return
    if (this.logSumExps.length < rowCount) {
      this.logSumExps.push(logSumExpOf(this.rows.at(-1)!, 0, this.vocabularySize))
    }
    const columns = emptyColumns(rowCount)
    for (const [i, values] of this.columns.entries()) {
      for (const [c, name] of STATISTICS.entries()) columns[name][i] = values[c]!
    }
    const needsRows = this.job.keepLogits || this.job.trackIds.length > 0
    const rows = needsRows ? joined(this.rows, this.vocabularySize) : null
    const logSumExps = Float64Array.from(this.logSumExps)
    this.emit({
      kind: 'rows',
      phase: 'generating',
      firstPosition: this.firstPosition,
      rowCount,
      generatedIds: Int32Array.from(this.ids),
      columns,
      logSumExps,
      tracked: rows ? trackRows(rows, this.vocabularySize, logSumExps, this.job.trackIds) : [],
      logits: this.job.keepLogits ? rows : null,
      elapsedMs: this.elapsedMs,
    })
    this.ids = []
    this.rows = []
    this.columns = []
    this.logSumExps = []
    this.elapsedMs = 0
    this.flushedMs = performance.now()
  }
}

function joined(rows: readonly Float32Array[], vocabularySize: number): Float32Array {
  if (rows.length === 1) return rows[0]!
  const whole = new Float32Array(rows.length * vocabularySize)
  for (const [i, row] of rows.entries()) whole.set(row, i * vocabularySize)
  return whole
}
