import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {hexOfBytes} from '../domain/token.ts'
import type {UnitInput, UnitToken} from './sequence-text.ts'
import type {ResolvedUnit} from './unit-choice.ts'
import {aggregateUnits, outsideTotal} from './unit-scores.ts'
import {textOfUnit} from './unit-words.ts'
import {type UnitTable, unitsOf} from './units.ts'

const encoder = new TextEncoder()

/** Tokens that tile the text: pieces of it, `<…>` special, and an inserted one for each empty piece. */
function tiled(
  pieces: readonly string[],
  completion: readonly (string | number[])[] = []
): UnitInput {
  const tokens: UnitToken[] = []
  let byteStart = 0
  for (const piece of [...pieces, ...completion]) {
    const bytes = typeof piece === 'string' ? encoder.encode(piece) : Uint8Array.from(piece)
    const isSpecial = typeof piece === 'string' && /^<.*>$/.test(piece)
    const byteEnd = byteStart + bytes.length
    tokens.push({
      position: tokens.length,
      bytesHex: hexOfBytes(bytes),
      byteStart,
      byteEnd,
      isSpecial,
      isInserted: bytes.length === 0,
    })
    byteStart = byteEnd
  }
  return {text: pieces.join(''), tokens, promptTokenCount: pieces.length}
}

const textsOf = (table: UnitTable) => table.units.map((unit) => textOfUnit(table, unit))
const cut = (input: UnitInput, unit: ResolvedUnit) => textsOf(unitsOf(input, unit))

describe('units of a text', () => {
  const story = tiled(['', 'Mi', 'ra has', ' a lamp', '.', ' To', 'm, too?', ' \n\n', 'Yes', '. '])

  test('words have the white space before them, the last also that after it', () => {
    expect(cut(story, {kind: 'word'})).toEqual([
      '',
      'Mira',
      ' has',
      ' a',
      ' lamp',
      '.',
      ' Tom',
      ',',
      ' too',
      '?',
      ' \n\nYes',
      '. ',
    ])
  })

  test('sentences, lines, paragraphs', () => {
    expect(cut(story, {kind: 'sentence'})).toEqual([
      '',
      'Mira has a lamp.',
      ' Tom, too?',
      ' \n\nYes. ',
    ])
    expect(cut(story, {kind: 'line'})).toEqual(['', 'Mira has a lamp. Tom, too? \n', '\n', 'Yes. '])
    expect(cut(story, {kind: 'paragraph'})).toEqual([
      '',
      'Mira has a lamp. Tom, too? \n\n',
      'Yes. ',
    ])
    expect(cut(tiled(['\n \r\n', 'a\r\nb\n\t\n\n', 'c\n']), {kind: 'paragraph'})).toEqual([
      '\n \r\na\r\nb\n\t\n\n',
      'c\n',
    ])
  })

  test('scripts without spaces, marks and emoji are not torn', () => {
    expect(cut(tiled(['नमस्ते', ' दुनिया', ' 👩‍💻', 'e\u0301a', ' שלום']), {kind: 'word'})).toEqual([
      'नमस्ते',
      ' दुनिया',
      ' 👩‍💻',
      'e\u0301a',
      ' שלום',
    ])
  })

  test('specials are units of their own and end a word; a turn goes on behind them', () => {
    const input = tiled(['<s>', 'ab', '<x>', 'cd e'])
    expect(cut(input, {kind: 'word'})).toEqual(['<s>', 'ab', '<x>', 'cd', ' e'])
    const table = unitsOf(
      {...input, turns: [{role: 'user', byteStart: 0, byteEnd: 12}]},
      {kind: 'turn'}
    )
    expect(table.units.map((unit) => [unit.role, unit.name])).toEqual([
      ['special', null],
      ['unit', 'user'],
      ['special', null],
    ])
    expect(aggregateUnits(table, [1, 2, 4, 8], 'sum')).toEqual([1, 10, 4])
  })

  test('a word goes on from the prompt into the completion, whose bytes may be bad', () => {
    const input = tiled(['a la'], ['mp', ' caf', [0xc3], [0xa9], [0xff], ' b'])
    const table = unitsOf(input, {kind: 'word'})
    expect(textsOf(table)).toEqual(['a', ' lamp', ' café', '\ufffd', ' b'])
    expect(table.units[3]).toMatchObject({byteStart: 12, byteEnd: 13, firstPosition: 5})
  })

  test('the completion is a turn of the assistant, with what the template put before it', () => {
    const input = tiled(['user: hi\n', 'assistant: '], ['yes', ' sir'])
    const turns = [{role: 'user', byteStart: 0, byteEnd: 9}]
    const table = unitsOf({...input, turns}, {kind: 'turn'})
    expect(table.units.map((unit) => unit.name)).toEqual(['user', 'assistant'])
    expect(textsOf(table)).toEqual(['user: hi\n', 'assistant: yes sir'])
    // Without turns nothing is one.
    expect(unitsOf(input, {kind: 'turn'}).units.map((unit) => unit.role)).toEqual(['outside'])
  })

  test('what no span covers is outside; of two spans the earlier has the bytes; none is made up', () => {
    const table = unitsOf(tiled(['abc', 'defg', 'hi']), {
      kind: 'spans',
      spans: [
        {byteStart: 5, byteEnd: 8},
        {byteStart: 1, byteEnd: 6},
        {byteStart: 40, byteEnd: 50},
      ],
    })
    expect(table.units.map(({role, byteStart, byteEnd}) => [role, byteStart, byteEnd])).toEqual([
      ['outside', 0, 1],
      ['unit', 1, 6],
      ['unit', 6, 8],
      ['outside', 8, 9],
    ])
    expect(aggregateUnits(table, [3, 8, 10], 'sum')).toEqual([1, 2 + 6, 2 + 5, 5])
    expect(outsideTotal(table, [3, 8, 10], 'sum')).toEqual({value: 6, unitCount: 2})
  })

  test('tokens that share a character: the one without bytes stays with the one that has them', () => {
    const span = {isSpecial: false, isInserted: false, bytesHex: ''}
    const table = unitsOf(
      {
        text: 'ﬁ x',
        promptTokenCount: 3,
        tokens: [
          {...span, position: 0, byteStart: 0, byteEnd: 0},
          {...span, position: 1, byteStart: 0, byteEnd: 3},
          {...span, position: 2, byteStart: 3, byteEnd: 5},
        ],
      },
      {kind: 'word'}
    )
    expect(aggregateUnits(table, [1, 2, 4], 'sum')).toEqual([3, 4])
  })

  test('text that was cut off has no unit', () => {
    const input = tiled(['one two', ' three'])
    const kept = {...input, tokens: input.tokens.slice(1).map((t) => ({...t, position: 0}))}
    expect(cut({...kept, promptTokenCount: 1}, {kind: 'word'})).toEqual([' three'])
  })
})

test('a share each to a sum, shares as weights to a mean, the highest as worst; nulls are passed over', () => {
  const table = unitsOf(tiled(['ab cd', ' e']), {kind: 'word'})
  // 'ab' has 2 of 5 bytes of token 0, ' cd' 3 of 5.
  expect(aggregateUnits(table, [10, 4], 'sum')).toEqual([4, 6, 4])
  expect(aggregateUnits(table, [10, 4], 'mean')).toEqual([10, 10, 4])
  expect(aggregateUnits(table, [null, 4], 'sum')).toEqual([null, null, 4])
  expect(aggregateUnits(table, [Number.NaN, 4], 'worst')).toEqual([null, null, 4])
  const one = unitsOf(tiled(['ab', 'c d']), {kind: 'word'})
  // 'abc': all of token 0 and a third of token 1.
  expect(aggregateUnits(one, [6, 3], 'mean')[0]).toBeCloseTo((6 + 3 / 3) / (1 + 1 / 3), 12)
  expect(aggregateUnits(one, [6, 30], 'worst')).toEqual([30, 30])
  expect(aggregateUnits(one, [-6, -3], 'worst')).toEqual([-3, -3])
})

const PIECES = [
  'a',
  ' b',
  '.',
  '\n',
  '\n\n',
  'é',
  '👩‍💻',
  'e\u0301',
  'שלום',
  ' नम',
  '東京',
  '12',
  '\u0000',
  '\ufeff',
]
const textArbitrary = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), {maxLength: 20}).map((pieces) => pieces.join('')),
  fc.string({unit: 'grapheme', maxLength: 30}),
  fc.string({unit: 'binary', maxLength: 30}).filter((text) => !/[\ud800-\udfff]/u.test(text))
)
const spanArbitrary = fc
  .tuple(fc.nat(90), fc.nat(30))
  .map(([byteStart, length]) => ({byteStart, byteEnd: byteStart + length}))
const valueArbitrary = fc.option(
  // Far from the least numbers there are, which no part of can be taken.
  fc.integer({min: -1e9, max: 1e9}).map((value) => value / 997),
  {freq: 6}
)

/** Any tokens over any text: tiling it, or anywhere at all. */
const inputArbitrary = fc
  .record({
    text: textArbitrary,
    isTiling: fc.boolean(),
    lengths: fc.array(fc.nat(7), {maxLength: 30}),
    spans: fc.array(spanArbitrary, {maxLength: 20}),
    flags: fc.array(fc.constantFrom('', '', '', 'special', 'inserted'), {
      minLength: 30,
      maxLength: 30,
    }),
    completion: fc.array(fc.uint8Array({maxLength: 5}), {maxLength: 8}),
    turns: fc.array(spanArbitrary, {maxLength: 4}),
  })
  .map(({text, isTiling, lengths, spans, flags, completion, turns}): UnitInput => {
    const byteCount = encoder.encode(text).length
    let at = 0
    const promptSpans = !isTiling
      ? spans
      : [...lengths, 1000].map((length) => {
          const byteStart = at
          at = Math.min(byteCount, at + length)
          return {byteStart, byteEnd: at}
        })
    const tokens: UnitToken[] = promptSpans.map((span, position) => {
      const isInserted = flags[position % 30] === 'inserted'
      return {
        ...span,
        byteEnd: isInserted ? span.byteStart : span.byteEnd,
        position,
        bytesHex: '',
        isSpecial: flags[position % 30] === 'special',
        isInserted,
      }
    })
    let end = byteCount
    for (const bytes of completion) {
      const byteStart = end
      end += bytes.length
      const own = {position: tokens.length, bytesHex: hexOfBytes(bytes), byteStart, byteEnd: end}
      tokens.push({...own, isSpecial: false, isInserted: false})
    }
    return {
      text,
      tokens,
      promptTokenCount: promptSpans.length,
      turns: turns.map((span) => ({role: 'user', ...span})),
    }
  })
const unitArbitrary: fc.Arbitrary<ResolvedUnit> = fc.oneof(
  fc.constantFrom(
    ...(['byte', 'token', 'word', 'sentence', 'line', 'paragraph', 'turn'] as const).map(
      (kind) => ({
        kind,
      })
    )
  ),
  fc
    .array(spanArbitrary, {maxLength: 8})
    .map((spans) => ({kind: 'regex' as const, source: 'x', flags: '', spans})),
  fc.array(spanArbitrary, {maxLength: 8}).map((spans) => ({kind: 'spans' as const, spans}))
)

describe('for any text, tokens, scores and spans', () => {
  const cases = fc.tuple(inputArbitrary, unitArbitrary).chain(([input, unit]) =>
    fc.record({
      input: fc.constant(input),
      unit: fc.constant(unit),
      values: fc.array(valueArbitrary, {
        minLength: input.tokens.length,
        maxLength: input.tokens.length,
      }),
    })
  )

  test('the total over units is the total over tokens', () => {
    fc.assert(
      fc.property(cases, ({input, unit, values}) => {
        const table = unitsOf(input, unit)
        const sums = aggregateUnits(table, values, 'sum')
        const total = values.reduce<number>((sum, value) => sum + (value ?? 0), 0)
        const size = values.reduce<number>((sum, value) => sum + Math.abs(value ?? 0), 0)
        const overUnits = sums.reduce<number>((sum, value) => sum + (value ?? 0), 0)
        expect(Math.abs(overUnits - total)).toBeLessThanOrEqual(1e-9 * size)
        // A unit has a value exactly where a token with a value has a part in it.
        expect(sums.filter((value) => value === null).length === sums.length).toBe(
          values.every((value) => value === null)
        )
      }),
      {numRuns: 500}
    )
  })

  test('each unit has what its bytes have, counted byte by byte', () => {
    fc.assert(
      fc.property(cases, ({input, unit, values}) => {
        const table = unitsOf(input, unit)
        const isAlone = (token: UnitToken) => token.isSpecial || token.isInserted
        const specialAt = (at: number) =>
          input.tokens.some((t) => isAlone(t) && t.byteStart <= at && at < t.byteEnd)
        for (const [index, {role, byteStart, byteEnd}] of table.units.entries()) {
          if (role === 'special' || byteEnd === byteStart || table.kind === 'token') continue
          let expected = 0
          for (const [i, token] of input.tokens.entries()) {
            if (isAlone(token) || values[i] === null) continue
            const length = token.byteEnd - token.byteStart
            for (let at = token.byteStart; at < token.byteEnd; at++) {
              if (byteStart <= at && at < byteEnd && !specialAt(at)) expected += values[i]! / length
            }
            // Without bytes: with the byte it stands before, else with the one before it.
            const covers = (at: number) =>
              input.tokens.some((t) => !isAlone(t) && t.byteStart <= at && at < t.byteEnd)
            const near = [token.byteStart, token.byteStart - 1].find(
              (at) => covers(at) && !specialAt(at)
            )
            if (length === 0 && near !== undefined && byteStart <= near && near < byteEnd)
              expected += values[i]!
          }
          const size = values.reduce<number>((sum, value) => sum + Math.abs(value ?? 0), 1)
          const sum = aggregateUnits(table, values, 'sum')[index] ?? 0
          expect(Math.abs(sum - expected)).toBeLessThanOrEqual(1e-9 * size)
        }
      }),
      {numRuns: 300}
    )
  })

  test('units do not overlap, and every token is in some', () => {
    fc.assert(
      fc.property(cases, ({input, unit}) => {
        const table = unitsOf(input, unit)
        for (let i = 0; i < input.tokens.length; i++) {
          const shares = table.pieceShares.subarray(table.pieceStarts[i], table.pieceStarts[i + 1])
          expect(shares.length).toBeGreaterThan(0)
          expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
        }
        if (unit.kind === 'token') return
        const ordinary = table.units
          .filter((u) => u.role !== 'special' && u.byteEnd > u.byteStart)
          .sort((a, b) => a.byteStart - b.byteStart)
        for (const [i, u] of ordinary.entries()) {
          expect(u.byteStart).toBeGreaterThanOrEqual(ordinary[i - 1]?.byteEnd ?? 0)
        }
      })
    )
  })

  test('borders between words, lines and the like never cut a well-formed character', () => {
    fc.assert(
      fc.property(
        textArbitrary,
        fc.constantFrom('word', 'sentence', 'line', 'paragraph'),
        (text, kind) => {
          const input = tiled(text === '' ? [] : [`${text}x`])
          const table = unitsOf(
            {...input, tokens: input.tokens.map((t) => ({...t, isSpecial: false}))},
            {kind} as ResolvedUnit
          )
          expect(textsOf(table).join('')).toBe(text === '' ? '' : `${text}x`)
        }
      )
    )
  })
})
