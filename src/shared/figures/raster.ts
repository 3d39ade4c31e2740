import {zlibSync} from 'fflate'
import {crc32} from '../math/crc32.ts'

/** A picture of few colours: one byte a pixel, row-major, an index into `colors`. */
export interface Raster {
  readonly widthPx: number
  readonly heightPx: number
  readonly indices: Uint8Array
  /** As `#rrggbb`, at most 256; null is transparent. */
  readonly colors: readonly (string | null)[]
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const INDEXED_COLOR = 3

/**
 * An indexed PNG (PNG specification, colour type 3). Packed by the one library that page and engine share,
 * so that the same raster is the same bytes in both.
 */
export function encodePng({widthPx, heightPx, indices, colors}: Raster): Uint8Array {
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, widthPx)
  view.setUint32(4, heightPx)
  header.set([8, INDEXED_COLOR, 0, 0, 0], 8)
  const palette = new Uint8Array(3 * colors.length)
  const alpha = new Uint8Array(colors.length)
  for (const [i, color] of colors.entries()) {
    if (color !== null) palette.set(rgbOf(color), 3 * i)
    alpha[i] = color === null ? 0 : 255
  }
  // Each row after the number of its filter, 0: none.
  const rows = new Uint8Array(heightPx * (widthPx + 1))
  for (let row = 0; row < heightPx; row++) {
    rows.set(indices.subarray(row * widthPx, (row + 1) * widthPx), row * (widthPx + 1) + 1)
  }
  return joined([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('tRNS', alpha),
    chunk('IDAT', zlibSync(rows, {level: 6})),
    chunk('IEND', new Uint8Array(0)),
  ])
}

/** A raster as the address of an image inside a figure. */
export function pngAddress(raster: Raster): string {
  return `data:image/png;base64,${base64Of(encodePng(raster))}`
}

/** `#rrggbb` as three bytes. */
export function rgbOf(color: string): readonly [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16)
  return [value >> 16, (value >> 8) & 0xff, value & 0xff]
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i)
  bytes.set(data, 8)
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)))
  return bytes
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

// Neither btoa nor Buffer is everywhere.
function base64Of(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const value =
      (bytes[i]! << 16) | ((left > 1 ? bytes[i + 1]! : 0) << 8) | (left > 2 ? bytes[i + 2]! : 0)
    parts.push(
      DIGITS[value >> 18]! +
        DIGITS[(value >> 12) & 63]! +
        (left > 1 ? DIGITS[(value >> 6) & 63]! : '=') +
        (left > 2 ? DIGITS[value & 63]! : '=')
    )
  }
  return parts.join('')
}
