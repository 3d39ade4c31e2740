import {describe, expect, test} from 'vitest'
import {longResult, sampleResult, scriptsResult, storyResult} from './sample-result.ts'
import {layoutTokenText, type TokenTextLayout} from './text-layout.ts'

const OPTIONS = {widthPx: 560, tracks: ['surprisal', 'entropy', 'rank'] as const}
const columnsOf = (layout: TokenTextLayout) => layout.lines.flatMap((line) => line.columns)

describe.each([
  ['story', storyResult()],
  ['scripts', scriptsResult()],
  ['long', longResult(500)],
])('%s', (_, result) => {
  test.each([200, 321, 560, 1100])(
    'at %i px every token has its place and none overlaps',
    (widthPx) => {
      const layout = layoutTokenText(result, {...OPTIONS, widthPx})
      expect(columnsOf(layout).map((column) => column.position)).toEqual(
        result.tokens.map((token) => token.position)
      )
      let bottom = 0
      for (const line of layout.lines) {
        expect(line.yPx).toBeGreaterThanOrEqual(bottom)
        bottom = line.yPx + line.heightPx
        let right = layout.labelWidthPx
        for (const column of line.columns) {
          expect(column.xPx).toBeGreaterThanOrEqual(right)
          right = column.xPx + column.widthPx
          expect(layout.lineOfPosition[column.position]).toBe(line.index)
          for (const run of column.runs) {
            expect(run.xPx).toBeGreaterThanOrEqual(0)
            expect(run.xPx + run.widthPx).toBeLessThanOrEqual(column.widthPx + 1e-6)
          }
        }
        // One token may be wider than a very narrow line, never two.
        if (line.columns.length > 1) expect(right).toBeLessThanOrEqual(widthPx + 0.5)
      }
    }
  )
})

test('a newline token ends its line, and so does one with a newline inside', () => {
  const layout = layoutTokenText(
    sampleResult({
      tokens: [
        ['a', 1],
        ['\n', 1],
        ['b', 1],
        [';\n\n  ', 1],
        ['c', 1],
      ],
    }),
    OPTIONS
  )
  expect(layout.lines.map((line) => line.rangeText)).toEqual(['0 to 1', '2 to 3', '4'])
})

test('what has no value has a dash and no bar; what has one has a bar, however small', () => {
  const layout = layoutTokenText(
    sampleResult({
      tokens: [
        ['<s>', null],
        ['a', 0],
        ['b', 8],
      ],
    }),
    OPTIONS
  )
  const [begin, sure, surprised] = columnsOf(layout)
  expect(begin!.marks.map((mark) => [mark.barPx, mark.text])).toEqual([
    [null, '—'],
    [null, '—'],
    [null, '—'],
  ])
  expect(begin).toMatchObject({isSpecial: true, step: -1})
  expect(sure!.marks[0]!.barPx).toBe(1)
  expect(sure).toMatchObject({step: 0})
  expect(surprised!.marks[0]!.barPx).toBe(layout.tracks[0]!.heightPx)
  expect(layout.tracks[0]).toMatchObject({maximum: 8, rangeText: '0 to 8 bits', isTint: true})
})

test('ranks are drawn from 1 and widen a chip that they do not fit', () => {
  const result = sampleResult({tokens: [['.', 3]]})
  const narrow = layoutTokenText(result, OPTIONS)
  const [token] = result.tokens
  const wide = layoutTokenText({tokens: [{...token!, rank: 2046}], promptTokenCount: 1}, OPTIONS)
  expect(columnsOf(wide)[0]!.marks[2]!.text).toBe('2,047')
  expect(columnsOf(wide)[0]!.widthPx).toBeGreaterThan(columnsOf(narrow)[0]!.widthPx)
})

test('the tokens of one character stay together and carry it above their cells', () => {
  const tokens = [
    ['word', 1],
    [[0xf0, 0x9f], 1],
    [[0x98], 1],
    [[0x80], 1],
  ] as const
  const result = sampleResult({tokens})
  for (let widthPx = 120; widthPx < 240; widthPx += 7) {
    const layout = layoutTokenText(result, {...OPTIONS, widthPx})
    const lines = [1, 2, 3].map((position) => layout.lineOfPosition[position])
    const roomPx = widthPx - layout.labelWidthPx
    // Chips of 42, 25 and 25 px and two gaps of 2.
    if (roomPx >= 96) expect(new Set(lines).size).toBe(1)
  }
  const {lines} = layoutTokenText(result, OPTIONS)
  expect(lines[0]!.joined).toHaveLength(1)
  const {text, fromPx, toPx} = lines[0]!.joined[0]!
  const [, first, , last] = lines[0]!.columns
  expect(text).toBe('😀')
  expect(fromPx).toBeGreaterThanOrEqual(first!.xPx)
  expect(toPx).toBeLessThanOrEqual(last!.xPx + last!.widthPx)
  expect(toPx).toBeGreaterThan(last!.xPx)
})

test('generated tokens follow a rule, also where they begin a line', () => {
  const story = layoutTokenText(storyResult(), OPTIONS)
  const ruled = story.lines.filter((line) => line.ruleXPx !== null)
  expect(ruled).toHaveLength(1)
  const [line] = ruled
  const before = line!.columns.filter((column) => !column.isGenerated).at(-1)
  const after = line!.columns.find((column) => column.isGenerated)!
  expect(line!.ruleXPx).toBeLessThan(after.xPx)
  if (before) expect(line!.ruleXPx).toBeGreaterThan(before.xPx + before.widthPx)
  const atStart = layoutTokenText(
    sampleResult({
      tokens: [
        ['\n', 1],
        ['a', 1],
      ],
      promptTokenCount: 1,
    }),
    OPTIONS
  )
  expect(atStart.lines.map((one) => one.ruleXPx !== null)).toEqual([false, true])
  const none = layoutTokenText(sampleResult({tokens: [['a', 1]]}), OPTIONS)
  expect(none.lines.every((one) => one.ruleXPx === null)).toBe(true)
})

test('a long run of spaces is counted, a long token is cut and says by how much', () => {
  const layout = layoutTokenText(
    sampleResult({
      tokens: [
        [' '.repeat(64), 1],
        ['x'.repeat(300), 1],
      ],
    }),
    OPTIONS
  )
  const [spaces, long] = columnsOf(layout)
  expect(spaces!.runs.map((run) => run.text)).toEqual(['·', '×64'])
  const shown = long!.runs[0]!.text.length
  expect(long!.runs.map((run) => run.text)).toEqual(['x'.repeat(shown), `…+${300 - shown}`])
})

test('without the prompt there is no text', () => {
  const layout = layoutTokenText(storyResult(), {...OPTIONS, noPrompt: true})
  expect(columnsOf(layout).every((column) => column.runs.length === 0)).toBe(true)
  expect(layout.lines.every((line) => line.joined.length === 0)).toBe(true)
  expect(columnsOf(layout)).toHaveLength(48)
})

test('no tokens, no lines', () => {
  const layout = layoutTokenText({tokens: [], promptTokenCount: 0}, OPTIONS)
  expect([layout.lines.length, layout.heightPx]).toEqual([0, 0])
})

test('the layout looks at each token as often in a long text as in a short one', () => {
  const readsPerToken = (count: number) => {
    let reads = 0
    const counted = <Target extends object>(target: Target): Target =>
      new Proxy(target, {
        get(object, name) {
          reads++
          return Reflect.get(object, name)
        },
      })
    const {tokens, promptTokenCount} = longResult(count)
    layoutTokenText({tokens: counted(tokens.map(counted)), promptTokenCount}, OPTIONS)
    return reads / count
  }
  const few = readsPerToken(500)
  expect(few).toBeGreaterThan(1)
  // In a quadratic layout it would be eight times as often.
  expect(readsPerToken(4000)).toBeLessThan(1.2 * few)
})
