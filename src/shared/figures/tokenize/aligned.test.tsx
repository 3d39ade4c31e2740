import fc from 'fast-check'
import {renderToStaticMarkup} from 'react-dom/server'
import {describe, expect, test} from 'vitest'
import {tokenTableOf} from '../../domain/token.ts'
import {paletteOf} from '../palette.ts'
import {agreementOf, byteAtX, layoutLine, levelOf, tokensWithin} from './aligned-line.ts'
import {tokenizeCaption} from './caption.ts'
import {type AlignedRow, COLUMN_PX, commonBlock, layoutColumns} from './columns.ts'
import {LINE_HEIGHTS, LineFigure} from './line-figure.tsx'
import {breakLines, lineOfByte} from './lines.ts'

const encoder = new TextEncoder()

/** A row that cuts a text at these bytes. */
function rowOf(text: string, cuts: readonly number[], name = 'row'): AlignedRow {
  const bytes = encoder.encode(text)
  const edges = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b
  )
  const tokens = tokenTableOf(
    edges.slice(1).map((end, i) => ({
      ...{id: i, bytes: bytes.subarray(edges[i], end), byteStart: edges[i]!, byteEnd: end},
      ...{isSpecial: false, isInserted: false, spanClass: 'lossless' as const},
    }))
  )
  return {tokenizer: name, tokens}
}

const texts = fc.string({unit: fc.constantFrom('a', ' ', 'é', '東', '🪔', '\n', 'े', '\u200b', 'ب')})
const cutLists = fc.array(fc.array(fc.integer({min: 1, max: 60}), {maxLength: 12}), {
  minLength: 1,
  maxLength: 4,
})

describe('columns', () => {
  test('a plain byte, a cut character and one that nobody cuts have their own widths', () => {
    const columns = layoutColumns(encoder.encode('aé東'), [rowOf('aé東', [2]), rowOf('aé東', [3])])
    const {byte, cut, continued} = COLUMN_PX
    const widths = [byte, cut, cut, byte, continued, continued]
    expect([...columns.widths]).toEqual(widths.map((px) => Math.fround(px)))
    expect([...columns.cutCounts]).toEqual([2, 0, 1, 1, 0, 0, 2])
  })

  test('counts of cuts are those of the rows, and the common stretch is the smallest that all cut out', () => {
    fc.assert(
      fc.property(texts, cutLists, fc.nat(), (text, lists, at) => {
        const bytes = encoder.encode(text)
        fc.pre(bytes.length > 0)
        const rows = lists.map((cuts) => rowOf(text, cuts))
        const columns = layoutColumns(bytes, rows)
        const edges = rows.map(
          ({tokens}) => new Set([0, ...Array.from(tokens.byteEnds), bytes.length])
        )
        for (let byte = 0; byte <= bytes.length; byte++) {
          expect(columns.cutCounts[byte]).toBe(edges.filter((set) => set.has(byte)).length)
        }
        const byte = at % bytes.length
        const [from, to] = commonBlock(columns, byte)
        const common = [...edges[0]!].filter((edge) => edges.every((set) => set.has(edge)))
        expect(from).toBe(Math.max(...common.filter((edge) => edge <= byte)))
        expect(to).toBe(Math.min(...common.filter((edge) => edge > byte)))
        for (const [i, row] of columns.rows.entries()) {
          const whole = tokensWithin(row, [from, to]).map(
            (index) => rows[i]!.tokens.byteEnds[index]!
          )
          expect(whole.at(-1)).toBe(to)
        }
      })
    )
  })

  test('rows whose tokens are listed in part end the text where the shortest does', () => {
    const text = 'one two three'
    const cut = rowOf(text, [4, 8])
    const listed = {
      ...cut,
      tokens: {...cut.tokens, ids: cut.tokens.ids.slice(0, 2)},
    }
    const columns = layoutColumns(encoder.encode(text), [listed, rowOf(text, [4])], true, 2)
    expect(columns.byteLength).toBe(8)
  })
})

describe('lines', () => {
  test('are the whole text, none wider than the room, and end after each line end', () => {
    fc.assert(
      fc.property(texts, cutLists, fc.integer({min: 60, max: 400}), (text, lists, room) => {
        const bytes = encoder.encode(text)
        const columns = layoutColumns(
          bytes,
          lists.map((cuts) => rowOf(text, cuts))
        )
        const lines = breakLines(columns, room)
        expect(lines[0]?.byteStart ?? 0).toBe(0)
        expect(lines.at(-1)?.byteEnd ?? 0).toBe(bytes.length)
        for (const [i, line] of lines.entries()) {
          expect(line.byteEnd).toBeGreaterThan(line.byteStart)
          if (i > 0) expect(line.byteStart).toBe(lines[i - 1]!.byteEnd)
          expect(lineOfByte(lines, line.byteStart)).toBe(i)
          // Characters stay whole, and a line end is only ever the last byte.
          expect(bytes[line.byteStart]! & 0xc0).not.toBe(0x80)
          expect(bytes.subarray(line.byteStart, line.byteEnd - 1).includes(0x0a)).toBe(false)
          const {widthPx} = layoutLine(columns, line)
          const isOne = [...new TextDecoder().decode(bytes.subarray(line.byteStart, line.byteEnd))]
          if (isOne.length > 1) expect(widthPx).toBeLessThanOrEqual(room + 0.01)
        }
      })
    )
  })

  test('break where every row cuts, if that is near the end', () => {
    const text = 'aaaa bbbb cccc dddd'
    const columns = layoutColumns(encoder.encode(text), [
      rowOf(text, [4, 9, 14]),
      rowOf(text, [9, 12]),
    ])
    // Room for 13 bytes: 9 is the last place that both cut.
    const [first] = breakLines(columns, 13.5 * COLUMN_PX.byte)
    expect(first).toEqual({byteStart: 0, byteEnd: 9})
  })
})

describe('one line', () => {
  test('every glyph of every row stands over its bytes, and each byte is drawn once', () => {
    const text = 'Zü 東\u200b!'
    const rows = [rowOf(text, [2, 4]), rowOf(text, [5, 7])]
    const columns = layoutColumns(encoder.encode(text), rows)
    const line = layoutLine(columns, {byteStart: 0, byteEnd: columns.byteLength})
    const [first, second] = line.rows
    // The first row cuts ü in two; the second cuts 東 twice.
    expect(first!.glyphs.small.text).toBe('c3bcU+200B')
    expect(first!.glyphs.plain.text).toBe('Z!')
    expect(first!.glyphs.shaped.map((cluster) => cluster.text)).toEqual(['東'])
    expect(first!.joins).toHaveLength(1)
    expect(second!.glyphs.small.text).toBe('e69db1U+200B')
    expect(second!.glyphs.plain.text).toBe('Zü!')
    expect(first!.glyphs.marks.text).toBe('·')
    for (const {xPx, byte} of line.cuts) expect(byteAtX(line, xPx - 0.01)).toBe(byte - 1)
    expect(byteAtX(line, line.widthPx)).toBeNull()
  })

  test('a level says how many rows have the very token', () => {
    fc.assert(
      fc.property(texts, cutLists, (text, lists) => {
        const rows = lists.map((cuts) => rowOf(text, cuts))
        const columns = layoutColumns(encoder.encode(text), rows)
        fc.pre(columns.byteLength > 0)
        const line = layoutLine(columns, {byteStart: 0, byteEnd: columns.byteLength})
        for (const [i, row] of line.rows.entries()) {
          for (const token of row.tokens) {
            const start = columns.rows[i]!.starts[token.span]!
            const end = columns.rows[i]!.ends[token.span]!
            const same = rows.filter(({tokens}) =>
              Array.from(tokens.byteStarts).some(
                (from, k) => from === start && tokens.byteEnds[k] === end
              )
            ).length
            expect(agreementOf(columns.rows, start, end)).toBe(same)
            expect(token.level).toBe(levelOf(same, rows.length))
          }
        }
      })
    )
    expect([4, 3, 2, 1].map((count) => levelOf(count, 4))).toEqual([0, 1, 2, 3])
    expect(levelOf(1, 1)).toBe(0)
  })

  test('characters that reorder or hide text are codes, so that nothing on the page can move', () => {
    const text = 'a\u202eb\u2066c\ufeff\u00ad'
    const columns = layoutColumns(encoder.encode(text), [rowOf(text, [])])
    const line = layoutLine(columns, {byteStart: 0, byteEnd: columns.byteLength})
    const markup = renderToStaticMarkup(
      <svg aria-label="a line">
        <LineFigure line={line} palette={paletteOf('light', 'ember')} heights={LINE_HEIGHTS} />
      </svg>
    )
    expect(markup).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]/u)
    expect(line.rows[0]!.glyphs.small.text).toBe('U+202EU+2066U+FEFFU+00AD')
  })

  test('what no token stands for is a gap', () => {
    const text = 'abcdef'
    const row = rowOf(text, [2, 4])
    row.tokens.byteStarts[1] = 3
    const columns = layoutColumns(encoder.encode(text), [row])
    const line = layoutLine(columns, {byteStart: 0, byteEnd: 6})
    expect(line.rows[0]!.gaps).toEqual([
      {xPx: expect.closeTo(2 * COLUMN_PX.byte, 3), widthPx: expect.closeTo(COLUMN_PX.byte, 3)},
    ])
  })
})

test('the caption counts places that all cut, without the ends', () => {
  const text = 'aa bb cc'
  const rows = [rowOf(text, [2, 5], 'x'), rowOf(text, [2, 6, 7], 'y')]
  const columns = layoutColumns(encoder.encode(text), rows)
  const results = rows.map(({tokenizer, tokens}) => ({
    tokenizer,
    facts: {kind: 'packaged' as const},
    tokenCount: tokens.ids.length,
    bytes: 8,
  }))
  const words = tokenizeCaption({results} as never, columns)
    .map(({text: part}) => part)
    .join('')
  expect(words).toBe('x needs 3 tokens, y 4: 1.33 times as many. All 2 cut at 1 of 4 places.')
})
