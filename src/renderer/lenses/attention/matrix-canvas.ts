import {colorsOf, type WeightScale} from '../../../shared/figures/attention/matrix-scale.ts'
import type {Palette} from '../../../shared/figures/palette.ts'
import type {AttentionTile} from '../../../shared/lenses/attention-maps.ts'
import type {PlacedTile} from '../../store/attention-pictures.ts'
import type {MatrixWindow} from '../../store/attention-state.ts'
import {fillPixels} from './matrix-pixels.ts'
import {packedColors} from './packed-colors.ts'

/** Cells of this size have a line of paper between them, as in the exported figure. */
const LEAST_GRID_PX = 4

interface Painted {
  readonly canvas: HTMLCanvasElement
  readonly scale: WeightScale
  readonly palette: Palette
}
const painted = new WeakMap<AttentionTile, Painted>()

/** A tile as a picture of one pixel a cell; painted once for its colours. */
function paintTile(placed: PlacedTile, scale: WeightScale, palette: Palette): HTMLCanvasElement {
  const {tile} = placed
  const known = painted.get(tile)
  const isSame =
    known?.palette === palette &&
    known.scale.maximum === scale.maximum &&
    known.scale.isSigned === scale.isSigned &&
    known.scale.steps === scale.steps
  if (known && isSame) return known.canvas
  const canvas = known?.canvas ?? document.createElement('canvas')
  canvas.width = tile.columnCount
  canvas.height = tile.rowCount
  canvas.getContext('2d')!.putImageData(imageOf(placed, scale, palette), 0, 0)
  painted.set(tile, {canvas, scale, palette})
  return canvas
}

/** Used again for every picture of its size: two megabytes anew for each would soon be collected garbage. */
let kept: ImageData | null = null

/** A tile's pixels; overwritten by the next call. */
function imageOf(placed: PlacedTile, scale: WeightScale, palette: Palette): ImageData {
  const {columnCount, rowCount} = placed.tile
  const isSame = kept?.width === columnCount && kept.height === rowCount
  const image = isSame ? kept! : new ImageData(columnCount, rowCount)
  kept = image
  fillPixels(
    new Uint32Array(image.data.buffer),
    placed,
    scale,
    packedColors(colorsOf(scale, palette))
  )
  return image
}

export interface MatrixDrawing {
  readonly window: MatrixWindow
  /** From the coarsest to the finest; each is drawn over those before it. */
  readonly tiles: readonly PlacedTile[]
  readonly scale: WeightScale
  readonly palette: Palette
  /** Device pixels a side. */
  readonly sidePx: number
  /** Device pixels a pixel of the page. */
  readonly ratio: number
}

/** Draws what is seen of a matrix: each tile where its tokens are. */
export function drawMatrix(canvas: HTMLCanvasElement, drawing: MatrixDrawing): void {
  const {window, tiles, scale, palette, sidePx, ratio} = drawing
  if (canvas.width !== sidePx) canvas.width = sidePx
  if (canvas.height !== sidePx) canvas.height = sidePx
  const context = canvas.getContext('2d')!
  const [only] = tiles
  if (only && tiles.length === 1 && isPixelForPixel(only, drawing)) {
    context.putImageData(imageOf(only, scale, palette), 0, 0)
    return
  }
  context.clearRect(0, 0, sidePx, sidePx)
  context.imageSmoothingEnabled = false
  const tokenPx = sidePx / window.span
  for (const placed of tiles) {
    const {queries, keys} = placed
    context.clearRect(...placeOf(placed, window, tokenPx))
    context.drawImage(paintTile(placed, scale, palette), ...placeOf(placed, window, tokenPx))
    const isExact = placed.tile.rowCount === queries[1] - queries[0]
    if (isExact && placed === tiles.at(-1) && tokenPx / ratio >= LEAST_GRID_PX) {
      drawGrid(context, {queries, keys, window, tokenPx, sidePx, ratio})
    }
  }
}

/** All of a matrix with a cell for each pixel: nothing has to be kept of it to draw it elsewhere. */
function isPixelForPixel({queries, keys, tile}: PlacedTile, {window, sidePx}: MatrixDrawing) {
  const isAll = ([start, end]: readonly [number, number], from: number) =>
    start === from && end === from + window.span
  return (
    isAll(queries, window.query) &&
    isAll(keys, window.key) &&
    tile.rowCount === sidePx &&
    tile.columnCount === sidePx
  )
}

function placeOf(
  {queries, keys}: PlacedTile,
  window: MatrixWindow,
  tokenPx: number
): [number, number, number, number] {
  return [
    (keys[0] - window.key) * tokenPx,
    (queries[0] - window.query) * tokenPx,
    (keys[1] - keys[0]) * tokenPx,
    (queries[1] - queries[0]) * tokenPx,
  ]
}

interface Grid {
  readonly queries: readonly [number, number]
  readonly keys: readonly [number, number]
  readonly window: MatrixWindow
  readonly tokenPx: number
  readonly sidePx: number
  readonly ratio: number
}

function drawGrid(context: CanvasRenderingContext2D, grid: Grid): void {
  const {queries, keys, window, tokenPx, sidePx, ratio} = grid
  const linePx = Math.max(1, Math.round(ratio))
  for (let key = Math.ceil(window.key) + 1; key <= keys[1]; key++) {
    const x = Math.round((key - window.key) * tokenPx) - linePx
    if (x > sidePx) break
    context.clearRect(x, 0, linePx, sidePx)
  }
  for (let query = Math.ceil(window.query) + 1; query <= queries[1]; query++) {
    const y = Math.round((query - window.query) * tokenPx) - linePx
    if (y > sidePx) break
    context.clearRect(0, y, sidePx, linePx)
  }
}
