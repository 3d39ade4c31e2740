import {formatBits} from '../../../shared/figures/number-format.ts'
import type {ListEntry} from '../../store/list-entries.ts'

const MOST_SHOWN = 2000

/** A text on one line, as tokens are drawn: line ends and tabs by their marks. */
export function shownText(text: string): string {
  const cut = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
  return cut.replace(/\r\n|\n|\r/gu, '⏎').replaceAll('\t', '⇥')
}

/** A completion begins with the space that it has; a space there is drawn. */
export function shownCompletion(text: string): string {
  return shownText(text).replace(/^ /u, '·')
}

/** Of an answer whose likelier form has a space before it. */
export const SPACED_WORDS = 'Here it is that of the answer with a space before it.'

/** Surprisal of a whole answer: `1.00 bits` for one of probability one half. */
export function answerBitsText({logprob}: {readonly logprob: number}): string {
  return `${formatBits((0 - logprob) / Math.LN2)} bits`
}

/** What the statuses mean. */
export const STATUS_HINT =
  'Right: the completion’s text begins with the answer, white space at the start of either aside, and no further letter or digit follows. Done: no answer (white space alone is none), or the completion is cut off before that shows. Stale: computed with other parameters than those chosen now.'

/** `✓ right`, `✕ wrong`; a stale row says what it was. */
export function statusText({status}: Pick<ListEntry, 'status'>): string {
  switch (status) {
    case 'right':
      return '✓ right'
    case 'wrong':
      return '✕ wrong'
    case 'failed':
      return '✕ failed'
    default:
      return status
  }
}
