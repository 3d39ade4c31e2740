import {isChangedToken, isInsertedToken, type TokenTable} from '../domain/token.ts'

/** Where a tokenizer cuts a text of `byteLength` bytes, inserted tokens left out. */
export interface TokenCuts {
  readonly byteLength: number
  /** Typed tokens, those without a width included. */
  readonly tokenCount: number
  /** Interior boundaries in bytes, ascending, each once. */
  readonly boundaries: Uint32Array
  /** How many typed tokens end at or before each boundary. */
  readonly tokensBefore: Uint32Array
  /** Runs of tokens whose text was changed: [start, end) pairs; cuts inside them are not exact. */
  readonly inexact: Uint32Array
}

/** The cuts of a table of tokens. */
export function tokenCuts(table: TokenTable, byteLength: number): TokenCuts {
  const count = table.ids.length
  const boundaries = new Uint32Array(count)
  const tokensBefore = new Uint32Array(count)
  const inexact: number[] = []
  let boundaryCount = 0
  let tokenCount = 0
  for (let i = 0; i < count; i++) {
    const flags = table.flags[i]!
    if (isInsertedToken(flags)) continue
    tokenCount++
    const start = table.byteStarts[i]!
    const end = table.byteEnds[i]!
    if (isChangedToken(flags)) {
      if (inexact.at(-1) === start && inexact.length > 0) inexact[inexact.length - 1] = end
      else inexact.push(start, end)
    }
    if (end <= 0 || end >= byteLength) continue
    if (boundaryCount > 0 && boundaries[boundaryCount - 1] === end) {
      tokensBefore[boundaryCount - 1] = tokenCount
      continue
    }
    boundaries[boundaryCount] = end
    tokensBefore[boundaryCount++] = tokenCount
  }
  return {
    byteLength,
    tokenCount,
    boundaries: boundaries.slice(0, boundaryCount),
    tokensBefore: tokensBefore.slice(0, boundaryCount),
    inexact: Uint32Array.from(inexact),
  }
}

/** A stretch of a text between two neighbouring common boundaries, and the tokens that each side has there. */
export interface AlignedBlock {
  readonly byteStart: number
  readonly byteEnd: number
  /** Typed tokens from the first up to the second, which is not among them. */
  readonly a: readonly [from: number, to: number]
  readonly b: readonly [from: number, to: number]
}

export type BlockKind = '1:1' | '1:n' | 'm:1' | 'm:n'

/** Blocks that concatenate to the text: the smallest stretches that both sides cut out. */
export function alignBlocks(a: TokenCuts, b: TokenCuts): AlignedBlock[] {
  const blocks: AlignedBlock[] = []
  let byteStart = 0
  let from: readonly [number, number] = [0, 0]
  forEachBlock(a, b, (byteEnd, toA, toB) => {
    blocks.push({byteStart, byteEnd, a: [from[0], toA], b: [from[1], toB]})
    byteStart = byteEnd
    from = [toA, toB]
  })
  return blocks
}

export function blockKind({a, b}: Pick<AlignedBlock, 'a' | 'b'>): BlockKind {
  const isOneA = a[1] - a[0] <= 1
  const isOneB = b[1] - b[0] <= 1
  if (isOneA) return isOneB ? '1:1' : '1:n'
  return isOneB ? 'm:1' : 'm:n'
}

function forEachBlock(
  a: TokenCuts,
  b: TokenCuts,
  visit: (byteEnd: number, toA: number, toB: number) => void
): void {
  let j = 0
  for (let i = 0; i < a.boundaries.length; i++) {
    const byte = a.boundaries[i]!
    while (j < b.boundaries.length && b.boundaries[j]! < byte) j++
    if (b.boundaries[j] === byte) visit(byte, a.tokensBefore[i]!, b.tokensBefore[j]!)
  }
  if (a.byteLength > 0) visit(a.byteLength, a.tokenCount, b.tokenCount)
}

/** Counts behind a boundary agreement; those of parts of a text add up. */
export interface AgreementCounts {
  boundariesA: number
  boundariesB: number
  common: number
  /** Bytes that were compared, and all of them. */
  comparedBytes: number
  byteLength: number
  blocks: Record<BlockKind, number>
}

export function emptyAgreement(): AgreementCounts {
  return {
    ...{boundariesA: 0, boundariesB: 0, common: 0, comparedBytes: 0, byteLength: 0},
    blocks: {'1:1': 0, '1:n': 0, 'm:1': 0, 'm:n': 0},
  }
}

/**
 * Adds the agreement of two tokenizers on one text to `counts`. Boundaries inside a run that either of
 * them changed are left out, as their places are not exact.
 */
export function countAgreement(a: TokenCuts, b: TokenCuts, counts: AgreementCounts): void {
  const changed = mergedStretches(a.inexact, b.inexact)
  counts.boundariesA += countOutside(a.boundaries, changed)
  counts.boundariesB += countOutside(b.boundaries, changed)
  counts.byteLength += a.byteLength
  counts.comparedBytes += a.byteLength - lengthOf(changed)
  const isCompared = outside(changed)
  // Counted by numbers: there are millions of blocks in a long text.
  const byKind = [0, 0, 0, 0]
  let common = 0
  let [lastA, lastB] = [0, 0]
  forEachBlock(a, b, (byteEnd, toA, toB) => {
    byKind[(toA - lastA <= 1 ? 0 : 2) + (toB - lastB <= 1 ? 0 : 1)]!++
    lastA = toA
    lastB = toB
    if (byteEnd < a.byteLength && isCompared(byteEnd)) common++
  })
  counts.common += common
  counts.blocks['1:1'] += byKind[0]!
  counts.blocks['1:n'] += byKind[1]!
  counts.blocks['m:1'] += byKind[2]!
  counts.blocks['m:n'] += byKind[3]!
}

/** A boundary between two parts of a text, which all tokenizers cut. */
export function countSeam(counts: AgreementCounts): void {
  counts.boundariesA++
  counts.boundariesB++
  counts.common++
}

/** Precision |A∩B|/|A|, recall |A∩B|/|B| and their F1; null where undefined. */
export function agreementOf({boundariesA, boundariesB, common}: AgreementCounts): {
  precision: number | null
  recall: number | null
  f1: number
} {
  if (boundariesA === 0 && boundariesB === 0) return {precision: 1, recall: 1, f1: 1}
  return {
    precision: boundariesA === 0 ? null : common / boundariesA,
    recall: boundariesB === 0 ? null : common / boundariesB,
    f1: (2 * common) / (boundariesA + boundariesB),
  }
}

function countOutside(boundaries: Uint32Array, stretches: Uint32Array): number {
  if (stretches.length === 0) return boundaries.length
  const isOutside = outside(stretches)
  let count = 0
  for (const byte of boundaries) if (isOutside(byte)) count++
  return count
}

/** Both lists of [start, end) pairs, each ascending, as one without overlaps. */
function mergedStretches(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const merged = new Uint32Array(a.length + b.length)
  let count = 0
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const isA = j >= b.length || (i < a.length && a[i]! <= b[j]!)
    const start = isA ? a[i]! : b[j]!
    const end = isA ? a[i + 1]! : b[j + 1]!
    if (isA) i += 2
    else j += 2
    if (count > 0 && start < merged[count - 1]!) {
      merged[count - 1] = Math.max(merged[count - 1]!, end)
    } else {
      merged[count++] = start
      merged[count++] = end
    }
  }
  return merged.subarray(0, count)
}

function lengthOf(stretches: Uint32Array): number {
  let sum = 0
  for (let i = 0; i < stretches.length; i += 2) sum += stretches[i + 1]! - stretches[i]!
  return sum
}

/** Whether a byte offset is strictly inside no stretch; to be asked in ascending order. */
function outside(stretches: Uint32Array): (byte: number) => boolean {
  let at = 0
  return (byte) => {
    while (at < stretches.length && stretches[at + 1]! <= byte) at += 2
    return at >= stretches.length || byte <= stretches[at]!
  }
}
