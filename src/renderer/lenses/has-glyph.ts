import {FONT_FAMILIES} from '../../shared/figures/text-width.ts'

const SIZE_PX = 24
/** Unassigned for good: whatever is drawn for it is what is drawn for want of a glyph. */
const NO_CHARACTER = '\u{10fffe}'

const known = new Map<number, boolean>()
let context: CanvasRenderingContext2D | null | undefined
let missing: string | null = null

/**
 * Whether this browser has a font for a character that no shipped one has: without one it draws the same
 * box for all of them. Outside of a browser nothing is known to have none.
 */
export function hasGlyph(code: number): boolean {
  const before = known.get(code)
  if (before !== undefined) return before
  context ??= typeof document === 'undefined' ? null : newContext()
  if (!context) return true
  missing ??= drawn(context, NO_CHARACTER)
  const has = drawn(context, String.fromCodePoint(code)) !== missing
  known.set(code, has)
  return has
}

function newContext(): CanvasRenderingContext2D | null {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 2 * SIZE_PX
  return canvas.getContext('2d', {willReadFrequently: true})
}

function drawn(canvas: CanvasRenderingContext2D, character: string): string {
  canvas.clearRect(0, 0, 2 * SIZE_PX, 2 * SIZE_PX)
  canvas.font = `${SIZE_PX}px ${FONT_FAMILIES.mono}`
  canvas.textBaseline = 'top'
  canvas.fillText(character, SIZE_PX / 4, SIZE_PX / 4)
  return canvas.getImageData(0, 0, 2 * SIZE_PX, 2 * SIZE_PX).data.join()
}
