import {describe, expect, test} from 'vitest'
import {layoutNext} from './next-layout.ts'
import {sampleResult, scriptsResult, storyResult} from './sample-result.ts'

const truncated = storyResult()
const raw = storyResult({temperature: 1, topP: 1})
const tempered = storyResult({temperature: 0.9, topP: 1})

test('truncated: hollow raw, solid sampled, cut dashed, the rest and the sum counted', () => {
  const layout = layoutNext(truncated, {widthPx: 300})!
  expect(layout.hint).toBe('')
  expect(layout.notes[1]!.text).toBe('hollow raw, solid sampled')
  expect(layout.columns.map((column) => column.name)).toEqual(['raw', 'sampled'])
  expect(layout.rows.slice(0, 4).map((row) => [row.rawText, row.sampledText, row.isCut])).toEqual([
    ['0.83', '0.90', false],
    ['0.07', '0.06', false],
    ['0.05', '0.04', false],
    ['0.01', 'cut', true],
  ])
  expect(layout.rows[3]).toMatchObject({solidPx: null, step: -1})
  expect(layout.rows.at(-1)).toMatchObject({
    candidateId: null,
    label: '2,038 others',
    sampledText: 'cut',
    isCut: true,
  })
  expect(layout.sum.text).toBe('3 kept; 2,045 cut, 0.05')
  expect(layout.notes[0]!.text).toBe('sampled: temperature 0.90, then top-p 0.95 (truncated)')
})

test('nothing is cut but by top-p, however small a probability is', () => {
  const sharp = {
    ...tempered,
    restProb: 0,
    next: tempered.next.map((row, i) => ({...row, prob: i === 0 ? 1 : i === 1 ? 1e-9 : 0})),
  }
  const texts = (result: typeof sharp) =>
    layoutNext(result, {widthPx: 300})!.rows.map((row) => row.sampledText)
  expect(texts(sharp)).toEqual(['1.00', ...sharp.next.map(() => '<0.001')])
  const kept = {...sharp, distribution: 'truncated' as const, keptCount: 2}
  expect(texts(kept).slice(0, 3)).toEqual(['1.00', '<0.001', 'cut'])
  expect(texts(kept).at(-1)).toBe('cut')
  const restKept = {...kept, keptCount: sharp.next.length + 1}
  expect(texts(restKept)).not.toContain('cut')
  const whole = {...restKept, restCount: 0, keptCount: sharp.next.length, rawRestProb: 0}
  expect(texts(whole).at(-1)).toBe('0')
})

test('with two columns a usual word is whole beside the title', () => {
  const {tokens} = truncated
  const named = tokens.map((token) => ({...token, bytesHex: '206b69746368656e'}))
  const layout = layoutNext({...truncated, tokens: named}, {widthPx: 300})!
  expect(layout.titleNote).toBe('after ·kitchen at 42')
})

test('raw: one column, and it says so', () => {
  const layout = layoutNext(raw, {widthPx: 300})!
  expect(layout.hint).toBe('raw, temperature 1')
  expect(layout.columns.map((column) => column.name)).toEqual(['p'])
  expect(layout.rows.every((row) => row.rawText === null)).toBe(true)
  expect(layout.rows[0]!.sampledText).toBe('0.83')
  expect(layout.sum.text).toBe('sum')
})

test('temperature: nothing is cut', () => {
  const layout = layoutNext(tempered, {widthPx: 300})!
  expect(layout.rows.slice(0, -1).some((row) => row.isCut)).toBe(false)
  expect(layout.notes[0]!.text).toBe('sampled: temperature 0.90')
})

describe.each([
  ['truncated', truncated],
  ['raw', raw],
  ['scripts', scriptsResult()],
])('%s', (_, result) => {
  test.each([180, 289, 300, 600])('at %i px bars stay in their column', (widthPx) => {
    const layout = layoutNext(result, {widthPx})!
    const firstNumberPx = layout.columns[0]!.endPx - 46
    for (const row of layout.rows) {
      expect(row.chipWidthPx).toBeLessThanOrEqual(layout.barXPx)
      for (const barPx of [row.hollowPx, row.solidPx]) {
        if (barPx !== null) {
          expect(layout.barXPx + barPx).toBeLessThanOrEqual(
            Math.max(firstNumberPx, layout.barXPx + 8) + 1e-6
          )
        }
      }
    }
  })
})

test('folded rows join the rest', () => {
  const layout = layoutNext(raw, {widthPx: 300, rowCount: 2})!
  expect(layout.rows).toHaveLength(3)
  expect(layout.rows[2]!.label).toBe('2,046 others')
  // 1 − 0.83 − 0.071
  expect(layout.rows[2]!.sampledText).toBe('0.10')
})

test('without the prompt rows go by their rank', () => {
  const layout = layoutNext(raw, {widthPx: 300, noPrompt: true})!
  expect(layout.rows[0]).toMatchObject({label: 'rank 1', runs: []})
  expect(layout.titleNote).toBe('after 42')
})

test('there is no table where nothing follows', () => {
  expect(layoutNext(sampleResult({tokens: [['a', 1]]}), {widthPx: 300})).toBeNull()
})
