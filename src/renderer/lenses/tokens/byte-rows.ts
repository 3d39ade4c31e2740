import {hexOfBytes} from '../../../shared/domain/token.ts'
import type {BytesResult} from '../../../shared/lenses/bytes.ts'

/** Bytes that stand in rows; the others are one row together. */
const MOST_ROWS = 8

export interface ByteRow {
  readonly byte: number
  readonly hex: string
  readonly prob: number
  readonly tokenProb: number | null
}

export interface ByteRows {
  readonly rows: readonly ByteRow[]
  readonly rest: {readonly prob: number; readonly tokenProb: number | null}
  /** The highest probability in a row, by either way: the full length of a bar. */
  readonly longest: number
}

/** The bytes that either way holds likeliest, by exact probability, and all others as one. */
export function byteRows({bytes}: Pick<BytesResult, 'bytes'>): ByteRows {
  const all = bytes.map(({byte, prob, tokenProb}) => ({
    ...{byte, prob, tokenProb, hex: hexOfBytes(Uint8Array.of(byte))},
  }))
  const highest = (row: ByteRow) => Math.max(row.prob, row.tokenProb ?? 0)
  const rows = [...all]
    .sort((a, b) => highest(b) - highest(a) || a.byte - b.byte)
    .slice(0, MOST_ROWS)
    .sort((a, b) => b.prob - a.prob || a.byte - b.byte)
  const shown = new Set(rows.map(({byte}) => byte))
  const others = all.filter(({byte}) => !shown.has(byte))
  const sum = (probOf: (row: ByteRow) => number) =>
    others.reduce((total, row) => total + probOf(row), 0)
  const hasTokens = bytes.some(({tokenProb}) => tokenProb !== null)
  return {
    rows,
    rest: {
      prob: sum((row) => row.prob),
      tokenProb: hasTokens ? sum((row) => row.tokenProb ?? 0) : null,
    },
    longest: Math.max(1e-9, ...rows.map(highest)),
  }
}
