import fc from 'fast-check'
import {expect, test} from 'vitest'
import {TRACK_KINDS} from '../../../shared/figures/tokens/tracks.ts'
import {startTokensRun, type TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import type {ResolvedUnit} from '../../../shared/units/unit-choice.ts'
import {cutRun} from '../../store/unit.ts'
import {fitColumns, formatShare, TABLE_COLUMNS, tokenCounts, totalOf} from './table-rows.ts'

const statistic = fc.option(fc.double({min: 0, max: 20, noNaN: true}), {nil: null})

/** A text cut anywhere into tokens, with statistics anywhere. */
const runs = fc
  .array(
    fc.tuple(
      fc.constantFrom('Mira', ' has', ' a', ' lamp', '.', ' ', '\n', ' é', '12', 'x y'),
      statistic
    ),
    {minLength: 1, maxLength: 25}
  )
  .map((parts): TokensRun => {
    let at = 0
    const tokens = parts.map(([text, value], position): ScoredToken => {
      const byteStart = at
      at += Buffer.byteLength(text)
      return {
        position,
        id: position,
        bytesHex: Buffer.from(text).toString('hex'),
        text,
        byteStart,
        byteEnd: at,
        isSpecial: false,
        isInserted: false,
        spanClass: 'lossless',
        logprob: value === null ? null : -value,
        surprisalBits: value,
        entropyBits: value === null ? null : value / 2,
        rank: value === null ? null : Math.floor(value),
        maxLogprob: value === null ? null : -value / 3,
        topPMass: value === null ? null : value / 20,
        endProb: value,
        klToUniformBits: value === null ? null : value / 7,
        klFromUniformBits: value,
      }
    })
    const text = parts.map(([part]) => part).join('')
    return {...startTokensRun({} as never), text, tokens, promptTokenCount: tokens.length}
  })
const units = fc.oneof(
  fc
    .constantFrom('byte', 'token', 'word', 'sentence', 'line')
    .map((kind) => ({kind}) as ResolvedUnit),
  fc.uniqueArray(fc.nat(40), {minLength: 2, maxLength: 2}).map((ends): ResolvedUnit => {
    const [byteStart, byteEnd] = [...ends].sort((a, b) => a - b) as [number, number]
    return {kind: 'spans', spans: [{byteStart, byteEnd}]}
  })
)

test('the foot of the table is the run’s, whatever the unit of its rows', () => {
  fc.assert(
    fc.property(runs, units, (run, unit) => {
      const cut = cutRun(run, unit)
      for (const column of TABLE_COLUMNS) {
        const {statistic} = TRACK_KINDS[column.track]
        const own = run.tokens.flatMap((token) => token[statistic] ?? [])
        const sum = own.reduce((a, b) => a + b, 0)
        const total = totalOf(column, cut)
        if (own.length === 0) expect(total).toBeNull()
        else if (column.aggregation === 'worst') expect(total).toBe(Math.max(...own))
        else expect(total).toBeCloseTo(column.aggregation === 'sum' ? sum : sum / own.length, 8)
      }
      const tokenCount = tokenCounts(cut).reduce((a, b) => a + b, 0)
      expect(tokenCount).toBeCloseTo(run.tokens.length, 9)
    }),
    {numRuns: 200}
  )
})

test('whole numbers of tokens are written as such', () => {
  expect([formatShare(3), formatShare(1 / 3 + 2 / 3), formatShare(1.25)]).toEqual([
    '3',
    '1',
    '1.25',
  ])
})

test('columns without room stand on further pages, whole, each once and in order', () => {
  fc.assert(
    fc.property(runs, units, fc.boolean(), (run, unit, hasPins) => {
      const cut = cutRun(run, unit)
      let least = 0
      for (let widthPx = 1200; widthPx > 200; widthPx -= 60) {
        const {pages, textPx} = fitColumns(cut, widthPx, hasPins)
        expect(pages.flat()).toEqual(TABLE_COLUMNS)
        expect(Math.min(...pages.map((page) => page.length))).toBeGreaterThan(0)
        expect(pages.length).toBeGreaterThanOrEqual(least)
        least = pages.length
        // A column is not narrower than its widest value in tabular figures of 13 px, “<0.001”.
        for (const page of pages) {
          if (page.length > 1) expect(textPx + page.length * 46).toBeLessThan(widthPx)
        }
      }
      expect(fitColumns(cut, 1200, hasPins).pages).toHaveLength(1)
    }),
    {numRuns: 30}
  )
})
