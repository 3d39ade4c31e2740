import type {ChangedRow} from './attention-view-pictures.ts'
import type {InterveneResult} from './intervene.ts'

/** A row before it has a name. */
export type ChangedToken = Omit<ChangedRow, 'name'> & {readonly bytesHex: string}

/** The likeliest tokens of either table, by the larger of the two, and all others together. */
export function changedRows(
  {before, after}: Pick<InterveneResult, 'before' | 'after'>,
  count: number
): {
  readonly rows: readonly ChangedToken[]
  readonly othersBefore: number
  readonly othersAfter: number
} {
  const known = new Map<number, ChangedToken>()
  for (const {id, bytesHex, rawProb} of before.next) {
    known.set(id, {id, bytesHex, before: rawProb, after: null})
  }
  for (const {id, bytesHex, rawProb} of after.next) {
    known.set(id, {id, bytesHex, before: known.get(id)?.before ?? null, after: rawProb})
  }
  const rows = [...known.values()].sort((a, b) => most(b) - most(a) || a.id - b.id).slice(0, count)
  const rest = (side: 'before' | 'after') =>
    Math.max(0, 1 - rows.reduce((sum, row) => sum + (row[side] ?? 0), 0))
  return {rows, othersBefore: rest('before'), othersAfter: rest('after')}
}
const most = ({before, after}: ChangedToken) => Math.max(before ?? 0, after ?? 0)
