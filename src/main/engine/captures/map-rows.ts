import {ProblemError} from '../../../shared/domain/problem.ts'
import type {AttentionMap, HeadRef} from '../../../shared/lenses/attention-maps.ts'
import {dropSink} from '../../../shared/math/row-filters.ts'
import type {ValueNormKind} from '../onnx/capture-plan.ts'
import type {RowSource} from './row-source.ts'

/** Numbers of one array that rows are made in. */
const MOST_PIECE_NUMBERS = 1 << 20

/** Consecutive rows of a map, [query, key]. */
export interface MapRows {
  readonly queryStart: number
  readonly values: Float32Array<ArrayBuffer>
}

/** What is wanted of a map. */
export interface MapRowsOptions {
  /** From the first up to the second, which is not among them. */
  readonly queries: readonly [start: number, end: number]
  /** Takes column 0 out of both heads of a difference before they are compared. */
  readonly dropSink: boolean
  /** All rows from `queries` on, where the map was made as a whole. */
  readonly whole: Float32Array | null
  readonly signal?: AbortSignal | undefined
}

/** Layers whose attention a map is made of. */
export function layersOfMap(map: AttentionMap): number[] {
  const layers = () => {
    switch (map.kind) {
      case 'head':
        return [map.layer]
      case 'aggregate':
        return map.heads.map(({layer}) => layer)
      case 'attention-rollout':
        return Array.from({length: map.throughLayer + 1}, (_, layer) => layer)
      case 'difference':
        return [map.a.layer, map.b.layer]
    }
  }
  return [...new Set(layers())].sort((a, b) => a - b)
}

/** Heads that a map names. */
export function headsOfMap(map: AttentionMap): readonly HeadRef[] {
  switch (map.kind) {
    case 'head':
      return [map]
    case 'aggregate':
      return map.heads
    case 'attention-rollout':
      return []
    case 'difference':
      return [map.a, map.b]
  }
}

/** Whether what a row of a map lacks to a sum of 1 went nowhere. */
export function sumsToOne(map: AttentionMap): boolean {
  return map.kind === 'head' || (map.kind === 'aggregate' && map.by === 'mean')
}

/** Rows of a map in order, in pieces; of any but an attention rollout, which is made as a whole. */
export async function* mapRows(
  source: RowSource,
  map: AttentionMap,
  options: MapRowsOptions
): AsyncGenerator<MapRows, void, undefined> {
  const {queries, signal, whole} = options
  const {tokenCount} = source
  const norms = whole ? [] : await normsOf(source, map, signal)
  const step = Math.max(1, Math.floor(MOST_PIECE_NUMBERS / tokenCount))
  for (let start = queries[0]; start < queries[1]; start += step) {
    const end = Math.min(queries[1], start + step)
    const rowsOf = ({layer, head}: HeadRef) => source.rows(layer, head, start, end, signal)
    const values = whole
      ? pieceOfWhole(whole, start - queries[0], end - queries[0], tokenCount)
      : await piece(map, rowsOf, {norms, tokenCount, dropsSink: options.dropSink})
    yield {queryStart: start, values}
  }
}

/** A copy: whole maps are kept, and rows are the reader's to change. */
function pieceOfWhole(
  whole: Float32Array,
  start: number,
  end: number,
  tokenCount: number
): Float32Array<ArrayBuffer> {
  const values = new Float32Array((end - start) * tokenCount)
  values.set(whole.subarray(start * tokenCount, end * tokenCount))
  return values
}

async function piece(
  map: AttentionMap,
  rowsOf: (head: HeadRef) => Promise<Float32Array<ArrayBuffer>>,
  {
    norms,
    tokenCount,
    dropsSink,
  }: {norms: readonly Float32Array[]; tokenCount: number; dropsSink: boolean}
): Promise<Float32Array<ArrayBuffer>> {
  switch (map.kind) {
    case 'head':
      return rowsOf(map)
    case 'difference': {
      const [a, b] = [await rowsOf(map.a), await rowsOf(map.b)]
      if (dropsSink) {
        for (let row = 0; row < a.length; row += tokenCount) {
          dropSink(a.subarray(row, row + tokenCount))
          dropSink(b.subarray(row, row + tokenCount))
        }
      }
      for (let i = 0; i < a.length; i++) a[i] = a[i]! - b[i]!
      return a
    }
    case 'aggregate': {
      let sum: Float32Array<ArrayBuffer> | null = null
      for (const [i, head] of map.heads.entries()) {
        const rows = await rowsOf(head)
        if (map.by === 'value-weighted') weigh(rows, norms[i]!)
        if (!sum) sum = rows
        else if (map.by === 'max') takeLarger(sum, rows)
        else for (let at = 0; at < sum.length; at++) sum[at] = sum[at]! + rows[at]!
      }
      if (!sum) throw new RangeError('an aggregate of no heads')
      if (map.by === 'mean') {
        for (let at = 0; at < sum.length; at++) sum[at] = sum[at]! / map.heads.length
      }
      return sum
    }
    case 'attention-rollout':
      throw new RangeError('an attention rollout is not made of rows')
  }
}

/** A NaN that is there stays, and one that comes is taken. */
function takeLarger(largest: Float32Array, rows: Float32Array): void {
  for (let at = 0; at < largest.length; at++) largest[at] = Math.max(largest[at]!, rows[at]!)
}

/** Every weight times the norm of its key's value vector. */
function weigh(rows: Float32Array, norms: Float32Array): void {
  for (let row = 0; row < rows.length; row += norms.length) {
    for (let key = 0; key < norms.length; key++) {
      // Of a key that is not seen nothing is moved, whatever its norm.
      if (rows[row + key] !== 0) rows[row + key] = rows[row + key]! * norms[key]!
    }
  }
}

async function normsOf(
  source: RowSource,
  map: AttentionMap,
  signal: AbortSignal | undefined
): Promise<Float32Array[]> {
  if (map.kind !== 'aggregate' || map.by !== 'value-weighted') return []
  const norms: Float32Array[] = []
  for (const {layer, head} of map.heads) {
    const found = await source.valueNorms(layer, head, signal)
    if (!found) throw noValueNorms(layer)
    norms.push(found.values)
  }
  return norms
}

/** How the values of a value-weighted map count; null of other maps. */
export async function valueNormKind(
  source: RowSource,
  map: AttentionMap,
  signal?: AbortSignal
): Promise<ValueNormKind | null> {
  if (map.kind !== 'aggregate' || map.by !== 'value-weighted') return null
  for (const {layer, head} of map.heads) {
    const found = await source.valueNorms(layer, head, signal)
    if (found?.kind === 'basis-dependent') return found.kind
  }
  return 'projected'
}

function noValueNorms(layer: number): ProblemError {
  return new ProblemError({
    code: 'values-not-found',
    message: 'The values that the attention weights are multiplied with were not found.',
    field: `layer ${layer}`,
    found: 'no norms of value vectors',
    expected: 'weights times values',
    advice: 'Take the mean or the largest of the heads instead.',
  })
}
