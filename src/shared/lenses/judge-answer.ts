/**
 * Whether a completion gives the answer: `right` and `wrong`, and `cut` where the completion ends, for
 * want of tokens, before that shows.
 */
export type AnswerVerdict = 'right' | 'wrong' | 'cut'

export interface JudgedCompletion {
  /** UTF-8, special tokens left out; it may end within a character. */
  readonly bytes: Uint8Array
  /** It ends because no more tokens were asked for: the model would go on. */
  readonly isCut: boolean
}

/** An answer of nothing but white space is none. */
export function isAnswer(answer: string | null | undefined): answer is string {
  return answer !== null && answer !== undefined && answer.trim() !== ''
}

/**
 * Compares text, not tokens: one text is cut into tokens in many ways. The completion begins with the
 * answer, white space at the start of either aside, and the answer's last word or number ends there.
 */
export function judgeAnswer(answer: string, {bytes, isCut}: JudgedCompletion): AnswerVerdict {
  // As a stream a character that is not whole yet gives nothing.
  const text = new TextDecoder().decode(bytes, {stream: true}).trimStart()
  const wanted = answer.trimStart()
  if (!text.startsWith(wanted)) return isCut && wanted.startsWith(text) ? 'cut' : 'wrong'
  return goesOn(wanted, text.slice(wanted.length)) ? 'wrong' : 'right'
}

/** `20` goes on in `205`, `cat` in `cats`; `(` ends wherever it ends. */
function goesOn(wanted: string, after: string): boolean {
  return /[\p{L}\p{N}\p{M}]$/u.test(wanted) && /^[\p{L}\p{N}\p{M}]/u.test(after)
}

/**
 * The forms in which a model may write the answer after this text: as it was typed, and where neither
 * has white space at the border with a space before it, as most models begin a word.
 */
export function answerForms(before: string, answer: string): readonly string[] {
  const isApart = before === '' || /\s$/u.test(before) || /^\s/u.test(answer)
  return isApart ? [answer] : [answer, ` ${answer}`]
}
