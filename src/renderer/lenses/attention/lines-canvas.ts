import type {LinesGeometry} from '../../../shared/figures/attention/lines-layout.ts'
import type {LineBucket} from '../../../shared/figures/attention/lines-style.ts'

/** Draws lines, all that look alike at once. The canvas is as large as the part between the columns. */
export function drawLines(
  canvas: HTMLCanvasElement,
  geometry: LinesGeometry,
  buckets: readonly LineBucket[],
  ratio: number
): void {
  const {leftPx, rightPx, topPx, heightPx} = geometry
  const widthPx = rightPx - leftPx
  const width = Math.max(1, Math.round(widthPx * ratio))
  const height = Math.max(1, Math.round(heightPx * ratio))
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext('2d')!
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.clearRect(0, 0, width, height)
  context.setTransform(ratio, 0, 0, ratio, 0, -topPx * ratio)
  const middle = widthPx / 2
  for (const {color, opacity, widthPx: linePx, lines} of buckets) {
    context.beginPath()
    for (const {fromPx, toPx} of lines) {
      context.moveTo(0, fromPx)
      if (Math.abs(toPx - fromPx) < 1) context.lineTo(widthPx, toPx)
      else context.bezierCurveTo(middle, fromPx, middle, toPx, widthPx, toPx)
    }
    context.globalAlpha = opacity
    context.strokeStyle = color
    context.lineWidth = linePx
    context.stroke()
  }
  context.globalAlpha = 1
}
