import {inflateSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {encodePng, pngAddress} from './raster.ts'

const RASTER = {
  widthPx: 3,
  heightPx: 2,
  indices: Uint8Array.of(0, 1, 2, 2, 1, 0),
  colors: [null, '#ff8000', '#010203'],
}

test('a raster is a PNG whose pixels read back', () => {
  const png = Buffer.from(encodePng(RASTER))
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([3, 2])
  const chunkOf = (name: string) => {
    const at = png.indexOf(name)
    return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))
  }
  expect([...chunkOf('PLTE')]).toEqual([0, 0, 0, 255, 128, 0, 1, 2, 3])
  expect([...chunkOf('tRNS')]).toEqual([0, 255, 255])
  expect([...inflateSync(chunkOf('IDAT'))]).toEqual([0, 0, 1, 2, 0, 2, 1, 0])
})

test('its address is the same bytes in base64', () => {
  const [head, body] = pngAddress(RASTER).split(',')
  expect(head).toBe('data:image/png;base64')
  expect(Buffer.compare(Buffer.from(body!, 'base64'), encodePng(RASTER))).toBe(0)
  // Lengths that leave one and two bytes over.
  for (const widthPx of [4, 5, 6, 7]) {
    const raster = {...RASTER, widthPx, heightPx: 1, indices: new Uint8Array(widthPx)}
    const [, text] = pngAddress(raster).split(',')
    expect(text).toBe(Buffer.from(encodePng(raster)).toString('base64'))
  }
})
