import type {AttentionMap, MapSummary} from '../../../shared/lenses/attention-maps.ts'
import {GraphLayer} from '../../../shared/math/attention/graph-columns.ts'
import {HeaviestEdges} from '../../../shared/math/heaviest-edges.ts'
import {dropSink, RowFilters} from '../../../shared/math/row-filters.ts'
import {TileCells} from '../../../shared/math/tile-cells.ts'
import {rolloutFactor} from '../captures/attention-rollout.ts'
import {mapRows, sumsToOne, valueNormKind} from '../captures/map-rows.ts'
import {CapturedRows} from './captured-rows.ts'
import type {MapJob, MatrixJobKind, MatrixJobs} from './matrix-protocol.ts'
import {multiplySquares} from './multiply-squares.ts'
import {addPooledHead} from './pooled-head.ts'
import type {ScoreRunner} from './score-runner.ts'

/** What jobs are done with. */
export interface MatrixJobContext {
  readonly runner: ScoreRunner
  readonly isCancelled: () => boolean
}

/** Does a job. Throws {@link MatrixCancelled} where it was asked to end. */
export async function performMatrixJob<Kind extends MatrixJobKind>(
  kind: Kind,
  job: MatrixJobs[Kind]['job'],
  {runner, isCancelled}: MatrixJobContext
): Promise<MatrixJobs[Kind]['result']> {
  const perform: Performer<Kind> = PERFORMERS[kind]
  const source = new CapturedRows(job.text, runner, isCancelled)
  try {
    return await perform(job, source, runner)
  } finally {
    source.close()
  }
}

type Performer<Kind extends MatrixJobKind> = (
  job: MatrixJobs[Kind]['job'],
  source: CapturedRows,
  runner: ScoreRunner
) => Promise<MatrixJobs[Kind]['result']>

const PERFORMERS: {readonly [Kind in MatrixJobKind]: Performer<Kind>} = {
  rows: ({layer, head, from, to}, source) => source.rows(layer, head, from, to),
  tile: performTile,
  line: performLine,
  edges: performEdges,
  graph: performGraph,
  rollout: performRollout,
  gather: performGather,
}

async function performTile(
  job: MatrixJobs['tile']['job'],
  source: CapturedRows
): Promise<MatrixJobs['tile']['result']> {
  const {map, whole, shape} = job
  const cells = new TileCells(shape)
  const filters = filtersOf(job)
  const blocks =
    map.kind === 'head' && !whole && filters.isIdle && shape.pooling === 'max'
      ? source.blocksOf(map.layer, map.head)
      : null
  const isPooled =
    blocks !== null &&
    (await addPooledHead(blocks, cells, filters, () => source.throwIfCancelled()))
  if (!isPooled) await eachRow(source, job, filters, (query, row) => cells.addRow(query, row))
  const summary = await summaryOf(source, job, filters)
  return {...cells.finish(), summary}
}

async function performLine(
  job: MatrixJobs['line']['job'],
  source: CapturedRows
): Promise<Float32Array<ArrayBuffer>> {
  const {key, queries} = job
  const weights = new Float32Array(key === null ? source.tokenCount : queries[1] - queries[0])
  await eachRow(source, job, filtersOf(job), (query, row) => {
    if (key === null) weights.set(row)
    else weights[query - queries[0]] = row[key]!
  })
  return weights
}

async function performEdges(
  job: MatrixJobs['edges']['job'],
  source: CapturedRows
): Promise<MatrixJobs['edges']['result']> {
  const filters = filtersOf(job)
  const edges = new HeaviestEdges(job.maxEdgeCount)
  await eachRow(source, job, filters, (query, row) => edges.addRow(0, query, row))
  return {...edges.finish(), summary: await summaryOf(source, job, filters)}
}

async function performGraph(
  {text, heads, filters: wanted, starts, reach, maxEdgeCount}: MatrixJobs['graph']['job'],
  source: CapturedRows
): Promise<MatrixJobs['graph']['result']> {
  const {tokenCount} = text
  const layer = new GraphLayer({tokenCount, starts}, reach)
  const filters = new RowFilters(wanted, tokenCount, {sumsToOne: true})
  const map: AttentionMap = {kind: 'aggregate', by: 'mean', heads: [...heads]}
  const isNeeded = Array.from({length: tokenCount}, (_, query) => layer.needs(query))
  const first = isNeeded.indexOf(true)
  const queries = [Math.max(0, first), isNeeded.lastIndexOf(true) + 1] as const
  const options = {queries, dropSink: false, whole: null}
  const whole = new Float32Array(tokenCount)
  for await (const {queryStart, values} of mapRows(source, map, options)) {
    source.throwIfCancelled()
    for (let at = 0; at < values.length; at += tokenCount) {
      const query = queryStart + at / tokenCount
      if (!isNeeded[query]) continue
      const row = values.subarray(at, at + tokenCount)
      whole.set(row)
      if (wanted.dropSink) dropSink(whole)
      filters.apply(query, row)
      layer.addRow(query, whole, row)
    }
  }
  return {...layer.finish(maxEdgeCount), summary: filters.summary}
}

async function performRollout(
  {layer, headCount, before}: MatrixJobs['rollout']['job'],
  source: CapturedRows,
  runner: ScoreRunner
): Promise<Float32Array> {
  const factor = await rolloutFactor(source, layer, headCount)
  if (!before) return factor
  return multiplySquares(runner, factor, before, () => source.throwIfCancelled())
}

async function performGather(
  {text, map, queries, into, factor, takesLarger, dropsSink}: MatrixJobs['gather']['job'],
  source: CapturedRows
): Promise<null> {
  const {tokenCount} = text
  const options = {queries, dropSink: dropsSink, whole: null}
  for await (const {queryStart, values} of mapRows(source, map, options)) {
    for (let row = 0; dropsSink && row < values.length; row += tokenCount) {
      dropSink(values.subarray(row, row + tokenCount))
    }
    const at = (queryStart - queries[0]) * tokenCount
    for (let i = 0; i < values.length; i++) {
      const value = factor * values[i]!
      into[at + i] = takesLarger ? Math.max(into[at + i]!, value) : into[at + i]! + value
    }
  }
  return null
}

function filtersOf({text, map, filters}: MapJob): RowFilters {
  // The heads of a difference lose their sink before they are compared.
  const own = map.kind === 'difference' ? {...filters, dropSink: false} : filters
  return new RowFilters(own, text.tokenCount, {sumsToOne: sumsToOne(map)})
}

/** Gives every filtered row of a map to `take`, which must not keep it. */
async function eachRow(
  source: CapturedRows,
  {map, filters: {dropSink: dropsSink}, queries, whole}: MapJob,
  filters: RowFilters,
  take: (query: number, row: Float32Array) => void
): Promise<void> {
  const {tokenCount} = source
  for await (const rows of mapRows(source, map, {queries, dropSink: dropsSink, whole})) {
    source.throwIfCancelled()
    const {queryStart, values} = rows
    for (let at = 0; at < values.length; at += tokenCount) {
      const row = values.subarray(at, at + tokenCount)
      const query = queryStart + at / tokenCount
      filters.apply(query, row)
      take(query, row)
    }
  }
}

async function summaryOf(
  source: CapturedRows,
  {map, whole}: MapJob,
  filters: RowFilters
): Promise<MapSummary> {
  // Of a map that was made before, who made it knows how values count.
  const kind = whole ? null : await valueNormKind(source, map)
  return kind ? {...filters.summary, valueNorms: kind} : filters.summary
}
