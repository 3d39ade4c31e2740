import {resolve} from 'node:path'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {FONT_FILES} from '../../../shared/figures/text-width.ts'
import {crc32} from '../../../shared/math/crc32.ts'

export interface PngOptions {
  readonly fontsFolder: string
  /** Pixels a CSS pixel. */
  readonly scale: number
  /** Written as JSON into an iTXt chunk with the keyword `tokenscope`. */
  readonly provenance: unknown
}

/** Larger images fail in most readers, and take gigabytes here. */
const MOST_PIXELS = 200_000_000
const KEYWORD = 'tokenscope'
const SIGNATURE_LENGTH = 8

/** Paints an SVG with the shipped fonts and nothing else, so that the bytes repeat. */
export async function paintPng(svg: string, options: PngOptions): Promise<Uint8Array> {
  const [, width = 0, height = 0] = (/viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? []).map(Number)
  const pixels = width * height * options.scale * options.scale
  if (pixels > MOST_PIXELS) {
    throw new ProblemError({
      code: 'figure-too-large',
      message: 'The picture would have too many pixels.',
      found: `${Math.round(width * options.scale)} × ${Math.round(height * options.scale)} pixels`,
      expected: `at most ${MOST_PIXELS / 1_000_000} million`,
      advice: 'Choose a smaller scale, or SVG, which has no limit.',
    })
  }
  // Loaded at the first picture: the library is native and takes a while.
  const {Resvg} = await import('@resvg/resvg-js')
  const image = new Resvg(svg, {
    fitTo: {mode: 'zoom', value: options.scale},
    font: {
      fontFiles: FONT_FILES.map((file) => resolve(options.fontsFolder, file)),
      loadSystemFonts: false,
      defaultFontFamily: 'Inter',
      sansSerifFamily: 'Inter',
      monospaceFamily: 'JetBrains Mono',
    },
    logLevel: 'off',
  }).render()
  return withText(image.asPng(), KEYWORD, JSON.stringify(options.provenance))
}

/** A PNG with one iTXt chunk (PNG specification, 11.3.4.5) before its end. */
export function withText(png: Uint8Array, keyword: string, text: string): Uint8Array {
  const encoder = new TextEncoder()
  // Keyword, NUL, not compressed, no method, no language, no translated keyword.
  const head = encoder.encode(`${keyword}\0\0\0\0\0`)
  const body = encoder.encode(text)
  const chunk = new Uint8Array(12 + head.length + body.length)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, head.length + body.length)
  chunk.set(encoder.encode('iTXt'), 4)
  chunk.set(head, 8)
  chunk.set(body, 8 + head.length)
  view.setUint32(chunk.length - 4, crc32(chunk.subarray(4, chunk.length - 4)))
  // IEND is the last chunk and always 12 bytes.
  const end = png.length - 12
  const bytes = new Uint8Array(png.length + chunk.length)
  bytes.set(png.subarray(0, end))
  bytes.set(chunk, end)
  bytes.set(png.subarray(end), end + chunk.length)
  return bytes
}

/** The text of a PNG's iTXt chunk; null where it has none with this keyword. */
export function readText(png: Uint8Array, keyword = KEYWORD): string | null {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  const decoder = new TextDecoder()
  for (let at = SIGNATURE_LENGTH; at + 12 <= png.length; at += 12 + view.getUint32(at)) {
    const length = view.getUint32(at)
    if (decoder.decode(png.subarray(at + 4, at + 8)) !== 'iTXt') continue
    const data = png.subarray(at + 8, at + 8 + length)
    const nameEnd = data.indexOf(0)
    if (decoder.decode(data.subarray(0, nameEnd)) !== keyword) continue
    // Two bytes of compression, then two empty strings closed by NUL.
    return decoder.decode(data.subarray(nameEnd + 5))
  }
  return null
}
