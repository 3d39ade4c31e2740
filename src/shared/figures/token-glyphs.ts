import {bytesOfHex} from '../domain/token.ts'
import {isCovered} from './text-width.ts'

/** What is needed of a token to draw it. */
export interface GlyphSource {
  readonly bytesHex: string
  readonly isSpecial: boolean
}

/**
 * One piece of a drawn token. `text` is drawn as it is; `mark` stands for white space (`·`, `⏎`, `⇥`);
 * `code` is an invisible character or one without a glyph, by its code point; `hex` is one byte of
 * a character that is not whole in this token.
 */
export interface GlyphCell {
  readonly kind: 'text' | 'mark' | 'code' | 'hex'
  readonly text: string
}

/** A character whose bytes are cut by token borders: its hex cells, first to last. */
export interface CutCharacter {
  readonly character: string
  readonly firstToken: number
  readonly firstCell: number
  readonly lastToken: number
  readonly lastCell: number
}

/** How a sequence of tokens is drawn: cells of each token, and the characters across their borders. */
export interface TokenGlyphs {
  readonly cells: readonly (readonly GlyphCell[])[]
  readonly cutCharacters: readonly CutCharacter[]
  /** Code points that no shipped font has, ascending. */
  readonly missing: readonly number[]
}

/**
 * Whether a character that no shipped font has is left as text: never, always (a reader of an SVG may have
 * a font), or where a page knows that it has one.
 */
export type DrawsUncovered = boolean | ((code: number) => boolean)

const NEWLINE = '⏎'
const TAB = '⇥'
const SPACE = '·'
const DOTTED_CIRCLE = '◌'
const COMBINING = /^\p{M}$/u
const INVISIBLE = /^[\p{Cc}\p{Cf}\p{Z}\p{Cs}\p{Cn}\p{Co}\u115f\u1160\u3164\uffa0]$|^\u034f$/u
// Joiners and selectors shape the character before them; alone they are invisible.
const isJoiner = (code: number) => code === 0x200c || code === 0x200d
const isSelector = (code: number) => code >= 0xfe00 && code <= 0xfe0f

/** A code point as people write it: `U+200B`. */
export function codeName(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** How many bytes the character that starts with this byte has; 0 for a byte that starts none. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1
  if (lead >= 0xc2 && lead <= 0xdf) return 2
  if (lead >= 0xe0 && lead <= 0xef) return 3
  if (lead >= 0xf0 && lead <= 0xf4) return 4
  return 0
}

/** The code point of the bytes from `start`, and how many they are; -1 and 1 where they are none. */
function codePointAt(
  byteAt: (index: number) => number,
  start: number,
  end: number
): {code: number; length: number} {
  const lead = byteAt(start)
  const length = sequenceLength(lead)
  const none = {code: -1, length: 1}
  if (length === 0 || start + length > end) return none
  if (length === 1) return {code: lead, length}
  let code = lead & (0xff >> (length + 1))
  for (let i = 1; i < length; i++) {
    const byte = byteAt(start + i)
    if ((byte & 0xc0) !== 0x80) return none
    code = code * 64 + (byte & 0x3f)
  }
  const isOverlong = (length === 3 && code < 0x800) || (length === 4 && code < 0x10000)
  const isSurrogate = code >= 0xd800 && code <= 0xdfff
  return isOverlong || isSurrogate || code > 0x10ffff ? none : {code, length}
}

/**
 * How tokens are drawn, from their bytes. A character that no shipped font has is left as text where
 * `drawsUncovered` says so; else it is drawn as its code.
 */
export function glyphsOfTokens(
  tokens: readonly GlyphSource[],
  drawsUncovered: DrawsUncovered = false
): TokenGlyphs {
  const cells: GlyphCell[][] = tokens.map(() => [])
  const cutCharacters: CutCharacter[] = []
  const missing = new Set<number>()
  // Tokens repeat; a whole token looks the same wherever it stands.
  const known = new Map<string, GlyphCell[]>()
  for (let first = 0; first < tokens.length; ) {
    // A special token's bytes are its name and never part of a character around it.
    let end = first + 1
    if (!tokens[first]!.isSpecial) {
      while (end < tokens.length && !tokens[end]!.isSpecial && endsInside(tokens[end - 1]!))
        end += 1
    }
    const isAlone = end === first + 1
    const hex = tokens[first]!.bytesHex
    const same = isAlone ? known.get(hex) : undefined
    if (same) {
      cells[first] = same
    } else {
      drawRun(tokens, first, end, {cells, cutCharacters, missing, drawsUncovered})
      if (isAlone) known.set(hex, cells[first]!)
    }
    first = end
  }
  return {cells, cutCharacters, missing: [...missing].sort((a, b) => a - b)}
}

/** Whether a token's last bytes are the start of a character that is not complete. */
function endsInside(token: GlyphSource): boolean {
  const hex = token.bytesHex
  const last = Number.parseInt(hex.slice(-2), 16)
  // Not after ASCII, by far the most frequent end; a token without bytes changes nothing.
  return !(last < 0x80)
}

interface Drawing {
  readonly cells: GlyphCell[][]
  readonly cutCharacters: CutCharacter[]
  readonly missing: Set<number>
  readonly drawsUncovered: DrawsUncovered
}

const isDrawn = (code: number, {drawsUncovered}: Drawing) =>
  typeof drawsUncovered === 'boolean' ? drawsUncovered : drawsUncovered(code)

/** Draws tokens `first` to `end` (exclusive), whose bytes are taken as one text. */
function drawRun(tokens: readonly GlyphSource[], first: number, end: number, to: Drawing): void {
  const chunks: Uint8Array[] = []
  const starts: number[] = []
  let byteCount = 0
  for (let i = first; i < end; i++) {
    const bytes = bytesOfHex(tokens[i]!.bytesHex)
    chunks.push(bytes)
    starts.push(byteCount)
    byteCount += bytes.length
  }
  let token = 0
  const tokenOf = (index: number) => {
    while (token + 1 < starts.length && starts[token + 1]! <= index) token += 1
    while (starts[token]! > index) token -= 1
    return token
  }
  const byteAt = (index: number) => {
    const at = tokenOf(index)
    return chunks[at]![index - starts[at]!]!
  }
  for (let index = 0; index < byteCount; ) {
    const {code, length} = codePointAt(byteAt, index, byteCount)
    const from = tokenOf(index)
    const until = tokenOf(index + length - 1)
    if (code >= 0 && from === until) {
      pushCharacter(to.cells[first + from]!, code, to)
    } else {
      let firstCell = -1
      for (let i = index; i < index + length; i++) {
        const target = to.cells[first + tokenOf(i)]!
        if (firstCell < 0) firstCell = target.length
        target.push({kind: 'hex', text: (byteAt(i) < 16 ? '0' : '') + byteAt(i).toString(16)})
      }
      if (code >= 0) {
        const isPlain = isCovered(code) && !INVISIBLE.test(String.fromCodePoint(code))
        to.cutCharacters.push({
          character: isPlain || isDrawn(code, to) ? drawnAlone(code) : codeName(code),
          firstToken: first + from,
          firstCell,
          lastToken: first + until,
          lastCell: to.cells[first + until]!.length - 1,
        })
        if (!isCovered(code) && !INVISIBLE.test(String.fromCodePoint(code))) to.missing.add(code)
      }
    }
    index += length
  }
}

/** A character that stands alone: a combining mark gets the dotted circle to stand on. */
function drawnAlone(code: number): string {
  const character = String.fromCodePoint(code)
  if (INVISIBLE.test(character)) return codeName(code)
  return COMBINING.test(character) ? DOTTED_CIRCLE + character : character
}

/** Adds a whole character to a token's cells. */
function pushCharacter(cells: GlyphCell[], code: number, to: Drawing): void {
  const character = String.fromCodePoint(code)
  const last = cells.at(-1)
  const mark = code === 0x20 ? SPACE : code === 0x0a ? NEWLINE : code === 0x09 ? TAB : null
  if (mark) {
    cells.push({kind: 'mark', text: mark})
  } else if (code > 0x20 && code < 0x7f) {
    pushText(cells, character)
  } else if ((isJoiner(code) || isSelector(code)) && last?.kind === 'text') {
    pushText(cells, character)
  } else if (INVISIBLE.test(character)) {
    cells.push({kind: 'code', text: codeName(code)})
  } else {
    const hasGlyph = isCovered(code)
    if (!hasGlyph) to.missing.add(code)
    if (!hasGlyph && !isDrawn(code, to)) cells.push({kind: 'code', text: codeName(code)})
    else if (last?.kind === 'text') pushText(cells, character)
    else pushText(cells, drawnAlone(code))
  }
}

function pushText(cells: GlyphCell[], text: string): void {
  const last = cells.at(-1)
  if (last?.kind === 'text') cells[cells.length - 1] = {kind: 'text', text: last.text + text}
  else cells.push({kind: 'text', text})
}

/** A token in one line whose bytes stand apart. */
export interface SpacedGlyphs {
  /** Bytes and codes with blanks around them: white space is never a blank here, so that nothing is mistaken. */
  readonly text: string
  /** Where in the text, in UTF-16 units, each byte of a character that is not whole begins. */
  readonly bytesAt: readonly number[]
}

const NO_BYTES: readonly number[] = []

/** A token as a figure names it: `·caf c3`, `e2 96`, `◌́`; what no shipped font has by its code. */
export function spacedGlyphs(token: GlyphSource): SpacedGlyphs {
  const cells = glyphsOfTokens([token]).cells[0]!
  const isApart = ({kind}: GlyphCell) => kind === 'hex' || kind === 'code'
  let text = ''
  const bytesAt: number[] = []
  for (const [i, cell] of cells.entries()) {
    if (i > 0 && (isApart(cell) || isApart(cells[i - 1]!))) text += ' '
    if (cell.kind === 'hex') bytesAt.push(text.length)
    text += cell.text
  }
  return {text, bytesAt: bytesAt.length > 0 ? bytesAt : NO_BYTES}
}

/** A token in one line of plain text, for captions and tables: `·caf`, `⏎`, `c3`, `U+200B`. */
export function plainGlyphs(token: GlyphSource): string {
  const {cells} = glyphsOfTokens([token], true)
  return cells[0]!.map((cell) => cell.text).join('')
}
