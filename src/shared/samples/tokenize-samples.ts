import type {TextColumns} from '../figures/tokenize/columns.ts'
import type {CaptionPart} from '../figures/tokens/caption.ts'
import {count, filledCaption, numberIn, type SampleOf, slotsOf} from './sample.ts'

/** What the claim of a tokenizers sample looks at: the text of each token, by tokenizer; inserted ones left out. */
export interface CutText {
  readonly pieces: Readonly<Record<string, readonly string[]>>
}

export type TokenizeSample = SampleOf<
  'tokenize',
  {
    selection: object
    settings: {readonly tokenizers: readonly string[]}
    result: CutText
  }
>

/** Tokens of a stretch of the text: those that begin in it. Null where the text was not cut by that tokenizer. */
function piecesIn(
  {pieces}: CutText,
  tokenizer: string,
  {from, upTo}: {readonly from: number; readonly upTo: number}
): readonly string[] | null {
  let at = 0
  return (
    pieces[tokenizer]?.filter((piece) => {
      const start = at
      at += piece.length
      return start >= from && start < upTo
    }) ?? null
  )
}

const LINE = '\n'

/** Tokens of the lines of a text, which none of them may join. */
function lineCounts(cut: CutText, tokenizer: string): readonly number[] | null {
  const own = cut.pieces[tokenizer]
  if (!own) return null
  const counts = [0]
  for (const piece of own) {
    if (piece === LINE) counts.push(0)
    else counts[counts.length - 1]!++
  }
  return counts
}

const DIGITS = '12345678+23456789'
const OPERANDS = [
  {from: 0, upTo: 8},
  {from: 9, upTo: 17},
] as const
const [FEW, MIDDLE, MOST] = ['o200k', 'cl100k', 'gpt2'] as const

const sample = ({
  id,
  title,
  prompt,
  end,
  claim,
}: Pick<TokenizeSample, 'id' | 'title' | 'prompt' | 'claim'> & {
  readonly end: string
}): TokenizeSample => ({
  ...{id, title, prompt, claim},
  lens: 'tokenize',
  view: null,
  model: 'micro-base',
  selection: {position: 'end', text: end},
  settings: {tokenizers: [MOST, MIDDLE, FEW]},
})

/** Texts that tokenizers cut in ways worth knowing. */
export const TOKENIZE_SAMPLES: readonly TokenizeSample[] = [
  sample({
    id: 'digit-columns',
    title: 'Digits',
    prompt: DIGITS,
    end: '9',
    claim: {
      name: 'digits of the same place stand in different tokens',
      measure(cut) {
        const own = OPERANDS.map((operand) => piecesIn(cut, MOST, operand))
        const others = OPERANDS.map((operand) => piecesIn(cut, MIDDLE, operand))
        const [first, second] = own
        const [left, right] = others
        if (!first || !second || !left || !right) return null
        return {
          first: count(first.length),
          second: count(second.length),
          left: count(left.length),
          right: count(right.length),
          group: count(Math.max(...left.map((piece) => piece.length))),
          last: count(left.at(-1)!.length),
        }
      },
      holds: (slots) =>
        numberIn(slots, 'first') !== numberIn(slots, 'second') &&
        numberIn(slots, 'left') === numberIn(slots, 'right') &&
        numberIn(slots, 'last') < numberIn(slots, 'group'),
      caption:
        'One tokenizer cuts two numbers of the same length into {first} and {second} tokens; another groups both by {group} from the left, so that {last} digits are left at the end where the ones belong. No columns line up.',
    },
  }),
  sample({
    id: 'one-space',
    title: 'One space',
    prompt: ' SolidGoldMagikarp\nSolidGoldMagikarp',
    end: 'p',
    claim: {
      name: 'a space makes another token of the same name',
      measure(cut) {
        const [spaced, bare] = lineCounts(cut, MOST) ?? []
        const [other] = lineCounts(cut, MIDDLE) ?? []
        if (spaced === undefined || bare === undefined || other === undefined) return null
        return {spaced: count(spaced), bare: count(bare), other: count(other)}
      },
      holds: (slots) =>
        numberIn(slots, 'spaced') === 1 &&
        numberIn(slots, 'bare') > 1 &&
        numberIn(slots, 'other') > numberIn(slots, 'bare'),
      caption:
        'With the space before it the name is {spaced} token of the oldest tokenizer, without it {bare}; the next one has no such entry and needs {other}.',
    },
  }),
  sample({
    id: 'six-times',
    title: 'The same sentence, six times the bill',
    prompt: 'မြန်မာဘာသာ\n🤷🏽‍♀️',
    end: '\u{fffd}',
    claim: {
      name: 'one word costs several times as many tokens',
      measure(cut) {
        const rows = [MOST, MIDDLE, FEW].map((name) => lineCounts(cut, name))
        const [most, middle, few] = rows
        if (!most || !middle || !few || rows.some((row) => row?.length !== 2)) return null
        return {
          ...{most: count(most[0]!), middle: count(middle[0]!), few: count(few[0]!)},
          ...{glyphMost: count(most[1]!), glyphMiddle: count(middle[1]!), glyphFew: count(few[1]!)},
        }
      },
      holds: (slots) =>
        numberIn(slots, 'most') >= 5 * numberIn(slots, 'few') &&
        numberIn(slots, 'middle') > numberIn(slots, 'few') &&
        numberIn(slots, 'glyphMost') > numberIn(slots, 'glyphFew'),
      caption:
        'The same word of Burmese is {most}, {middle} and {few} tokens, from the oldest tokenizer to the newest; the one glyph below it is {glyphMost}, {glyphMiddle} and {glyphFew}.',
    },
  }),
]

/** The tokens of a text that was cut, as their text; a token that holds part of a character is not readable. */
export function cutTextOf({rows, bytes}: Pick<TextColumns, 'rows' | 'bytes'>): CutText {
  const decoder = new TextDecoder()
  const piecesOf = ({starts, ends}: (typeof rows)[number]) =>
    Array.from(starts, (start, i) => decoder.decode(bytes.subarray(start, ends[i])))
  return {pieces: Object.fromEntries(rows.map((row) => [row.tokenizer, piecesOf(row)]))}
}

/** What a text shows that is a sample's, unchanged and cut by the tokenizers of its claim; else null. */
export function tokenizeSampleCaption(
  text: string | null,
  columns: Pick<TextColumns, 'rows' | 'bytes'>
): CaptionPart[] | null {
  const own = TOKENIZE_SAMPLES.find(({prompt}) => prompt === text)
  const slots = own ? slotsOf(own.claim, cutTextOf(columns)) : null
  return own && slots ? filledCaption(own.claim.caption, slots) : null
}
