import {type FontRole, type FontWeight, textWidthPx} from './text-width.ts'

/** A stretch of text in one typeface. */
export interface TextSpan {
  readonly text: string
  readonly role: FontRole
  readonly weight: FontWeight
}

/** A stretch of one line with its left edge; the painter puts each where it stands. */
export interface PlacedSpan extends TextSpan {
  readonly xPx: number
}

const WORD = /\s*\S+|\s+$/gu

/**
 * Breaks spans into lines at white space, by the shipped widths; a word that is wider than a line is
 * broken inside. A span in the tokens' typeface is kept whole where it fits on a line.
 */
export function flowText(
  spans: readonly TextSpan[],
  widthPx: number,
  sizePx: number
): PlacedSpan[][] {
  const lines: PlacedSpan[][] = [[]]
  let xPx = 0
  const put = (text: string, span: TextSpan) => {
    const line = lines.at(-1)!
    const last = line.at(-1)
    if (last && last.role === span.role && last.weight === span.weight) {
      line[line.length - 1] = {...last, text: last.text + text}
    } else {
      line.push({...span, text, xPx})
    }
    xPx += textWidthPx(text, sizePx, span.role, span.weight)
  }
  for (const span of spans) {
    const text = span.text.replace(/\s+/gu, ' ')
    const pieces = span.role === 'mono' ? [text] : (text.match(WORD) ?? [])
    for (const piece of pieces) {
      const widthOf = (text: string) => textWidthPx(text, sizePx, span.role, span.weight)
      if (xPx > 0 && xPx + widthOf(piece) > widthPx) {
        lines.push([])
        xPx = 0
      }
      let rest = xPx === 0 ? piece.trimStart() : piece
      while (widthOf(rest) > widthPx && [...rest].length > 1) {
        const characters = [...rest]
        let count = 1
        while (widthOf(characters.slice(0, count + 1).join('')) <= widthPx) count += 1
        put(characters.slice(0, count).join(''), span)
        rest = characters.slice(count).join('')
        lines.push([])
        xPx = 0
      }
      if (rest) put(rest, span)
    }
  }
  return lines
    .filter((line) => line.length > 0)
    .map((line) => line.map((span) => atItsWord(span, sizePx)))
}

// XML readers drop white space at the ends of a text, so a span begins where its first word does.
function atItsWord(span: PlacedSpan, sizePx: number): PlacedSpan {
  const lead = span.text.slice(0, span.text.length - span.text.trimStart().length)
  return {
    ...span,
    text: span.text.trim(),
    xPx: span.xPx + textWidthPx(lead, sizePx, span.role, span.weight),
  }
}
