import {colorsOf, type WeightScale} from '../../../shared/figures/attention/matrix-scale.ts'
import type {
  OverviewCell,
  OverviewLayout,
} from '../../../shared/figures/attention/overview-layout.ts'
import {pooledIndices, thumbnailIndices} from '../../../shared/figures/attention/overview-scale.ts'
import type {Palette} from '../../../shared/figures/palette.ts'
import type {Thumbnail} from '../../../shared/lenses/attention-maps.ts'
import {packedColors} from './packed-colors.ts'

export interface OverviewDrawing {
  readonly layout: OverviewLayout
  readonly tokenCount: number
  readonly thumbnailOf: (cell: OverviewCell) => Thumbnail | undefined
  readonly scale: WeightScale
  readonly palette: Palette
  /** Pinned tokens, and pinned queries with their keys. */
  readonly pinned: readonly number[]
  readonly pairs: readonly {readonly from: number; readonly to: number}[]
  /** What is seen of the grid, in its own pixels. */
  readonly seen: {
    readonly xPx: number
    readonly yPx: number
    readonly widthPx: number
    readonly heightPx: number
  }
  /** Device pixels a pixel of the page. */
  readonly ratio: number
}

interface Drawn {
  readonly maximum: number
  readonly steps: WeightScale['steps']
  readonly sidePx: number
  readonly indices: Uint8Array
}
const drawn = new WeakMap<Thumbnail, Drawn>()

/** Colours of a head's picture at a size; made once. */
function indicesOf(
  thumbnail: Thumbnail,
  tokenCount: number,
  scale: WeightScale,
  sidePx: number
): Uint8Array {
  const known = drawn.get(thumbnail)
  const isSameScale = known?.maximum === scale.maximum && known.steps === scale.steps
  if (known && isSameScale && known.sidePx === sidePx) return known.indices
  const whole = thumbnailIndices(thumbnail, tokenCount, scale)
  const indices = pooledIndices(whole, thumbnail.size, sidePx)
  drawn.set(thumbnail, {maximum: scale.maximum, steps: scale.steps, sidePx, indices})
  return indices
}

/** Draws the pictures that are seen; those that are not there yet are empty frames. */
export function drawOverview(canvas: HTMLCanvasElement, drawing: OverviewDrawing): void {
  const {layout, seen, ratio, scale, palette, tokenCount} = drawing
  const widthPx = Math.max(1, Math.round(seen.widthPx * ratio))
  const heightPx = Math.max(1, Math.round(seen.heightPx * ratio))
  if (canvas.width !== widthPx) canvas.width = widthPx
  if (canvas.height !== heightPx) canvas.height = heightPx
  const context = canvas.getContext('2d')!
  context.clearRect(0, 0, widthPx, heightPx)
  const sidePx = Math.max(1, Math.round(layout.sidePx * ratio))
  const colors = packedColors(colorsOf(scale, palette))
  const image = context.createImageData(sidePx, sidePx)
  const pixels = new Uint32Array(image.data.buffer)
  for (const cell of layout.cells) {
    const x = Math.round((cell.xPx - seen.xPx) * ratio)
    const y = Math.round((cell.yPx - seen.yPx) * ratio)
    if (x + sidePx < 0 || y + sidePx < 0 || x > widthPx || y > heightPx) continue
    const thumbnail = drawing.thumbnailOf(cell)
    if (!thumbnail) {
      context.fillStyle = palette.sunken
      context.fillRect(x, y, sidePx, sidePx)
      continue
    }
    const indices = indicesOf(thumbnail, tokenCount, scale, sidePx)
    for (let i = 0; i < indices.length; i++) pixels[i] = colors[indices[i]!]!
    context.putImageData(image, x, y)
    drawPins(context, drawing, {x, y, sidePx})
  }
}

/** A smaller frame of a pair cannot be seen. */
const LEAST_PAIR_PX = 5
const TICK_PX = 3

/** Pinned tokens as ticks above their column, pinned pairs as frames around their place. */
function drawPins(
  context: CanvasRenderingContext2D,
  {pinned, pairs, palette, ratio, tokenCount}: OverviewDrawing,
  {x, y, sidePx}: {readonly x: number; readonly y: number; readonly sidePx: number}
): void {
  if (pinned.length === 0 && pairs.length === 0) return
  const tokenPx = sidePx / tokenCount
  context.fillStyle = palette.ink1
  for (const position of pinned) {
    if (position >= tokenCount) continue
    const middle = x + (position + 0.5) * tokenPx
    context.fillRect(Math.round(middle - ratio / 2), y - TICK_PX * ratio, ratio, TICK_PX * ratio)
  }
  context.strokeStyle = palette.ink1
  context.lineWidth = ratio
  const framePx = Math.max(tokenPx + ratio, LEAST_PAIR_PX * ratio)
  for (const {from, to} of pairs) {
    if (from >= tokenCount || to >= tokenCount) continue
    const left = x + (to + 0.5) * tokenPx - framePx / 2
    const top = y + (from + 0.5) * tokenPx - framePx / 2
    context.strokeRect(Math.round(left), Math.round(top), framePx, framePx)
  }
}
