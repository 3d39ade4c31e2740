import {expect, test} from 'vitest'
import {
  type CriticalDatasetResult,
  type CriticalItemSummary,
  summaryOfItems,
} from '../../lenses/critical-dataset.ts'
import {commonFigureOptionsSchema} from '../request.ts'
import {textWidthPx} from '../text-width.ts'
import {datasetCaption, LABEL_PX, layoutCriticalDataset, placeInResponse} from './layout.ts'

const released = (position: number) => ({method: 'rollout', rule: 'released', position}) as const
const item = (index: number, own: Partial<CriticalItemSummary>): CriticalItemSummary => ({
  ...{index, line: index + 1, key: 'k', status: 'completed', verdict: 'wrong'},
  ...{isRecoverable: true, responseStart: 10, responseTokenCount: 20, critical: []},
  ...{agreement: null, ...own},
})

const ITEMS = [
  item(0, {critical: [released(12)], passAt1: {kept: 0, forbidden: 0.75}}),
  item(1, {critical: [released(12)], passAt1: {kept: 0.25, forbidden: 0.25}}),
  item(2, {critical: [released(29)]}),
  item(3, {isRecoverable: false}),
  item(4, {verdict: 'right'}),
  item(5, {}),
  item(6, {status: 'failed', critical: []}),
]
const result = {
  schema: 'tokenscope/critical@1',
  request: {rollouts: 64, tolerance: 3, mode: 'adaptive'},
  ...{warnings: [], status: 'completed', items: ITEMS, skipped: [], skippedCount: 2},
  summary: summaryOfItems(ITEMS),
} as unknown as CriticalDatasetResult

test('every item is counted once', () => {
  const {outcomes} = layoutCriticalDataset(result, commonFigureOptionsSchema.parse({}))
  expect(outcomes.map(({name, count}) => [name, count])).toEqual([
    ['wrong, with a critical token', 3],
    ['wrong, without one', 1],
    ['not recoverable from the start', 1],
    ['right', 1],
    ['failed', 1],
  ])
  expect(outcomes.reduce((sum, {count}) => sum + count, 0)).toBe(ITEMS.length)
  const [first, second] = outcomes
  expect(first!.barPx / second!.barPx).toBeCloseTo(3, 9)
})

test('a token stands in the tenth of its response that its place is in', () => {
  expect(placeInResponse(ITEMS[0]!, 'released')).toBeCloseTo(0.1, 12)
  expect(placeInResponse(ITEMS[0]!, 'ours')).toBeNull()
  const {bins, mostInBin} = layoutCriticalDataset(result, commonFigureOptionsSchema.parse({}))
  expect(bins.map(({releasedCount}) => releasedCount)).toEqual([0, 2, 0, 0, 0, 0, 0, 0, 0, 1])
  expect(mostInBin).toBe(2)
  expect(bins[1]!.releasedPx).toBe(2 * bins[9]!.releasedPx)
})

test('the caption says where tokens stand, of one, of some, and of none', () => {
  const wordsOf = (items: readonly CriticalItemSummary[]) =>
    datasetCaption({...result, items: [...items], summary: summaryOfItems(items)})[0]!.text
  expect(wordsOf([ITEMS[0]!])).toContain('It stands 10 % into its response.')
  expect(wordsOf(ITEMS)).toContain('The median one stands 10 % into its response.')
  // Between 10 % and 95 %.
  expect(wordsOf([ITEMS[0]!, ITEMS[2]!])).toContain('The median one stands 53 % into its response.')
  expect(wordsOf([ITEMS[4]!])).not.toContain('into its response')
})

test('estimators agree or not where the released rule names a token', () => {
  const agreement = {sameToken: false, spearman: 0.5}
  const summary = summaryOfItems([
    item(0, {critical: [released(12)], agreement: {...agreement, sameToken: true}}),
    item(1, {critical: [released(12)], agreement}),
    item(2, {critical: [{...released(12), rule: 'ours'}], agreement}),
    item(3, {agreement}),
  ])
  expect(summary).toMatchObject({comparedCount: 2, sameTokenCount: 1})
})

test.each([320, 480, 720, 1400])('nothing stands over the right margin at %i px', (widthPx) => {
  const certain = ITEMS.map((one) => ({...one, passAt1: {kept: 1, forbidden: 1}}))
  const layout = layoutCriticalDataset(
    {...result, items: certain},
    commonFigureOptionsSchema.parse({widthPx})
  )
  const innerPx = widthPx - 2 * layout.marginPx
  // In a narrow figure the plot keeps 40 px.
  const roomPx = Math.max(innerPx, LABEL_PX + 40 + 132)
  for (const {highPx, text} of layout.shares) {
    expect(highPx + 8 + textWidthPx(text, 11)).toBeLessThanOrEqual(roomPx)
  }
  expect(layout.bins[0]!.xPx).toBeGreaterThanOrEqual(LABEL_PX)
})

test('kept and forbidden are means over the items that have them', () => {
  const {shares, widthPx} = layoutCriticalDataset(result, commonFigureOptionsSchema.parse({}))
  expect(shares.map(({text}) => text.slice(0, 5))).toEqual(['0.13 ', '0.50 '])
  for (const {lowPx, xPx, highPx} of shares) {
    expect(LABEL_PX <= lowPx && lowPx <= xPx && xPx <= highPx && highPx < widthPx).toBe(true)
  }
  expect(datasetCaption(result)[0]!.text).toMatch(
    /^7 items, 2 lines skipped: .* in 3, by ours in 0/
  )
})
