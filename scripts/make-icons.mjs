// Draws assets/icons/tokenscope.svg in every size and container that the platforms ask for:
// `node scripts/make-icons.mjs [FOLDER]` (dist/icons unless given).
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join, resolve} from 'node:path'
import {Resvg} from '@resvg/resvg-js'

const root = resolve(import.meta.dirname, '..')
const svg = readFileSync(join(root, 'assets/icons/tokenscope.svg'), 'utf8')
/** Icons of macOS leave a margin: 824 of 1,024 are drawn on. */
const withMargin = svg.replace('viewBox="0 0 32 32"', 'viewBox="-3.88 -3.88 39.76 39.76"')

export const LINUX_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024]
const WINDOWS_SIZES = [16, 24, 32, 48, 64, 128, 256]
/** Types of Apple's icon container that hold a PNG, by the pixels of its side. */
const APPLE_TYPES = [
  ['icp4', 16],
  ['icp5', 32],
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
]

/** The icon as a PNG with sides of this many pixels. */
export function iconPng(sidePx, source = svg) {
  return Buffer.from(new Resvg(source, {fitTo: {mode: 'width', value: sidePx}}).render().asPng())
}

/** An .ico of PNGs: header, one entry of 16 bytes each, then the images. */
export function windowsIcon() {
  const images = WINDOWS_SIZES.map((sidePx) => iconPng(sidePx))
  const head = Buffer.alloc(6 + 16 * images.length)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(images.length, 4)
  let offset = head.length
  for (const [index, image] of images.entries()) {
    const at = 6 + 16 * index
    // One byte a side, in which 256 is written as 0.
    head[at] = WINDOWS_SIZES[index] % 256
    head[at + 1] = WINDOWS_SIZES[index] % 256
    head.writeUInt16LE(1, at + 4)
    head.writeUInt16LE(32, at + 6)
    head.writeUInt32LE(image.length, at + 8)
    head.writeUInt32LE(offset, at + 12)
    offset += image.length
  }
  return Buffer.concat([head, ...images])
}

/** An .icns: `icns` and the length of all, then chunks of type, length and PNG. */
export function appleIcon() {
  const chunks = APPLE_TYPES.map(([type, sidePx]) => chunk(type, iconPng(sidePx, withMargin)))
  return chunk('icns', Buffer.concat(chunks))
}

function chunk(type, content) {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32BE(content.length + 8, 4)
  return Buffer.concat([head, content])
}

/** Writes all of them; names with sizes are how electron-builder finds Linux's. */
export function makeIcons(folder = join(root, 'dist/icons')) {
  mkdirSync(folder, {recursive: true})
  for (const sidePx of LINUX_SIZES) {
    writeFileSync(join(folder, `${sidePx}x${sidePx}.png`), iconPng(sidePx))
  }
  writeFileSync(join(folder, 'icon.ico'), windowsIcon())
  writeFileSync(join(folder, 'icon.icns'), appleIcon())
}

if (process.argv[1] === import.meta.filename) {
  makeIcons(process.argv[2] && resolve(process.argv[2]))
  // Windows on Linux show this one, also in a checkout.
  writeFileSync(join(root, 'assets/icons/tokenscope-512.png'), iconPng(512))
}
