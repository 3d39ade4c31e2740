import {describe, expect, test} from 'vitest'
import type {AttributionMethod} from '../../lenses/attribute.ts'
import {barsPictureSchema} from '../../lenses/attribution-picture.ts'
import {layoutBars} from './bars-layout.ts'
import {heatCaption, legendOf} from './layout.ts'
import {sampleResult, sampleRow} from './sample-result.ts'
import {attributionCaption, attributionGuard, firstTokenText} from './words.ts'

const VALUES = [0.1, 0.3, 0.9, 0.2, 0.05, 0.15]
const CONTRAST = {
  ...{positions: [7], tokenIds: [9], contrastId: 8, prob: 0.6, contrastProb: 0.2},
}

function wordsOf(method: AttributionMethod, target = CONTRAST) {
  const {released: _, ...row} = sampleRow(VALUES, {target})
  const result = {...sampleResult(row), method}
  const bars = layoutBars(result, row, barsPictureSchema.parse({view: 'bars'}), {widthPx: 700})
  return {
    guard: attributionGuard(result, row.target),
    caption: attributionCaption(result, row, {scores: 'per-step'})
      .map(({text}) => text)
      .join(''),
    legend: legendOf(bars, 700, 0).map(({text}) => text),
    heat: heatCaption(result)
      .map(({text}) => text)
      .join(''),
  }
}

describe('words of methods that never look at the target', () => {
  test.each(['attention-rollout', 'last-attention', 'random'] as const)('%s', (method) => {
    const {guard, caption, legend, heat} = wordsOf(method)
    expect(guard).toContain('never looks at A or B')
    expect(guard).not.toContain('Explains')
    // Only its curves replace anything.
    expect(guard).not.toMatch(/(^|\. )Replaced/u)
    expect(guard).toContain('Curves replaced, sampler uniform')
    expect(caption).toMatch(/^Before #9 at 7 or #8, /u)
    expect(caption).not.toContain('leans')
    expect(legend.join(' ')).not.toContain('target')
    expect(heat).not.toContain('raises')
    const alone = {...CONTRAST, contrastId: null, contrastProb: null}
    expect(wordsOf(method, alone as never).guard).toContain('never looks at which token follows')
  })

  test('those that do explain the ratio, and say that they replaced', () => {
    const {guard, caption, legend} = wordsOf('shapley')
    expect(guard).toMatch(/Explains p\(A\) .* = 0?\.75/u)
    expect(guard).toContain('Replaced, sampler uniform, seed 0.')
    expect(caption).toMatch(/^Why #9 at 7 rather than #8, /u)
    expect(legend).toContain('raises the target')
    expect(wordsOf('occlusion-mask').guard).toContain('Curves replaced')
  })
})

test('what the first token holds is said of attention alone', () => {
  expect(firstTokenText({firstTokenShare: 0.626})).toBe(
    'The first token holds 63 % of all attention.'
  )
  expect(firstTokenText({})).toBeNull()
})
