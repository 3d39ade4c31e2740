import type {TokenizeResult} from '../../lenses/tokenize.ts'
import {formatMany} from '../number-format.ts'
import {rowName, TOKENIZE_GUARD} from './caption.ts'
import type {TokenizeFigureLayout} from './layout.ts'

export const TOKENIZE_TITLE = 'One text as several tokenizers cut it'

/** What the figure shows in words, for readers who do not see it. */
export function describeTokenize(
  {results, bytes}: TokenizeResult,
  {columns, captionParts}: TokenizeFigureLayout
): string {
  const counts = results.map((row) => `${rowName(row)} ${formatMany(row.tokenCount, 'token')}`)
  const caption = captionParts.map(({text}) => text).join('')
  const shown =
    columns.byteLength < bytes ? ` The first ${columns.byteLength} bytes are drawn.` : ''
  return `${formatMany(bytes, 'byte')} aligned by bytes: ${counts.join(', ')}. ${caption}${shown} ${TOKENIZE_GUARD}`
}
