import {FONT_FAMILIES} from '../../../shared/figures/text-width.ts'
import type {TreeShape} from '../../../shared/figures/tree/tree-shape.ts'

/** Draws shapes on a canvas whose pixels are those of the page. */
export function paintShapes(context: CanvasRenderingContext2D, shapes: readonly TreeShape[]): void {
  context.textBaseline = 'alphabetic'
  for (const shape of shapes) {
    switch (shape.kind) {
      case 'rect':
        paintRect(context, shape)
        break
      case 'line':
        context.strokeStyle = shape.stroke
        context.lineWidth = shape.width
        context.setLineDash(shape.isDashed ? DASH : SOLID)
        context.beginPath()
        context.moveTo(crisp(shape.x1, shape.width), crisp(shape.y1, shape.width))
        context.lineTo(crisp(shape.x2, shape.width), crisp(shape.y2, shape.width))
        context.stroke()
        break
      case 'text':
        context.fillStyle = shape.fill
        context.font = `${shape.weight} ${shape.sizePx}px ${FONT_FAMILIES[shape.typeface]}`
        context.textAlign =
          shape.anchor === 'middle' ? 'center' : shape.anchor === 'end' ? 'right' : 'left'
        context.fillText(shape.text, shape.x, shape.y)
        break
    }
  }
}

const DASH = [2, 2]
const SOLID: number[] = []

/** A line of one pixel lies on one line of pixels. */
function crisp(at: number, width: number): number {
  return width === 1 ? Math.floor(at) + 0.5 : at
}

function paintRect(
  context: CanvasRenderingContext2D,
  {x, y, width, height, radius, fill, opacity, stroke, isDashed}: Extract<TreeShape, {kind: 'rect'}>
): void {
  if (fill !== null) {
    context.globalAlpha = opacity
    context.fillStyle = fill
    if (radius === 0) context.fillRect(x, y, width, height)
    else {
      context.beginPath()
      context.roundRect(x, y, width, height, radius)
      context.fill()
    }
    context.globalAlpha = 1
  }
  if (stroke === null) return
  context.strokeStyle = stroke
  context.lineWidth = 1
  context.setLineDash(isDashed ? DASH : SOLID)
  context.beginPath()
  context.roundRect(x + 0.5, y + 0.5, Math.max(0, width - 1), Math.max(0, height - 1), radius)
  context.stroke()
}
