import {setImmediate as nextTurn} from 'node:timers/promises'
import type {VisibleKeys} from '../../../shared/math/attention/visible-keys.ts'
import type {HeadMatrices} from '../captures/head-matrices.ts'

/** Numbers of one array of rows: 256 rows of 4,096 tokens. */
const MOST_PIECE_NUMBERS = 1 << 20
/**
 * Rows of one array: a quarter of a head of 1,024 tokens, which takes about two milliseconds to compute and two
 * to count over, as long as a picture may have to wait. Fewer of a longer text cost more than they save.
 */
const MOST_PIECE_ROWS = 256

/** Consecutive rows of a head, [query, key]. */
export interface HeadPiece {
  readonly queryStart: number
  readonly weights: Float32Array<ArrayBuffer>
}

/** Queries [start, end) of the pieces that a text's rows come in. */
export function pieceRanges(tokenCount: number): [start: number, end: number][] {
  const fitting = Math.floor(MOST_PIECE_NUMBERS / tokenCount)
  const step = Math.max(1, Math.min(MOST_PIECE_ROWS, fitting))
  return Array.from({length: Math.ceil(tokenCount / step)}, (_, i) => [
    i * step,
    Math.min(tokenCount, (i + 1) * step),
  ])
}

/** All rows of a head in order, in pieces; others are answered between them. */
export async function* headPieces(
  matrices: HeadMatrices,
  {layer, head}: {layer: number; head: number},
  signal: AbortSignal | undefined
): AsyncGenerator<HeadPiece, void, undefined> {
  for (const [queryStart, queryEnd] of pieceRanges(matrices.tokenCount)) {
    const weights = await matrices.rows(layer, head, queryStart, queryEnd, signal)
    await matrices.quiet()
    signal?.throwIfAborted()
    yield {queryStart, weights}
    await nextTurn()
    signal?.throwIfAborted()
  }
}

/** What statistics are counted over. */
export type HeadSource = Pick<
  HeadMatrices,
  'tokenCount' | 'rows' | 'headCount' | 'visibleKeys' | 'quiet'
>

/**
 * All rows of the heads of a layer, head by head in order. The next piece is computed on its thread while the
 * reader counts over this one, so that two are held at once. While a person waits for a picture nothing is given.
 */
export async function* layerPieces(
  source: HeadSource,
  layer: number,
  signal: AbortSignal | undefined
): AsyncGenerator<HeadPiece & {readonly head: number}, void, undefined> {
  const ranges = pieceRanges(source.tokenCount)
  const headCount = await source.headCount(layer, signal)
  const ask = (at: number) => {
    const [head, [queryStart, queryEnd]] = [
      Math.floor(at / ranges.length),
      ranges[at % ranges.length]!,
    ]
    const rows = source.rows(layer, head, queryStart, queryEnd, signal)
    // A reader that leaves does not wait for it; one that stays is told.
    rows.catch(() => {})
    return {head, queryStart, rows}
  }
  const count = headCount * ranges.length
  let next = count > 0 ? ask(0) : null
  for (let at = 1; next; at++) {
    const {rows, ...place} = next
    const weights = await rows
    signal?.throwIfAborted()
    next = at < count ? ask(at) : null
    await source.quiet()
    signal?.throwIfAborted()
    yield {...place, weights}
    await nextTurn()
  }
}

/** What the heads of a layer can see. */
export async function visibleKeysOfHeads(
  matrices: HeadMatrices,
  layer: number,
  signal: AbortSignal | undefined
): Promise<VisibleKeys[]> {
  const headCount = await matrices.headCount(layer, signal)
  const keys: VisibleKeys[] = []
  for (let head = 0; head < headCount; head++) {
    keys.push(await matrices.visibleKeys(layer, head, signal))
  }
  return keys
}
