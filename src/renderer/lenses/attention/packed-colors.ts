import {rgbOf} from '../../../shared/figures/raster.ts'

/** Colours as the pixels of an image hold them; null is transparent. */
export function packedColors(colors: readonly (string | null)[]): Uint32Array {
  return Uint32Array.from(colors, (color) => {
    if (color === null) return 0
    const [red, green, blue] = rgbOf(color)
    // Every machine that runs a browser stores the lowest byte first.
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0
  })
}
