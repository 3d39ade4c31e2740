import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {AttentionFilters} from '../lenses/attention-maps.ts'
import {RowFilters} from './row-filters.ts'

const NONE: AttentionFilters = {dropSink: false, threshold: 0}

/** Rows that sum to 1 or a little less, some weights 0; the row of query q sees keys 0 to q. */
const rowArbitrary = fc
  .array(fc.integer({min: 0, max: 9}), {minLength: 1, maxLength: 12})
  .map((parts) => {
    const sum = parts.reduce((total, part) => total + part, 0)
    return Float32Array.from(parts, (part) => (sum === 0 ? 0 : part / sum))
  })
/** Shares and thresholds are none that a row can meet to the digit: there, rounding would decide. */
const filtersArbitrary: fc.Arbitrary<AttentionFilters> = fc.record(
  {
    dropSink: fc.boolean(),
    threshold: fc.constantFrom(0, 0.051, 0.203, 2),
    hiddenPositions: fc
      .uniqueArray(fc.integer({min: 0, max: 11}))
      .map((all) => Int32Array.from(all)),
    groups: fc
      .array(fc.integer({min: 0, max: 1}), {minLength: 12, maxLength: 12})
      .map((all) => Int32Array.from(all)),
    topK: fc.integer({min: 1, max: 5}),
    mass: fc.constantFrom(0.301, 0.699, 1),
  },
  {requiredKeys: ['dropSink', 'threshold']}
)

/** The same by lists of edges, filter after filter as the contract names them. */
function filteredPlainly(query: number, row: Float32Array, filters: AttentionFilters): number[] {
  let edges = [...row].map((weight, key) => ({key, weight}))
  const sumOf = (some: typeof edges) => some.reduce((sum, {weight}) => sum + weight, 0)
  if (filters.dropSink) {
    const whole = sumOf(edges)
    edges = edges.filter(({key}) => key > 0)
    const rest = sumOf(edges)
    edges = edges.map(({key, weight}) => ({
      key,
      weight: rest === 0 ? 0 : Math.fround((weight * whole) / rest),
    }))
  }
  const {hiddenPositions = Int32Array.of(), groups, threshold, topK, mass} = filters
  if (hiddenPositions.includes(query)) edges = []
  edges = edges.filter(({key}) => !hiddenPositions.includes(key))
  if (groups) edges = edges.filter(({key}) => groups[key] === groups[query])
  edges = edges.filter(({weight}) => weight > 0 && weight >= threshold)
  const heaviest = () => edges.toSorted((a, b) => b.weight - a.weight || a.key - b.key)
  if (topK !== undefined) edges = heaviest().slice(0, topK)
  if (mass !== undefined) {
    const whole = sumOf(edges)
    let held = 0
    edges = heaviest().filter(({weight}) => {
      const isNeeded = held < mass * whole - 1e-9
      held += weight
      return isNeeded
    })
  }
  const shown = new Array<number>(row.length).fill(0)
  for (const {key, weight} of edges) shown[key] = weight
  return shown
}

function apply(row: Float32Array, filters: AttentionFilters, query = row.length - 1) {
  const rows = new RowFilters(filters, row.length, {sumsToOne: true})
  const copy = row.slice()
  rows.apply(query, copy)
  return {row: copy, summary: rows.summary}
}

describe('row filters', () => {
  it('leave what a plain list of edges keeps, and count what they hide', () => {
    fc.assert(
      fc.property(rowArbitrary, filtersArbitrary, (row, filters) => {
        const query = row.length - 1
        const {row: shown, summary} = apply(row, filters)
        const expected = filteredPlainly(query, row, filters)
        for (const [key, weight] of shown.entries()) expect(weight).toBeCloseTo(expected[key]!, 6)
        const before = filteredPlainly(query, row, {...NONE, dropSink: filters.dropSink})
        const sum = (all: readonly number[]) => all.reduce((total, weight) => total + weight, 0)
        const hasWeight = sum(before) > 0
        expect(summary.rowCount).toBe(hasWeight ? 1 : 0)
        const hidden = hasWeight ? 1 - sum(expected) / sum(before) : 0
        expect(summary.hiddenShare).toBeCloseTo(hidden, 5)
        const isSinkOnly =
          expected[0]! > 0 && expected.every((weight, key) => key === 0 || weight === 0)
        expect(summary.sinkOnlyRowCount).toBe(hasWeight && isSinkOnly ? 1 : 0)
      })
    )
  })

  it('keep the earlier of equal keys', () => {
    const row = Float32Array.of(0.25, 0.25, 0.25, 0.25)
    expect([...apply(row, {...NONE, topK: 3}).row]).toEqual([0.25, 0.25, 0.25, 0])
    expect([...apply(row, {...NONE, mass: 0.5}).row]).toEqual([0.25, 0.25, 0, 0])
  })

  it('overshoot a share of the mass, and say what is hidden', () => {
    const row = Float32Array.of(0.5, 0.28, 0.12, 0.1)
    const {summary} = apply(row, {...NONE, mass: 0.7})
    expect(summary.hiddenShare).toBeCloseTo(0.22, 6)
    const alone = apply(Float32Array.of(0.8, 0.1, 0.1), {...NONE, mass: 0.7}).summary
    expect(alone).toMatchObject({sinkOnlyRowCount: 1, rowCount: 1})
  })

  it('give an empty summary without NaN where everything is hidden', () => {
    const {row, summary} = apply(Float32Array.of(0.5, 0.5), {...NONE, threshold: 2})
    expect([...row]).toEqual([0, 0])
    expect(summary).toEqual({
      ...{rowCount: 1, hiddenShare: 1, sinkOnlyRowCount: 0, nowhereShare: null, nonFiniteCount: 0},
    })
    expect(new RowFilters(NONE, 2, {sumsToOne: true}).summary).toEqual({
      ...{rowCount: 0, hiddenShare: 0, sinkOnlyRowCount: 0, nowhereShare: null, nonFiniteCount: 0},
    })
  })

  it('tell what a sink operator sends nowhere, and keep it when the sink column goes', () => {
    const row = Float32Array.of(0.4, 0.2, 0.2)
    expect(apply(row, NONE).summary.nowhereShare).toBeCloseTo(0.2, 6)
    const dropped = apply(row, {...NONE, dropSink: true})
    expect(dropped.row[1]).toBeCloseTo(0.4, 6)
    expect(dropped.summary.nowhereShare).toBeCloseTo(0.2, 6)
    // A row that is all sink has nothing left.
    expect(apply(Float32Array.of(1, 0), {...NONE, dropSink: true}).summary.rowCount).toBe(0)
  })

  it('carry weights that are no numbers, and count them', () => {
    const rows = new RowFilters({...NONE, threshold: 0.3, topK: 1}, 3, {sumsToOne: true})
    const broken = Float32Array.of(Number.NaN, 0.2, Number.POSITIVE_INFINITY)
    rows.apply(2, broken)
    expect([...broken]).toEqual([Number.NaN, 0, Number.NaN])
    rows.apply(1, Float32Array.of(0.5, 0.5, 0))
    expect(rows.summary).toMatchObject({rowCount: 1, nonFiniteCount: 2, hiddenShare: 0.5})
  })
})
