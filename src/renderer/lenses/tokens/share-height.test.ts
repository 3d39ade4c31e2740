import {expect, test} from 'vitest'
import {LINE_GAP_PX} from '../../../shared/figures/tokens/text-layout.ts'
import {endSpacePx, revealPx, shareHeight, TEXT_ABOVE_PX, type TextLines} from './share-height.ts'

const LINE_PX = 100

function textOf(lineCount: number): TextLines {
  const lines = Array.from({length: lineCount}, (_, index) => ({
    yPx: index * LINE_PX,
    heightPx: LINE_PX,
  }))
  return {lines, heightPx: lineCount * LINE_PX - LINE_GAP_PX}
}
const CHART = {chartPx: 50, plotPx: 80}

test('a short text leaves the chart its growth, and then room for the numbers', () => {
  const shared = shareHeight(700, textOf(1), CHART)
  expect(shared.plotPx).toBe(240)
  expect(shared.hasNumbers).toBe(true)
  // Under the text and the grown chart there are 700 − 84 − 290 pixels.
  const used = shared.textPx - TEXT_ABOVE_PX + 50 + shared.plotPx
  expect(700 - used).toBeGreaterThanOrEqual(200)
})

test('everything fits its column, whatever its height, and the text is never cut inside a line', () => {
  for (let heightPx = 240; heightPx < 1500; heightPx += 7) {
    for (const lineCount of [1, 2, 4, 9, 40]) {
      const {textPx, plotPx, hasNumbers} = shareHeight(heightPx, textOf(lineCount), CHART)
      const netPx = textPx - TEXT_ABOVE_PX
      expect(netPx + 50 + plotPx).toBeLessThanOrEqual(heightPx)
      const isWhole = (netPx - 4 + LINE_GAP_PX) % LINE_PX === 0
      const isRoomItself = netPx === Math.max(96, heightPx - 130)
      expect(isWhole || isRoomItself).toBe(true)
      if (hasNumbers) expect(netPx).toBe(lineCount * LINE_PX - LINE_GAP_PX + 4)
    }
  }
})

test('without a chart the text has the column, and what it leaves is for the numbers', () => {
  const {textPx, hasNumbers} = shareHeight(600, textOf(2), {chartPx: null, plotPx: 80})
  expect(textPx).toBe(2 * LINE_PX - LINE_GAP_PX + 4 + TEXT_ABOVE_PX)
  expect(hasNumbers).toBe(true)
})

test('a line that is brought into sight is seen whole, and so is every other line in sight', () => {
  const heights = Array.from({length: 30}, (_, i) => 60 + ((i * 37) % 50))
  const tops = heights.map((_, i) => heights.slice(0, i).reduce((a, b) => a + b, 0))
  const lines = heights.map((heightPx, i) => ({yPx: tops[i]!, heightPx}))
  const text = {lines, heightPx: tops.at(-1)! + heights.at(-1)! - LINE_GAP_PX}
  for (let heightPx = 120; heightPx < 900; heightPx += 13) {
    const mostPx = Math.max(0, text.heightPx + 4 + endSpacePx(text, heightPx) - heightPx)
    let scrollPx = 0
    for (const index of [0, 29, 12, 13, 14, 3, 0, 28, 29]) {
      scrollPx = revealPx(text, index, {scrollPx, heightPx})
      expect(scrollPx).toBeLessThanOrEqual(mostPx)
      expect(tops).toContain(scrollPx)
      expect(tops[index]).toBeGreaterThanOrEqual(scrollPx)
      const endPx = tops[index]! + heights[index]! - LINE_GAP_PX
      expect(endPx).toBeLessThanOrEqual(scrollPx + heightPx)
    }
  }
  expect(revealPx(text, -1, {scrollPx: 17, heightPx: 100})).toBe(17)
})
