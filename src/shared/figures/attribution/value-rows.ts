import type {AttributeResult, AttributionRow} from '../../lenses/attribute.ts'
import type {AttributionScores} from '../../lenses/attribution-picture.ts'
import type {ResolvedUnit} from '../../units/unit-choice.ts'
import {aggregateUnits} from '../../units/unit-scores.ts'
import {unitBytesHex} from '../../units/unit-words.ts'
import {type UnitTable, unitsOf} from '../../units/units.ts'
import type {GlyphSource} from '../token-glyphs.ts'

/** A context token, or a stretch of the context, with its value. */
export interface ValueRow extends GlyphSource {
  /** Tokens of which some part lies in it; the first and the last. */
  readonly first: number
  readonly last: number
  /**
   * `fixed`: an inserted or special token, which is never replaced; `pending`: one without a value yet; `outside`:
   * what no unit covers.
   */
  readonly role: 'value' | 'fixed' | 'pending' | 'outside'
  readonly value: number | null
  /** 10th and 90th percentile; of a single token alone, for those of a sum are not sums. */
  readonly low: number | null
  readonly high: number | null
  /** Where its bar begins: 0, or of ReAGent's scores per step what a token without influence has. */
  readonly level: number
  readonly isRationale: boolean
}

/** The rows of a result: its first target's, or every generated token's. */
export function rowsOfResult(result: AttributeResult): AttributionRow[] {
  if (result.rows) return result.rows
  return result.target ? [result as AttributionRow] : []
}

/** The values of a target's row, one a position: as they are, or the released softmax where there is one. */
export function valuesOfRow(
  row: Pick<AttributionRow, 'values' | 'released'>,
  scores: AttributionScores
): readonly {position: number; value: number; low: number | null; high: number | null}[] {
  if (scores === 'per-step' || !row.released) return row.values
  return row.released.map((entry) => ({...entry, low: null, high: null}))
}

/**
 * Whether a sum of a row's values means anything: scores per step of ReAGent share a constant that any sum of them
 * would mostly count.
 */
export function hasTotal(
  row: Pick<AttributionRow, 'released'>,
  scores: AttributionScores
): boolean {
  return !row.released || scores === 'released'
}

/** The sum of a row's values: the same by every text unit. */
export function totalOfRow(
  row: Pick<AttributionRow, 'values' | 'released'>,
  scores: AttributionScores
): number {
  return valuesOfRow(row, scores).reduce((sum, {value}) => sum + value, 0)
}

/**
 * What a token without influence has, as the median of the context. Each step of ReAGent moves what is kept against
 * what is replaced, so scores per step share a constant, which the method's softmax ignores; of all else it is 0.
 */
export function neutralLevel(
  row: Pick<AttributionRow, 'values' | 'released'>,
  scores: AttributionScores
): number {
  if (!row.released || scores === 'released' || row.values.length === 0) return 0
  const sorted = row.values.map(({value}) => value).sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
}

type Text = Pick<AttributeResult, 'text' | 'tokens' | 'promptTokenCount' | 'turns'>

/** A target's context by tokens or another unit, in the order of the text. */
export function valueRows(
  text: Text,
  row: AttributionRow,
  {unit, scores}: {readonly unit: ResolvedUnit; readonly scores: AttributionScores}
): ValueRow[] {
  const end = row.target.positions[0] ?? text.tokens.length
  if (unit.kind === 'token') return tokenRows(text, row, scores, end)
  return unitRows(unitsOf(text, unit), row, scores, end)
}

function tokenRows(
  {tokens}: Text,
  row: AttributionRow,
  scores: AttributionScores,
  end: number
): ValueRow[] {
  const values = new Map(valuesOfRow(row, scores).map((entry) => [entry.position, entry]))
  const rationale = new Set(row.rationale)
  const level = neutralLevel(row, scores)
  return tokens.slice(0, end).map(({position, bytesHex, isSpecial, isInserted}) => {
    const entry = values.get(position)
    const isFixed = isSpecial || isInserted
    return {
      ...{bytesHex, isSpecial: isFixed, first: position, last: position},
      role: entry ? 'value' : isFixed ? 'fixed' : 'pending',
      value: entry?.value ?? null,
      low: entry?.low ?? null,
      high: entry?.high ?? null,
      level,
      isRationale: rationale.has(position),
    }
  })
}

function unitRows(
  table: UnitTable,
  row: AttributionRow,
  scores: AttributionScores,
  end: number
): ValueRow[] {
  const values = new Float64Array(table.tokens.length).fill(Number.NaN)
  for (const {position, value} of valuesOfRow(row, scores)) values[position] = value
  const rationale = new Set(row.rationale)
  const sums = aggregateUnits(table, values, 'sum')
  const level = neutralLevel(row, scores)
  const counts = aggregateUnits(
    table,
    values.map((value) => (Number.isNaN(value) ? value : 1)),
    'sum'
  )
  return table.units.flatMap((unit, index) => {
    const {role, firstPosition, lastPosition} = unit
    if (firstPosition >= end) return []
    const last = Math.min(lastPosition, end - 1)
    let isRationale = false
    for (let at = firstPosition; at <= last; at++) isRationale ||= rationale.has(at)
    return {
      bytesHex: unitBytesHex(table, unit),
      isSpecial: role === 'special',
      ...{first: firstPosition, last},
      role: role === 'special' ? 'fixed' : role === 'outside' ? 'outside' : 'value',
      ...{value: sums[index]!, low: null, high: null, isRationale},
      level: level * (counts[index] ?? 0),
    } satisfies ValueRow
  })
}

/**
 * The rows that stay when so many are shown: those with the largest values, in the order of the text, and how far
 * from their level the folded ones lie at most.
 */
export function foldRows<Row extends Pick<ValueRow, 'value' | 'first' | 'level'>>(
  rows: readonly Row[],
  limit: number
): {readonly shown: readonly Row[]; readonly foldedCount: number; readonly within: number} {
  if (rows.length <= limit) return {shown: rows, foldedCount: 0, within: 0}
  const sizes = rows.map(({value, level}) => Math.abs((value ?? level) - level))
  const order = rows.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]! || a - b)
  const kept = new Set(order.slice(0, limit))
  return {
    shown: rows.filter((_, i) => kept.has(i)),
    foldedCount: rows.length - limit,
    within: sizes[order[limit]!]!,
  }
}
