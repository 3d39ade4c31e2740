import {writeFile} from 'node:fs/promises'
import {ProblemError, type Warning} from '../../shared/domain/problem.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {CommonFigureOptions} from '../../shared/figures/request.ts'
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
import {
  type ItemOutcome,
  refusalOf,
  runCriticalItems,
} from '../../shared/lenses/run-critical-items.ts'
import type {DpoForm} from '../../shared/math/critical/dpo-weights.ts'
import type {SkippedLine} from '../../shared/prompts/parsed-list.ts'
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

/** An item with what it is asked for by. */
interface AskedItem {
  readonly place: Pick<CriticalItem, 'index' | 'line' | 'key'>
  readonly request: CriticalRequest
}

/** Skipped lines that a terminal is told. */
const TOLD_SKIPPED = 20

/** Runs the lens over the items of a data set, writes what comes of each, and resolves with the exit code. */
export async function runCriticalDataset(
  request: CriticalRequest,
  call: DatasetCall,
  client: EngineClient,
  terminal: Terminal
): Promise<number> {
  const dataset = readDataset(call.dataset, (row) => refusalOf(request, row))
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
  /** Of the results so far. */
  provenance: Partial<Pick<CriticalResult, 'model' | 'tokenizer' | 'versions'>> = {}
  /** Of the model that the records of an earlier run were made with. */
  private readonly earlierSha256: string | undefined
  /** By index of the item. */
  private readonly found: (CriticalItemSummary | null)[] = []

  constructor(
    private readonly request: CriticalRequest,
    private readonly call: DatasetCall,
    private readonly client: EngineClient,
    private readonly terminal: Terminal,
    private readonly file: RecordFile<ItemRecord> | null
  ) {
    this.earlierSha256 = file?.all().map(modelOf).find(Boolean)
  }

  /** What is known of items, in their order. */
  get items(): CriticalItemSummary[] {
    return this.found.filter((item) => item !== null)
  }

  async over(items: readonly DatasetItem[]): Promise<void> {
    const {terminal, call, file, client} = this
    const asked = items.map(({index, line, ...item}): AskedItem => {
      const request = requestOfItem(this.request, {index, ...item})
      return {place: {index, line, key: recordKey(request, call.weights)}, request}
    })
    // Before anything is run: what is there must be of this run.
    for (const {place} of asked) {
      const record = file?.of(place) ?? null
      this.found.push(record && summaryOf(record))
    }
    const missing = asked.filter(({place}) => this.found[place.index] === null)
    const progress = progressReporter(terminal, call.progress)
    const startedMs = performance.now()
    let ranCount = 0
    const show = () => {
      const next = missing[ranCount]
      if (!next) return
      const msEach = (performance.now() - startedMs) / ranCount
      progress.show({
        ...{phase: 'items', done: next.place.index, total: items.length},
        secondsLeft: ranCount === 0 ? null : (msEach * (missing.length - ranCount)) / 1000,
      })
    }
    const hasSuccess = this.items.some(({status}) => status === 'completed')
    const signal = terminal.interrupted
    try {
      show()
      for await (const outcome of runCriticalItems(missing, {client, signal, hasSuccess})) {
        const {written, summary} = this.recordOf(outcome)
        await file?.add(written)
        this.found[summary.index] = summary
        ranCount++
        show()
      }
    } finally {
      progress.end()
    }
  }

  /** What is written of one item. */
  private recordOf({asked: {place}, result, problem}: ItemOutcome<AskedItem>): {
    written: ItemRecord
    summary: CriticalItemSummary
  } {
    const {weights, noPrompt} = this.call
    if (problem) {
      const failed = {...place, status: 'failed', problem} as const
      const item: CriticalItem = {schema: 'tokenscope/critical-item@1', ...failed}
      const written = weights ? {...weightsLabel(weights), ...failed} : item
      return {written, summary: summaryOfItem(item)}
    }
    this.checkModel(result)
    const done = {...place, status: 'completed'} as const
    const kept = keptResult(result)
    const item: CriticalItem = {schema: 'tokenscope/critical-item@1', ...done, result: kept}
    const written: ItemRecord = weights
      ? {...weightsLabel(weights), ...done, ...weightsOfResult(result, weights)}
      : noPrompt
        ? {...item, result: withoutTexts(kept)}
        : item
    return {written, summary: summaryOfItem(item)}
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
