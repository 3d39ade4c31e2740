import {
  type ExportFacts,
  exportPath,
  readReference,
} from '../../../../fixtures/exports/read-export.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {feedsOf} from '../../../../fixtures/families/feeds.ts'
import {runReference} from '../../../../fixtures/families/reference.ts'
import type {FamilyCell} from '../../../../fixtures/families/traits.ts'
import type {CaptureRoute} from '../onnx/capture-plan.ts'
import {openSession, runFeeds, type TestOutputs} from '../runtime/test-onnxruntime.ts'
import {
  allRows,
  type FeedsOfRun,
  graphInputsOf,
  outputNumbers,
  planAll,
  type ReadModel,
  readStructure,
  runPlan,
  withModel,
} from './test-capture.ts'

/** A model with what it should attend to. */
export interface Subject {
  readonly read: ReadModel
  readonly feedsOf: FeedsOfRun
  readonly tokenCount: number
  readonly layerCount: number
  readonly queryHeadCount: number
  readonly output: string
  /** Where a text is cut into runs through the KV cache; one run first. */
  readonly cuts: readonly (readonly number[])[]
  /** [layer][head], rows of the text run in these cuts. */
  readonly attentionOf: (ends: readonly number[]) => readonly (readonly Float64Array[])[]
}

/** What one route gives, over all layers and cuts; differences are the largest ones, absolute. */
export interface RouteMeasure {
  /** Why it gives less than all layers; codes of problems. */
  readonly problems: readonly string[]
  readonly layerCount: number
  /** To the reference. */
  readonly weights: number
  /** Of a row's sum to 1. */
  readonly rowSum: number
  /** Weights that are not exactly 0 where the reference's are. */
  readonly unmaskedCount: number
  /** Of the instrumented graph's logits to those of the plain one, in parts of the largest. */
  readonly logits: number
  /** Rows by layer and head, of every cut. */
  readonly rows: readonly (readonly Float32Array[])[]
}
export interface Measure {
  /** Layers that the model has. */
  readonly layerCount: number
  readonly operators: readonly string[]
  readonly 'queries-keys': RouteMeasure
  readonly weights: RouteMeasure
  /** Of recomputed rows to captured weights, where there are both; the two come from two runs. */
  readonly routes: number | null
}

/** How far a model may be from what it is held against. */
export interface Bounds {
  readonly isFloat16: boolean
  /** Of any weight to the reference. */
  readonly weights: number
  /** Of recomputed rows to captured weights. */
  readonly routes: number
  readonly rowSum: number
  /** Of logits, in parts of the largest, by route; 0 is bit for bit. */
  readonly logits: Readonly<Record<CaptureRoute, number>>
}

/**
 * Half precision rounds weights that are handed out to 5e-4 of themselves, and the two routes are two runs whose
 * casts may stand elsewhere.
 */
export function boundsOf(dtype: string, operators: readonly string[], weights: number): Bounds {
  const isFloat16 = dtype === 'float16'
  const hasOtherPath = operators.includes('com.microsoft.GroupQueryAttention')
  return {
    isFloat16,
    weights,
    routes: isFloat16 ? 5e-3 : 1e-5,
    rowSum: isFloat16 ? 4e-4 : 1e-5,
    logits: {
      'queries-keys': isFloat16 ? 1e-2 : 0,
      weights: isFloat16 ? 1e-2 : hasOtherPath ? 1e-5 : 0,
    },
  }
}

export function cellBounds({dtype}: FamilyCell, {operators}: Measure): Bounds {
  return boundsOf(dtype, operators, dtype === 'float16' ? 5e-3 : 1e-5)
}

export function exportBounds(facts: ExportFacts, {operators}: Measure): Bounds {
  return boundsOf(facts.dtype, operators, facts.tolerance.attention)
}

/** Whether a route gives all layers within the bounds. */
export function isWithin(measure: Measure, route: CaptureRoute, bounds: Bounds): boolean {
  const found = measure[route]
  return (
    found.layerCount === measure.layerCount &&
    found.layerCount > 0 &&
    found.weights <= bounds.weights &&
    found.rowSum <= bounds.rowSum &&
    found.unmaskedCount === 0 &&
    found.logits <= bounds.logits[route] &&
    (measure.routes ?? 0) <= bounds.routes
  )
}

const TOKEN_IDS = [5, 17, 3, 88, 42, 7, 61, 29, 90, 11, 54, 2]
const TOKEN_TYPES = TOKEN_IDS.map((_, i) => i % 2)

/** Runs a cell of the families whole and, where it has a cache, in three runs. */
export function measureCell(cell: FamilyCell, attentionMask?: readonly number[]): Promise<Measure> {
  const {bytes, facts} = buildFamilyModel(cell)
  const tokenTypeIds = facts.hasTokenTypes ? TOKEN_TYPES : undefined
  const text = {
    tokenIds: TOKEN_IDS,
    ...(tokenTypeIds && {tokenTypeIds}),
    ...(attentionMask && {attentionMask}),
  }
  return withModel(bytes, async (path) => {
    const read = await readStructure(path)
    return measure(path, {
      read,
      feedsOf: (start, end, before) =>
        feedsOf(facts, {
          tokenIds: TOKEN_IDS.slice(start, end),
          pastCount: start,
          ...(tokenTypeIds && {tokenTypeIds: tokenTypeIds.slice(start, end)}),
          ...(attentionMask && {attentionMask: attentionMask.slice(0, end)}),
          ...(before && {
            kvCache: Object.fromEntries(
              facts.kvCache.map(({output, dtype}) => {
                const {data, dims} = before[output]!
                return [output, {type: dtype, data: data as Float32Array, dimensions: dims}]
              })
            ),
          }),
        }),
      tokenCount: TOKEN_IDS.length,
      layerCount: facts.layerCount,
      queryHeadCount: facts.queryHeadCount,
      output: 'logits',
      cuts: cell.cache === 'none' ? [[12]] : [[12], [7, 8, 12]],
      attentionOf: (ends) => {
        const runLengths = ends.map((end, i) => end - (ends[i - 1] ?? 0))
        return runReference(cell, {...text, runLengths}).layers.map(({attentionWeights}) =>
          attentionWeights.map((rows) => Float64Array.from(rows.flatMap((row) => [...row])))
        )
      },
    })
  })
}

/** Runs a real export whole and, where it has a cache, in two runs. */
export async function measureExport(facts: ExportFacts): Promise<Measure> {
  const path = exportPath(facts)
  const {attention, inputIds} = readReference(facts)
  const count = inputIds.length
  const reference = Array.from({length: facts.layerCount}, (_, layer) =>
    Array.from({length: facts.queryHeadCount}, (_, head) => {
      const start = (layer * facts.queryHeadCount + head) * count * count
      return Float64Array.from(attention.values.subarray(start, start + count * count))
    })
  )
  const read = await readStructure(path)
  return measure(path, {
    read,
    feedsOf: (start, end, before) => exportFeeds(read, facts, inputIds, {start, end, before}),
    tokenCount: count,
    layerCount: facts.layerCount,
    queryHeadCount: facts.queryHeadCount,
    output: facts.output,
    cuts: facts.hasKvCache ? [[count], [5, count]] : [[count]],
    attentionOf: () => reference,
  })
}

function exportFeeds(
  read: ReadModel,
  facts: ExportFacts,
  inputIds: readonly number[],
  {start, end, before}: {start: number; end: number; before: TestOutputs | null}
): ReturnType<FeedsOfRun> {
  const whole = (length: number, at: (index: number) => number) => ({
    type: 'int64',
    data: BigInt64Array.from({length}, (_, index) => BigInt(at(index))),
    dimensions: [1, length],
  })
  const given: Record<string, ReturnType<FeedsOfRun>[string]> = {
    input_ids: whole(end - start, (index) => inputIds[start + index]!),
    attention_mask: whole(end, () => 1),
    position_ids: whole(end - start, (index) => start + index),
    token_type_ids: whole(end - start, () => 0),
    use_cache_branch: {type: 'bool', data: Uint8Array.of(start > 0 ? 1 : 0), dimensions: [1]},
  }
  for (const {name, isFloat16, lengths} of graphInputsOf(read.original)) {
    if (given[name]) continue
    const present = before?.[name.replace('past_key_values', 'present')]
    given[name] = present
      ? {type: present.type, data: present.data, dimensions: present.dims}
      : {
          type: isFloat16 ? 'float16' : 'float32',
          data: isFloat16 ? new Uint16Array(0) : new Float32Array(0),
          dimensions: [1, facts.keyValueHeadCount, 0, lengths[3] ?? 0],
        }
  }
  return given
}

/** Both routes of one model, held against its reference and its plain run. */
export async function measure(path: string, subject: Subject): Promise<Measure> {
  const plain: Float32Array[][] = []
  const session = await openSession(path)
  const inputs = new Set(session.inputNames)
  for (const ends of subject.cuts) {
    const outputs: Float32Array[] = []
    let before: TestOutputs | null = null
    let start = 0
    for (const end of ends) {
      const feeds = Object.entries(subject.feedsOf(start, end, before))
      before = await runFeeds(
        session,
        Object.fromEntries(feeds.filter(([name]) => inputs.has(name)))
      )
      outputs.push(outputNumbers(before[subject.output]!))
      start = end
    }
    plain.push(outputs)
  }
  await session.release()
  const queriesKeys = await measureRoute(subject, 'queries-keys', plain)
  const weights = await measureRoute(subject, 'weights', plain)
  const hasBoth = queriesKeys.rows.length > 0 && weights.rows.length > 0
  return {
    layerCount: subject.layerCount,
    operators: [
      ...new Set(
        subject.read.structure.layers.flatMap(({sites}) => sites.map((one) => one.operator))
      ),
    ],
    'queries-keys': queriesKeys,
    weights,
    routes: hasBoth ? differenceOfRows(queriesKeys.rows.flat(), weights.rows.flat()) : null,
  }
}

async function measureRoute(
  subject: Subject,
  route: CaptureRoute,
  plain: readonly (readonly Float32Array[])[]
): Promise<RouteMeasure> {
  const {read} = subject
  const plan = planAll(read, {route})
  const found = {weights: 0, rowSum: 0, unmaskedCount: 0, logits: 0}
  const rows: Float32Array[][] = []
  const runs = plan.layers.length > 0 ? await runPlan(plan, subject.feedsOf, subject.cuts) : []
  for (const [cut, {capture, outputs}] of runs.entries()) {
    outputs.forEach((answer, run) => {
      const expected = plain[cut]![run]!
      const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      const difference = differenceOfRows([outputNumbers(answer[subject.output]!)], [expected])
      found.logits = Math.max(found.logits, difference / scale)
    })
    const reference = subject.attentionOf(subject.cuts[cut]!)
    for (const {layer} of plan.layers) {
      const heads = Array.from({length: subject.queryHeadCount}, (_, head) =>
        allRows(capture, layer, head)
      )
      rows.push(heads)
      heads.forEach((actual, head) => {
        compareRows(actual, reference[layer]![head]!, subject.tokenCount, found)
      })
    }
  }
  return {
    ...found,
    problems: [...new Set(plan.problems.map(({code}) => code))],
    layerCount: plan.layers.length,
    rows,
  }
}

function compareRows(
  actual: Float32Array,
  expected: Float64Array,
  length: number,
  found: {weights: number; rowSum: number; unmaskedCount: number}
): void {
  for (let start = 0; start < actual.length; start += length) {
    let sum = 0
    for (let i = start; i < start + length; i++) {
      found.weights = Math.max(found.weights, Math.abs(actual[i]! - expected[i]!))
      if (expected[i] === 0 && actual[i] !== 0) found.unmaskedCount++
      sum += actual[i]!
    }
    found.rowSum = Math.max(found.rowSum, Math.abs(sum - 1))
  }
}

function differenceOfRows(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let worst = 0
  a.forEach((row, at) => {
    row.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(value - b[at]![i]!))
    })
  })
  return worst
}
