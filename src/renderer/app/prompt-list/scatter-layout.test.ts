import fc from 'fast-check'
import {expect, test} from 'vitest'
import type {ListEntry} from '../../store/list-entries.ts'
import type {ListStatus} from '../../store/prompt-list-state.ts'
import {
  MOST_SINGLE_MARKS,
  markLabels,
  markPaths,
  marksAlong,
  nearestMark,
  scatterOf,
  topBitsOf,
} from './scatter-layout.ts'

interface Numbers {
  readonly bits: number | null
  readonly prob: number | null
}

const entriesOf = (rows: readonly Numbers[], status: ListStatus = 'right'): ListEntry[] =>
  rows.map(({bits, prob}, i) => ({
    row: {id: `r${i}`, prompt: `p${i}`, messages: null, answer: 'a', line: i + 1},
    number: i + 1,
    outcome: null,
    completion: '',
    status,
    result: {
      id: `r${i}`,
      promptTokenCount: 2,
      meanSurprisalBits: bits,
      surprisalsBits: new Float32Array(2),
      completionIds: [],
      completionHex: '',
      answer:
        prob === null
          ? null
          : {isSpaced: false, tokenCount: 1, prob, logprob: Math.log(prob), verdict: 'right'},
    },
  }))
const numbers = fc.record({
  bits: fc.double({min: 0, max: 20, noNaN: true}),
  prob: fc.double({min: 1e-9, max: 1, noNaN: true}),
})

test('marks stand inside the plot, surer ones higher, more surprising ones further right', () => {
  fc.assert(
    fc.property(fc.array(numbers, {minLength: 2, maxLength: 20}), (rows) => {
      const entries = entriesOf(rows)
      const {marks, plot} = scatterOf(entries, topBitsOf(entries), 400, 130)
      expect(marks).toHaveLength(rows.length)
      for (const [i, {x, y}] of marks.entries()) {
        expect(x).toBeGreaterThanOrEqual(plot.left)
        expect(x).toBeLessThanOrEqual(plot.right + 1e-9)
        expect(y).toBeLessThanOrEqual(plot.bottom)
        expect(y).toBeGreaterThanOrEqual(plot.y(1) - 1e-9)
        const before = rows[i - 1]
        if (!before) continue
        expect(Math.sign(x - marks[i - 1]!.x) * Math.sign(rows[i]!.bits - before.bits)).not.toBe(-1)
        expect(Math.sign(y - marks[i - 1]!.y) * Math.sign(rows[i]!.prob - before.prob)).not.toBe(1)
      }
    })
  )
})

test('rows without an answer, without a surprisal or not done have no mark', () => {
  const rows = [
    {bits: 1, prob: 0.5},
    {bits: 1, prob: null},
    {bits: null, prob: 0.5},
  ]
  const {marks, unmarkedCount} = scatterOf(entriesOf(rows), 4, 400, 130)
  expect([marks.length, unmarkedCount]).toEqual([1, 2])
  expect(scatterOf(entriesOf(rows, 'stale'), 4, 400, 130).marks).toHaveLength(0)
})

test('the nearest mark within reach is found, and none beyond it', () => {
  const {marks} = scatterOf(
    entriesOf([
      {bits: 1, prob: 0.5},
      {bits: 1.1, prob: 0.5},
    ]),
    4,
    400,
    130
  )
  const [first, second] = marks
  expect(nearestMark(marks, first!.x - 3, first!.y, 10)).toBe(first)
  expect(nearestMark(marks, second!.x + 3, second!.y, 10)).toBe(second)
  expect(nearestMark(marks, first!.x - 11, first!.y, 10)).toBeNull()
})

test('arrows walk every mark once, in the order of the number', () => {
  fc.assert(
    fc.property(fc.array(numbers, {maxLength: 30}), (rows) => {
      const {marks} = scatterOf(entriesOf(rows), 20, 400, 130)
      const along = marksAlong(marks, 'surprisal').map(({entry}) => entry)
      expect(new Set(along).size).toBe(rows.length)
      const bits = along.map(({result}) => result!.meanSurprisalBits!)
      expect(bits).toEqual([...bits].sort((a, b) => a - b))
    })
  )
})

test('10,000 rows are a few paths whose cells hold every row; wrong ones are drawn last', () => {
  const rows = Array.from({length: 10_000}, (_, i) => ({
    bits: (i % 97) / 30,
    prob: 0.01 + (i % 89) / 90,
  }))
  const entries = entriesOf(rows).map((entry, i) =>
    i % 10 === 0 ? {...entry, status: 'wrong' as const} : entry
  )
  const {marks} = scatterOf(entries, 4, 400, 130)
  const paths = markPaths(marks)
  expect(paths.length).toBeLessThanOrEqual(6)
  expect(paths.at(-1)!.status).toBe('wrong')
  const cells = new Set(
    paths.flatMap(({d}) =>
      d
        .split('M')
        .slice(1)
        .map((cell) => `M${cell}`)
    )
  )
  for (const {x, y} of marks) {
    expect(cells.has(`M${x - (x % 3)} ${y - (y % 3)}h3v3h-3z`)).toBe(true)
  }
})

test('few rows are single marks; numbers stand beside marks and never over one another', () => {
  fc.assert(
    fc.property(fc.array(numbers, {minLength: 1, maxLength: 12}), (rows) => {
      const {marks} = scatterOf(entriesOf(rows), 20, 400, 130)
      const labels = markLabels(marks)
      const boxes = labels.map(({x, y, text, anchor}) => {
        const widthPx = 6.5 * text.length
        return {left: anchor === 'start' ? x : x - widthPx, widthPx, y}
      })
      for (const [i, a] of boxes.entries()) {
        for (const b of boxes.slice(i + 1)) {
          const overlaps = a.left < b.left + b.widthPx && b.left < a.left + a.widthPx
          expect(overlaps && Math.abs(a.y - b.y) < 10).toBe(false)
        }
      }
    })
  )
  const single = scatterOf(
    entriesOf(Array(MOST_SINGLE_MARKS).fill({bits: 1, prob: 0.5})),
    4,
    400,
    130
  )
  expect(markPaths(single.marks).map(({level}) => level)).toEqual([null])
  expect(markPaths(single.marks)[0]!.d.split('M')).toHaveLength(MOST_SINGLE_MARKS + 1)
  expect(markLabels(single.marks)).toEqual([])
})
