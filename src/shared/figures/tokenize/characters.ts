import {fontRuns, isCovered} from '../text-width.ts'
import {codeName} from '../token-glyphs.ts'

/** How a character is drawn. Bytes that continue one have none of these. */
export const KIND = {
  /** One glyph of the tokens' own typeface, which can be placed by itself. */
  plain: 1,
  /** White space, by its mark. */
  mark: 2,
  /** By its code point: what is invisible, or has no glyph. */
  code: 3,
  /** Any other text: of another typeface, right to left, or joined with its neighbours. */
  shaped: 4,
  /** Nothing by itself: it joins or varies what stands before it. */
  joiner: 5,
} as const

const INVISIBLE = /^[\p{Cc}\p{Cf}\p{Z}\p{Cs}\p{Cn}\p{Co}\u115f\u1160\u3164\uffa0]$|^\u034f$/u
const COMBINING = /^\p{M}$/u
const RIGHT_TO_LEFT =
  /^[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]$/u

const isJoiner = (code: number) =>
  code === 0x200c || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)
const isSkinTone = (code: number) => code >= 0x1f3fb && code <= 0x1f3ff
const isFlagLetter = (code: number) => code >= 0x1f1e6 && code <= 0x1f1ff
/** Signs that join the letter before them with the one after it. */
const VIRAMA = new Set([
  0x94d, 0x9cd, 0xa4d, 0xacd, 0xb4d, 0xbcd, 0xc4d, 0xccd, 0xd4d, 0xdca, 0x1039, 0x17d2,
])

const isRightToLeft = (code: number) =>
  code > 0x58f && RIGHT_TO_LEFT.test(String.fromCodePoint(code))

const kinds = new Map<number, number>()

/** The {@link KIND} of a character. */
export function characterKind(code: number): number {
  if (code > 0x20 && code < 0x7f) return KIND.plain
  const known = kinds.get(code)
  if (known !== undefined) return known
  const kind = kindOf(code)
  kinds.set(code, kind)
  return kind
}

function kindOf(code: number): number {
  if (code === 0x20 || code === 0x0a || code === 0x09) return KIND.mark
  if (isJoiner(code)) return KIND.joiner
  const character = String.fromCodePoint(code)
  if (INVISIBLE.test(character)) return KIND.code
  const isOwn = isCovered(code) && fontRuns(character, 13, 'mono')[0]!.family === null
  const isShaped =
    !isOwn || code > 0xffff || COMBINING.test(character) || RIGHT_TO_LEFT.test(character)
  return isShaped ? KIND.shaped : KIND.plain
}

/** Whether a character is drawn and no shipped font has it. */
export function isMissing(code: number): boolean {
  if (code < 0x7f || isCovered(code)) return false
  const kind = characterKind(code)
  return kind === KIND.shaped || kind === KIND.plain
}

/** Whether a character is drawn as one with the character before it. */
export function isAttached(previous: number, code: number): boolean {
  if (previous < 0) return false
  if (isJoiner(code) || isSkinTone(code)) return characterKind(previous) !== KIND.mark
  if (previous === 0x200d || VIRAMA.has(previous)) return characterKind(code) === KIND.shaped
  if (isFlagLetter(code)) return isFlagLetter(previous)
  // Letters that join, or that run the other way, are one text within their token.
  if (isRightToLeft(code)) return isRightToLeft(previous)
  return (
    code > 0x7f &&
    characterKind(previous) !== KIND.mark &&
    COMBINING.test(String.fromCodePoint(code))
  )
}

/** What stands for a character that is drawn by its code or as white space. */
export function signOf(code: number): string {
  if (code === 0x20) return '·'
  if (code === 0x0a) return '⏎'
  if (code === 0x09) return '⇥'
  return codeName(code)
}

/** A combining mark without a letter gets the dotted circle to stand on. */
export function standing(text: string): string {
  return COMBINING.test([...text][0] ?? '') ? `◌${text}` : text
}
