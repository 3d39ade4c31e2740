import {writeFile} from 'node:fs/promises'
import {type Problem, ProblemError, type Warning} from '../../shared/domain/problem.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation, problemOf} from '../../shared/engine-client/problem-of.ts'
import type {CommonFigureOptions} from '../../shared/figures/request.ts'
import {
  criticalResultOf,
  foldCriticalEvent,
  startCriticalRun,
} from '../../shared/lenses/assemble-critical.ts'
import type {CriticalRequest, CriticalResult} from '../../shared/lenses/critical.ts'
import {
  type CriticalDatasetResult,
  type CriticalItem,
  type CriticalItemSummary,
  criticalItemSchema,
  keptResult,
  requestOfItem,
  summaryOfItem,
  summaryOfItems,
} from '../../shared/lenses/critical-dataset.ts'
import {
  type CriticalWeights,
  criticalWeightsSchema,
  weightsLabel,
  weightsOfResult,
} from '../../shared/lenses/critical-weights.ts'
import type {DpoForm} from '../../shared/math/critical/dpo-weights.ts'
import type {ParsedRow, SkippedLine} from '../../shared/prompts/parsed-list.ts'
import type {CommonCall} from './common-call.ts'
import {writeFigure} from './common-figure.ts'
import {datasetCsv, datasetText} from './critical-dataset-text.ts'
import {recordKey} from './critical-many.ts'
import {type DatasetItem, readDataset} from './dataset-items.ts'
import {progressReporter} from './progress.ts'
import {RecordFile} from './record-file.ts'
import type {Terminal} from './terminal.ts'
import {EXIT} from './usage-error.ts'

export type DatasetFormat = 'jsonl' | 'json' | 'csv' | 'svg' | 'png'

/** What a run over a data set is told beside what its items are asked with. */
export interface DatasetCall extends CommonCall<DatasetFormat> {
  readonly dataset: string
  readonly isResumed: boolean
  /** Weights of this form are written in place of results. */
  readonly weights: DpoForm | null
  /** How the summary is drawn. */
  readonly options: CommonFigureOptions
}

type ItemRecord = CriticalItem | CriticalWeights

/** Problems that are an item's own; any other, before anything has gone through, would meet every item. */
const OF_ITEMS = new Set([
  ...['prompt-too-long', 'empty-prompt', 'unknown-token-id', 'completion-too-long'],
  ...['chat-template-failed', 'response-empty', 'response-too-long', 'no-wrong-response'],
  ...['checker-matches-everything'],
])
/** Skipped lines that a terminal is told. */
const TOLD_SKIPPED = 20

/** Why a row makes no item: most checkers compare with an answer. */
export function refuseOf(request: CriticalRequest): (row: ParsedRow) => string | null {
  const kind = request.checker?.kind
  const isCompared = kind === 'number' || kind === 'text' || kind === 'one-of'
  return ({answer}) =>
    isCompared && (answer ?? request.answer).trim() === '' ? 'has no answer' : null
}

/** Runs the lens over the items of a data set, writes what comes of each, and resolves with the exit code. */
export async function runCriticalDataset(
  request: CriticalRequest,
  call: DatasetCall,
  client: EngineClient,
  terminal: Terminal
): Promise<number> {
  const dataset = readDataset(call.dataset, refuseOf(request))
  const out = call.outFiles.find(({format}) => format === 'jsonl')
  const schema = call.weights ? criticalWeightsSchema : criticalItemSchema
  const file = out
    ? await RecordFile.open<ItemRecord>(out.path, schema, {isResumed: call.isResumed})
    : null
  const run = new DatasetRun(request, call, client, terminal, file)
  try {
    const warnings: Warning[] = [
      ...(file?.wasTorn ? [torn(file.path)] : []),
      ...(dataset.skippedCount > 0 ? [skippedLines(dataset)] : []),
      ...(dataset.overCount > 0 ? [tooMany(dataset.overCount)] : []),
    ]
    await run.over(dataset.items)
    const {items} = run
    const failed = items.filter(({status}) => status === 'failed')
    const {prompt, messages, response, responseIds, ...shared} = request
    const result: CriticalDatasetResult = {
      schema: 'tokenscope/critical@1',
      request: call.noPrompt ? withoutAnswer(shared) : {...shared, dataset: call.dataset},
      ...run.provenance,
      warnings: failed.length > 0 ? [...warnings, itemsFailed(failed)] : warnings,
      status: terminal.interrupted.aborted ? 'cancelled' : 'completed',
      ...{items, summary: summaryOfItems(items)},
      ...{skippedCount: dataset.skippedCount, skipped: [...dataset.skipped]},
    }
    const told = await write(call, result, client)
    await print(call, {...result, warnings: [...result.warnings, ...told]}, terminal)
    return terminal.interrupted.aborted ? EXIT.interrupted : EXIT.done
  } finally {
    await file?.close()
  }
}

class DatasetRun {
  readonly items: CriticalItemSummary[] = []
  /** Of the results so far. */
  provenance: Partial<Pick<CriticalResult, 'model' | 'tokenizer' | 'versions'>> = {}
  /** Of the model that the records of an earlier run were made with. */
  private readonly earlierSha256: string | undefined

  constructor(
    private readonly request: CriticalRequest,
    private readonly call: DatasetCall,
    private readonly client: EngineClient,
    private readonly terminal: Terminal,
    private readonly file: RecordFile<ItemRecord> | null
  ) {
    this.earlierSha256 = file?.all().map(modelOf).find(Boolean)
  }

  async over(items: readonly DatasetItem[]): Promise<void> {
    const {terminal, call, file} = this
    const asked = items.map((item) => {
      const request = requestOfItem(this.request, item)
      return {item, request, key: recordKey(request, call.weights)}
    })
    // Before anything is run: what is there must be of this run.
    const earlier = asked.map(({item: {index}, key}) => file?.of({index, key}) ?? null)
    const progress = progressReporter(terminal, call.progress)
    const startedMs = performance.now()
    let ranCount = 0
    const missingCount = earlier.filter((record) => record === null).length
    try {
      for (const [i, {item, request, key}] of asked.entries()) {
        const found = earlier[i]
        if (found) {
          this.items.push(summaryOf(found))
          continue
        }
        if (terminal.interrupted.aborted) return
        const secondsLeft =
          ranCount === 0
            ? null
            : ((performance.now() - startedMs) / ranCount / 1000) * (missingCount - ranCount)
        progress.show({phase: 'items', done: i, total: items.length, secondsLeft})
        const record = await this.recordOf(item, request, key)
        if (!record) return
        await file?.add(record.written)
        this.items.push(record.summary)
        ranCount++
      }
    } finally {
      progress.end()
    }
  }

  /** What came of one item; null where it was interrupted. */
  private async recordOf(
    {index, line}: DatasetItem,
    request: CriticalRequest,
    key: string
  ): Promise<{written: ItemRecord; summary: CriticalItemSummary} | null> {
    const {call} = this
    const place = {index, line, key}
    try {
      const result = await this.resultOf(request)
      if (!result) return null
      this.checkModel(result)
      const item: CriticalItem = {
        ...{schema: 'tokenscope/critical-item@1', ...place, status: 'completed'},
        result: keptResult(result),
      }
      const written: ItemRecord = call.weights
        ? {
            ...weightsLabel(call.weights),
            ...{...place, status: 'completed'},
            ...weightsOfResult(result, call.weights),
          }
        : call.noPrompt
          ? {...item, result: withoutTexts(item.result!)}
          : item
      return {written, summary: summaryOfItem(item)}
    } catch (error) {
      const problem = problemOf(error)
      if (!problem || this.isOfAll(problem)) throw error
      const failed = {...place, status: 'failed', problem} as const
      const item: CriticalItem = {schema: 'tokenscope/critical-item@1', ...failed}
      const written = call.weights ? {...weightsLabel(call.weights), ...failed} : item
      return {written, summary: summaryOfItem(item)}
    }
  }

  private async resultOf(request: CriticalRequest): Promise<CriticalResult | null> {
    const {client, terminal} = this
    let run = startCriticalRun(request)
    try {
      const events = await client.criticals.run(request, {signal: terminal.interrupted})
      for await (const event of events) run = foldCriticalEvent(run, event)
    } catch (error) {
      if (terminal.interrupted.aborted || isCancellation(error)) return null
      throw error
    }
    return run.completed ? criticalResultOf(run, 'completed') : null
  }

  /** Whether a problem would meet every item alike, so that the run ends. */
  private isOfAll({code}: Problem): boolean {
    if (code === 'records-of-another-model') return true
    const hasSuccess = this.items.some(({status}) => status === 'completed')
    return !hasSuccess && !OF_ITEMS.has(code)
  }

  private checkModel({model, tokenizer, versions}: CriticalResult): void {
    const {earlierSha256, file} = this
    if (earlierSha256 && earlierSha256 !== model.sha256) {
      throw new ProblemError({
        code: 'records-of-another-model',
        message: 'The file that is to be gone on with was made with another model.',
        ...(file ? {file: file.path} : {}),
        found: `${model.id}, ${model.sha256.slice(0, 12)}…`,
        expected: `the model ${earlierSha256.slice(0, 12)}…`,
        advice: 'Use the model that it was begun with, or write to another file.',
      })
    }
    this.provenance = {model, tokenizer, versions}
  }
}

function modelOf(record: ItemRecord): string | undefined {
  return 'form' in record ? record.model?.sha256 : record.result?.model.sha256
}

/** Records of weights tell neither scores nor tokens. */
function summaryOf(record: ItemRecord): CriticalItemSummary {
  if (!('form' in record)) return summaryOfItem(record)
  const {index, line, key, status, problem, role, promptIds, responseIds} = record
  return {
    ...{index, line, key, status, critical: [], agreement: null},
    ...(problem ? {problem} : {}),
    ...(role
      ? {
          verdict: role === 'chosen' ? ('right' as const) : ('wrong' as const),
          responseStart: promptIds!.length,
          responseTokenCount: responseIds!.length,
        }
      : {}),
  }
}

function withoutTexts({request, turns, ...rest}: CriticalResult): CriticalResult {
  const hidden = {id: 0, text: '', bytesHex: '', byteStart: 0, byteEnd: 0}
  return {
    ...rest,
    request: withoutAnswer(request) as CriticalRequest,
    text: '',
    tokens: rest.tokens.map((token) => ({...token, ...hidden})),
  }
}

function withoutAnswer(request: Partial<CriticalRequest>): Partial<CriticalRequest> {
  const {prompt, messages, completionIds, response, responseIds, checker, ...rest} = request
  return {...rest, answer: ''}
}

/** Writes what is asked for beside the records; resolves with what is to be said of pictures. */
async function write(
  {outFiles, options}: DatasetCall,
  result: CriticalDatasetResult,
  client: EngineClient
): Promise<Warning[]> {
  const told: Warning[] = []
  for (const {path, format} of outFiles) {
    if (format === 'svg' || format === 'png') {
      const request = {figure: 'critical-dataset', format, result, options} as const
      told.push(...(await writeFigure(path, request, client)))
    }
    if (format === 'json') await writeFile(path, `${JSON.stringify(result)}\n`)
    if (format === 'csv') await writeFile(path, datasetCsv(result))
  }
  return told
}

async function print(
  call: DatasetCall,
  result: CriticalDatasetResult,
  terminal: Terminal
): Promise<void> {
  if (call.isJson) await terminal.print(`${JSON.stringify(result)}\n`)
  else await terminal.print(datasetText(result, call.outFiles.length === 0))
  if (!call.isJson) {
    for (const {code, message} of result.warnings) {
      terminal.printError(`warning (${code}): ${message}\n`)
    }
  }
  if (terminal.interrupted.aborted) {
    const isKept = call.outFiles.some(({format}) => format === 'jsonl')
    terminal.printError(
      `Interrupted: this is a part of it.${isKept ? ' --resume goes on with the rest.' : ''}\n`
    )
  }
}

function skippedLines({
  skippedCount,
  skipped,
}: {
  readonly skippedCount: number
  readonly skipped: readonly SkippedLine[]
}): Warning {
  const named = skipped.slice(0, TOLD_SKIPPED).map(({line, reason}) => `line ${line} ${reason}`)
  const more = skippedCount > named.length ? ` and ${skippedCount - named.length} more` : ''
  const many = skippedCount === 1 ? '1 line was' : `${skippedCount} lines were`
  return {
    code: 'dataset-lines-skipped',
    message: `${many} skipped: ${named.join('; ')}${more}.`,
  }
}

function tooMany(overCount: number): Warning {
  return {
    code: 'dataset-cut',
    message: `${overCount} items beyond the first 10,000 were left out.`,
  }
}

function torn(path: string): Warning {
  return {
    code: 'record-cut-off',
    message: `The last line of ${path} was not whole; its item is run again.`,
  }
}

function itemsFailed(failed: readonly CriticalItemSummary[]): Warning {
  const named = failed
    .slice(0, TOLD_SKIPPED)
    .map(({line, problem}) => `line ${line}: ${problem?.message ?? ''}`)
  const many = failed.length === 1 ? '1 item' : `${failed.length} items`
  return {code: 'items-failed', message: `${many} failed: ${named.join(' ')}`}
}
