import fc from 'fast-check'
import {expect, test} from 'vitest'
import {sampleResult} from '../../../shared/figures/tokens/sample-result.ts'
import {unitsOf} from '../../../shared/units/units.ts'
import {layoutStrip, stripStretches, visibleTokens} from './strip-layout.ts'

const {tokens} = sampleResult({
  tokens: [
    ['<s>', null],
    ['Mira', 4],
    [' has', 1],
    [[0xc3], 3],
    [[0xa9], 0.5],
    ['\n', 2],
    [' a very long token that goes on and on and on and on and on and on', 6],
    ['.', 0.1],
  ],
})

test('columns follow each other with one gap, and generated ones after a rule', () => {
  const layout = layoutStrip(tokens, 5)
  for (let i = 1; i < tokens.length; i++) {
    const gap = layout.xPx[i]! - layout.xPx[i - 1]! - layout.widthPx[i - 1]!
    expect(gap).toBe(i === 5 ? 11 : 2)
  }
  const before = layout.xPx[4]! + layout.widthPx[4]!
  expect(layout.ruleXPx).toBeGreaterThan(before)
  expect(layout.ruleXPx).toBeLessThan(layout.xPx[5]!)
  expect(layout.totalPx).toBe(layout.xPx.at(-1)! + layout.widthPx.at(-1)!)
})

test('exactly the tokens in sight are drawn', () => {
  const layout = layoutStrip([...tokens, ...tokens, ...tokens], 8)
  fc.assert(
    fc.property(
      fc.integer({min: -50, max: 2000}),
      fc.integer({min: 1, max: 800}),
      (from, width) => {
        const [first, end] = visibleTokens(layout, from, from + width)
        const seen = [...layout.xPx.keys()].filter(
          (i) => layout.xPx[i]! + layout.widthPx[i]! > from && layout.xPx[i]! < from + width
        )
        expect([...Array(end - first).keys()].map((i) => first + i)).toEqual(seen)
      }
    )
  )
})

test('a unit’s stretch covers its chips, and parts of them by their bytes', () => {
  const run = sampleResult({
    tokens: [
      ['one', 1],
      [' two', 2],
      ['.', 1],
      [' three', 1],
    ],
  })
  const layout = layoutStrip(run.tokens, run.promptTokenCount)
  const byWord = stripStretches(layout, unitsOf(run, {kind: 'word'}))
  expect(byWord.map(({isJoined}) => isJoined)).toEqual([false, false, false, false])
  const bySentence = stripStretches(layout, unitsOf(run, {kind: 'paragraph'}))
  expect(bySentence).toEqual([{unit: 0, xPx: 0, widthPx: layout.totalPx, isJoined: true}])
  // The last byte of “one” and the first two of “ two”.
  const cut = stripStretches(
    layout,
    unitsOf(run, {kind: 'spans', spans: [{byteStart: 2, byteEnd: 5}]})
  )
  expect(cut).toHaveLength(3)
  expect(cut[1]!.xPx).toBeCloseTo((layout.widthPx[0]! * 2) / 3)
  expect(cut[1]!.xPx + cut[1]!.widthPx).toBeCloseTo(layout.xPx[1]! + layout.widthPx[1]! / 2)
})
