import type {FontRole, FontWeight} from '../text-width.ts'

/** What both painters draw, the canvas of the page and the writer of files; pixels of the window. */
export type TreeShape =
  | {
      readonly kind: 'rect'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly radius: number
      readonly fill: string | null
      readonly opacity: number
      readonly stroke: string | null
      readonly isDashed: boolean
    }
  | {
      readonly kind: 'line'
      readonly x1: number
      readonly y1: number
      readonly x2: number
      readonly y2: number
      readonly width: number
      readonly stroke: string
      readonly isDashed: boolean
    }
  | {
      readonly kind: 'text'
      readonly x: number
      /** Baseline. */
      readonly y: number
      readonly text: string
      readonly typeface: FontRole
      readonly sizePx: number
      readonly weight: FontWeight
      readonly fill: string
      readonly anchor: 'start' | 'middle' | 'end'
    }

export function textShape(
  x: number,
  y: number,
  text: string,
  fill: string,
  {sizePx = 12, anchor = 'start'}: {sizePx?: number; anchor?: 'start' | 'end'} = {}
): TreeShape {
  return {kind: 'text', x, y, text, typeface: 'sans', sizePx, weight: 400, fill, anchor}
}

export function lineShape(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  width: number,
  stroke: string,
  isDashed = false
): TreeShape {
  return {kind: 'line', x1, y1, x2, y2, width, stroke, isDashed}
}
