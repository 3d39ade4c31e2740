const LETTER = /\p{L}/gu
const LATIN_LETTER = /[A-Za-z]/gu
const LEAST_SHARE = 0.9

/** Whether a text may be English: nine of ten of its letters are A to Z. One without any letter is not. */
export function isInEnglishLetters(text: string): boolean {
  const count = text.match(LETTER)?.length ?? 0
  return count > 0 && (text.match(LATIN_LETTER)?.length ?? 0) >= LEAST_SHARE * count
}
