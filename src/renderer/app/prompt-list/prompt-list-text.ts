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

/** What the statuses mean. */
export const STATUS_HINT =
  'Right: the completion begins with the answer’s tokens. Done: no answer, or the completion ends before it. Stale: computed with other parameters than those chosen now.'

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
