import fc from 'fast-check'
import {expect, test} from 'vitest'
import {segmentsOf} from './segments.ts'

const whole = (text: string, granularity: 'word' | 'sentence') =>
  [...new Intl.Segmenter('en', {granularity}).segment(text)].map(({segment, index}) => ({
    segment,
    index,
  }))

// Scripts that are cut by a dictionary are left out: there the cut may depend on all that precedes.
const PIECES = [
  ...[
    'a',
    'Bee',
    ' ',
    '  ',
    '\n',
    '\r\n',
    '. ',
    '.',
    '?! ',
    ',',
    "don't",
    '3.14',
    '1,000',
    'e\u0301',
  ],
  ...[
    '👩‍💻',
    '🇩🇪',
    '👍🏽',
    'שלום',
    ' नमस्ते',
    'Mr. ',
    '“',
    '” ',
    '\u2029',
    '_x_',
    '\u200d',
    '-',
    '…',
  ],
]
const textArbitrary = fc
  .array(fc.constantFrom(...PIECES), {maxLength: 160})
  .map((pieces) => pieces.join(''))

test.each(['word', 'sentence'] as const)('windows change no %s', (granularity) => {
  fc.assert(
    fc.property(textArbitrary, fc.integer({min: 96, max: 300}), (text, windowLength) => {
      expect([...segmentsOf(text, granularity, windowLength)]).toEqual(whole(text, granularity))
    })
  )
})

test.each(['word', 'sentence'] as const)(
  'a %s that is longer than a window is whole',
  (granularity) => {
    for (const text of ['a'.repeat(5000), `${'a.'.repeat(4000)}b`, `${'東'.repeat(900)}.`]) {
      const segments = [...segmentsOf(text, granularity, 64)]
      expect(segments.map(({segment}) => segment).join('')).toBe(text)
      if (granularity === 'word' && text.startsWith('aa')) expect(segments).toHaveLength(1)
    }
  }
)
