import {float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import type {
  AttentionCapture,
  CapturedLayer,
  CapturedNumbers,
  CapturedQueriesKeys,
  CapturedRun,
  CapturedSite,
} from './attention-capture.ts'
import {NEVER_SEEN} from './score-ranges.ts'
import {ScoreReplay} from './score-replay.ts'

export interface RowRequest {
  readonly layer: number
  /** Query head of the layer. */
  readonly head: number
  /** Queries [queryStart, queryEnd). */
  readonly queryStart: number
  readonly queryEnd: number
}

/**
 * Attention weights [query, key] of some queries of a head, each row over all positions of the text:
 * softmax of the replayed scores, exactly 0 for keys that a query cannot see. Rows sum to 1, to less with
 * a sink, to 0 where a query sees no key. Throws a RangeError on a layer, head or query that is not there.
 */
export function recomputeRows(
  capture: AttentionCapture,
  request: RowRequest
): Float32Array<ArrayBuffer> {
  const {layer, head, queryStart, queryEnd} = request
  const {tokenCount} = capture
  if (!(queryStart >= 0 && queryStart <= queryEnd && queryEnd <= tokenCount)) {
    throw new RangeError(`no queries ${queryStart} to ${queryEnd} of ${tokenCount}`)
  }
  const {site, siteHead} = siteOf(capture.layers, layer, head)
  const {attention} = site
  if (attention.kind === 'weights') {
    const rows = (siteHead * tokenCount + queryStart) * tokenCount
    return attention.weights.slice(rows, rows + (queryEnd - queryStart) * tokenCount)
  }
  return recompute(attention, {siteHead, queryHeadCount: site.queryHeadCount, tokenCount}, request)
}

/** The site of a layer that a query head is of, and its place there. Throws a RangeError where there is none. */
export function siteOf(
  layers: readonly CapturedLayer[],
  layer: number,
  head: number
): {site: CapturedSite; siteHead: number} {
  const sites = layers.find((one) => one.layer === layer)?.sites ?? []
  let siteHead = head
  for (const site of sites) {
    if (siteHead >= 0 && siteHead < site.queryHeadCount) return {site, siteHead}
    siteHead -= site.queryHeadCount
  }
  throw new RangeError(`no head ${head} of layer ${layer}`)
}

/**
 * Keys that a head's masks take from a query: [query, key], 1 where they do and leave it another key. Masks that
 * add a mild number take nothing away. Null of a head whose queries and keys were not captured.
 */
export function maskedKeys(
  {layers, tokenCount}: AttentionCapture,
  {layer, head}: Pick<RowRequest, 'layer' | 'head'>
): Uint8Array | null {
  const {site, siteHead} = siteOf(layers, layer, head)
  const {attention, queryHeadCount} = site
  if (attention.kind === 'weights') return null
  const masked = new Uint8Array(tokenCount * tokenCount)
  const of = {siteHead, queryHeadCount, tokenCount}
  forEachQuery(attention, of, {queryStart: 0, queryEnd: tokenCount}, (query, vector, replay) => {
    const scores = replay.scoreRow(query, vector)
    if (!scores.some((score) => score > NEVER_SEEN)) return
    masked.fill(1, query * tokenCount, (query + 1) * tokenCount)
    scores.forEach((score, key) => {
      if (!(score <= NEVER_SEEN)) masked[query * tokenCount + key] = 0
    })
  })
  return masked
}

function recompute(
  site: CapturedQueriesKeys,
  of: HeadOfSite,
  request: Pick<RowRequest, 'queryStart' | 'queryEnd'>
): Float32Array<ArrayBuffer> {
  const {tokenCount} = of
  const {queryStart, queryEnd} = request
  const rows = new Float32Array((queryEnd - queryStart) * tokenCount)
  forEachQuery(site, of, request, (query, vector, replay, keyCount) => {
    const start = (query - queryStart) * tokenCount
    replay.writeRow(query, vector, rows.subarray(start, start + keyCount))
  })
  return rows
}

interface HeadOfSite {
  readonly siteHead: number
  readonly queryHeadCount: number
  readonly tokenCount: number
}

/** Visits queries with their vectors and the replay of the run that each was captured in. */
function forEachQuery(
  site: CapturedQueriesKeys,
  {siteHead, queryHeadCount, tokenCount}: HeadOfSite,
  {queryStart, queryEnd}: Pick<RowRequest, 'queryStart' | 'queryEnd'>,
  visit: (query: number, vector: Float32Array, replay: ScoreReplay, keyCount: number) => void
): void {
  const {size, keyValueHeadCount} = site
  const keyHead = Math.floor((siteHead * keyValueHeadCount) / queryHeadCount)
  const firstQuery = (siteHead * tokenCount + queryStart) * size
  const queries = numbersOf(site.queries, firstQuery, firstQuery + (queryEnd - queryStart) * size)
  const siteKeys =
    site.keys &&
    numbersOf(site.keys, keyHead * tokenCount * size, (keyHead + 1) * tokenCount * size)
  let next = queryStart
  for (const run of site.runs) {
    const end = Math.min(queryEnd, run.queryEnd)
    if (end <= next || run.queryStart > next) continue
    const keys = siteKeys ?? keysOf(run, keyHead, size)
    const replay = new ScoreReplay(run, {head: siteHead, size, keys})
    for (; next < end; next++) {
      const at = next - queryStart
      visit(next, queries.subarray(at * size, (at + 1) * size), replay, run.keyCount)
    }
  }
  if (next < queryEnd) throw new RangeError(`query ${next} was not captured`)
}

function keysOf(run: CapturedRun, keyHead: number, size: number): Float32Array {
  const length = run.keyCount * size
  return numbersOf(run.keys!, keyHead * length, (keyHead + 1) * length)
}

function numbersOf(numbers: CapturedNumbers, start: number, end: number): Float32Array {
  const part = numbers.subarray(start, end)
  return part instanceof Uint16Array ? float32OfFloat16Bits(part) : part
}
