import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'

export interface ResponseWordsProps {
  readonly row: {
    /** UTF-8 of its tokens as hexadecimal digits. */
    readonly texts: readonly string[]
    /** Index of the critical token; null where none is named. */
    readonly releasedAt: number | null
  }
}

/** A response in a line: until the critical token, that token marked, and what came after it. */
export function ResponseWords({row: {texts, releasedAt}}: ResponseWordsProps) {
  const at = releasedAt ?? texts.length
  const textOf = (from: number, to?: number) =>
    texts
      .slice(from, to)
      .map((bytesHex) => plainGlyphs({bytesHex, isSpecial: false}))
      .join('')
  return (
    <>
      <span>{textOf(0, at)}</span>
      {releasedAt !== null && <mark>{textOf(at, at + 1)}</mark>}
      <span className="ink-3">{textOf(at + 1)}</span>
    </>
  )
}
