import {fitText, fontRuns, textWidthPx} from '../text-width.ts'
import type {CutCharacter, GlyphCell} from '../token-glyphs.ts'

/** Heights and widths of token chips, in pixels (look: the 4 px grid). */
export const CHIP = {
  heightPx: 24,
  paddingPx: 4,
  gapPx: 2,
  textPx: 13,
  smallTextPx: 11,
  /** A hex cell and the space to its neighbour. */
  hexPx: 17,
  codeGapPx: 4,
  leastPx: 15,
} as const

/** Runs of one mark longer than this are drawn once and counted. */
const LONGEST_MARK_RUN = 8

/** A piece of a chip's text: what is drawn around one centre. */
export interface ChipRun {
  readonly kind: GlyphCell['kind'] | 'count'
  readonly text: string
  /** Null is the tokens' own typeface. */
  readonly family: string | null
  /** Left edge, relative to the chip's. */
  readonly xPx: number
  readonly widthPx: number
  readonly sizePx: number
}

/** A chip's inside: its runs left to right, and where its hex cells are. */
export interface ChipContent {
  readonly runs: readonly ChipRun[]
  readonly widthPx: number
  /** Left and right edges of the cells, by their index; only of hex cells, else undefined. */
  readonly hexEdges: readonly (readonly [number, number] | undefined)[]
}

type Piece = {kind: ChipRun['kind']; text: string; cellIndex: number}

/** Long runs of white space become one mark and its count; text and marks stay apart otherwise. */
function piecesOf(cells: readonly GlyphCell[]): Piece[] {
  const pieces: Piece[] = []
  for (let i = 0; i < cells.length; ) {
    const {kind, text} = cells[i]!
    let end = i + 1
    while (kind === 'mark' && end < cells.length && isSame(cells[i]!, cells[end]!)) end += 1
    const count = end - i
    if (count > LONGEST_MARK_RUN) {
      pieces.push({kind, text, cellIndex: i}, {kind: 'count', text: `×${count}`, cellIndex: i})
    } else {
      pieces.push({kind, text: text.repeat(count), cellIndex: i})
    }
    i = end
  }
  return pieces
}

const isSame = (a: GlyphCell, b: GlyphCell) => a.kind === b.kind && a.text === b.text

/**
 * Lays out what a chip shows. What does not fit in `availablePx` is cut, and the number of cells
 * left out is printed in its place.
 */
export function layoutChip(cells: readonly GlyphCell[], availablePx: number): ChipContent {
  const runs: ChipRun[] = []
  const hexEdges: ([number, number] | undefined)[] = []
  let xPx: number = CHIP.paddingPx
  let widest = false
  const pieces = piecesOf(cells)
  for (const [index, piece] of pieces.entries()) {
    const isMono = piece.kind === 'text' || piece.kind === 'mark'
    const sizePx = isMono ? CHIP.textPx : CHIP.smallTextPx
    let text = piece.text
    const previous = runs.at(-1)
    const previousKind = previous?.kind
    if (piece.kind === 'code' || previousKind === 'code') xPx += previous ? CHIP.codeGapPx : 0
    let widthPx = piece.kind === 'hex' ? CHIP.hexPx : textWidthPx(text, sizePx, 'mono')
    const isLast = index === pieces.length - 1
    // Room for "…+1,234" unless this is what ends the chip.
    const roomPx = availablePx - CHIP.paddingPx - xPx - (isLast ? 0 : 56)
    if (widthPx > roomPx) {
      const left =
        [...text].length + pieces.slice(index + 1).reduce((n, p) => n + [...p.text].length, 0)
      if (isMono && roomPx > 40) {
        const fitted = fitText(text, isLast ? roomPx - 56 : roomPx, sizePx, 'mono')
        const shown = Math.max(0, [...fitted].length - 1)
        text = [...text].slice(0, shown).join('')
        widthPx = textWidthPx(text, sizePx, 'mono')
        if (text) pushRuns(piece.kind, text, sizePx)
        xPx += text ? widthPx : 0
        pushCount(left - shown)
      } else {
        pushCount(left)
      }
      widest = true
      break
    }
    if (piece.kind === 'hex') hexEdges[piece.cellIndex] = [xPx, xPx + widthPx]
    pushRuns(piece.kind, text, sizePx, widthPx)
    xPx += widthPx
  }
  function pushRuns(kind: ChipRun['kind'], text: string, sizePx: number, cellPx?: number) {
    let at = xPx
    for (const run of fontRuns(text, sizePx, 'mono')) {
      const widthPx = kind === 'hex' && cellPx !== undefined ? cellPx : run.widthPx
      runs.push({kind, text: run.text, family: run.family, xPx: at, widthPx, sizePx})
      at += widthPx
    }
  }
  function pushCount(count: number) {
    const text = `…+${count}`
    const widthPx = textWidthPx(text, CHIP.smallTextPx, 'mono')
    runs.push({
      kind: 'count',
      text,
      family: null,
      xPx: xPx + 2,
      widthPx,
      sizePx: CHIP.smallTextPx,
    })
    xPx += widthPx + 2
  }
  const widthPx = Math.max(CHIP.leastPx, xPx + CHIP.paddingPx)
  const shift = widest ? 0 : (widthPx - xPx - CHIP.paddingPx) / 2
  return {
    runs: shift ? runs.map((run) => ({...run, xPx: run.xPx + shift})) : runs,
    widthPx,
    hexEdges: shift
      ? hexEdges.map((edge) => edge && ([edge[0] + shift, edge[1] + shift] as const))
      : hexEdges,
  }
}

/** Tokens that may not be parted by a line's end, because a character is cut between them. */
export function tokensJoinedToNext(cut: readonly CutCharacter[], count: number): Uint8Array {
  const joined = new Uint8Array(count)
  for (const {firstToken, lastToken} of cut) joined.fill(1, firstToken, lastToken)
  return joined
}
