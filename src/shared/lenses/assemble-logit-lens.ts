import type {LogitLens, LogitLensRow} from './logit-lens.ts'
import {distributionOf, nextRows} from './next-rows.ts'
import type {TrackedColumns} from './next-tokens.ts'
import type {TokensResult} from './tokens.ts'

/** The logit lens as a result lists it: what enters the first layer apart from what each layer leaves. */
export function logitLensOf(
  lens: LogitLens
): Required<Pick<TokensResult, 'logitLens' | 'logitLensInput'>> {
  const [input, ...layers] = lens.rows.map((_, row) => rowOf(lens, row))
  if (!input) throw new RangeError('a logit lens without rows')
  return {
    logitLensInput: input,
    logitLens: layers.map((row, layer) => ({layer, ...row})),
  }
}

function rowOf(lens: LogitLens, row: number): LogitLensRow {
  const {rows, tracked, output, occurred} = lens
  const next = rows[row]!
  const distribution = distributionOf(lens)
  return {
    next: nextRows(next, distribution),
    restProb: distribution === 'raw' ? next.rawRestProb : next.sampledRestProb,
    ...(tracked.length > 0 ? {tracked: tracked.map((columns) => followedAt(columns, row))} : {}),
    output: followedAt(output, row),
    ...(occurred ? {occurred: followedAt(occurred, row)} : {}),
  }
}

function followedAt({tokenId, prob, rank}: TrackedColumns, row: number): LogitLensRow['output'] {
  return {tokenId, prob: prob[row]!, rank: rank[row]!}
}
