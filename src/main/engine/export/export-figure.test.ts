import {resolve} from 'node:path'
import {inflateSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {sampleAttention, sampleMatrix} from '../../../shared/figures/attention/sample-result.ts'
import {sampleViews} from '../../../shared/figures/attention/sample-views.ts'
import {
  commonFigureOptionsSchema,
  type FigureFormat,
  type FigureRequest,
  figureOptionsSchema,
} from '../../../shared/figures/request.ts'
import {
  longResult,
  sampleResult,
  scriptsResult,
  storyResult,
} from '../../../shared/figures/tokens/sample-result.ts'
import type {TokensResult} from '../../../shared/lenses/tokens.ts'
import {crc32} from '../../../shared/math/crc32.ts'
import {exportFigure} from './export-figure.ts'
import {readText} from './png.ts'

const fontsFolder = resolve(import.meta.dirname, '../../../../assets/fonts')
const write = (result: TokensResult, format: FigureFormat, options: Record<string, unknown> = {}) =>
  exportFigure(
    {figure: 'tokens', format, result, options: figureOptionsSchema.parse(options)},
    {fontsFolder}
  )
const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', {fatal: true}).decode(bytes)

/** A strict little reader: throws unless the text is well-formed XML 1.0 of elements and text. */
function readXml(xml: string): {names: string[]; text: string} {
  // What XML 1.0 forbids.
  const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff]/u
  expect(forbidden.exec(xml)).toBeNull()
  const open: string[] = []
  const names: string[] = []
  let text = ''
  let rest = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '').trimEnd()
  const entity = /^&(?:amp|lt|gt|quot|apos|#x[0-9a-f]+|#\d+);/
  while (rest) {
    if (rest[0] === '<') {
      const tag =
        /^<(\/?)([a-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/i.exec(rest) ??
        expect.fail(`not a tag: ${rest.slice(0, 80)}`)
      const [whole, isEnd, name, attributes = '', isEmpty] = tag
      for (const value of attributes.matchAll(/&[^;]*;?/g)) expect(value[0]).toMatch(entity)
      if (isEnd) expect(open.pop()).toBe(name)
      else {
        names.push(name!)
        if (!isEmpty) open.push(name!)
      }
      rest = rest.slice(whole.length)
    } else {
      const chunk = /^[^<]+/.exec(rest)![0]
      expect(open.length).toBeGreaterThan(0)
      expect(chunk).not.toContain(']]>')
      for (const value of chunk.matchAll(/&[^;]*;?/g)) expect(value[0]).toMatch(entity)
      text += chunk
      rest = rest.slice(chunk.length)
    }
  }
  expect(open).toEqual([])
  return {names, text}
}

function metadataOf(svg: string) {
  const [, json = ''] = /<metadata>(.*?)<\/metadata>/s.exec(svg) ?? []
  const plain = json
    .replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
  return JSON.parse(plain)
}

/** Chunks of a PNG, each with its checksum checked. */
function readPng(png: Uint8Array) {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  const names: string[] = []
  const data: Uint8Array[] = []
  for (let at = 8; at < png.length; ) {
    const length = view.getUint32(at)
    const name = textOf(png.subarray(at + 4, at + 8))
    expect(view.getUint32(at + 8 + length)).toBe(crc32(png.subarray(at + 4, at + 8 + length)))
    names.push(name)
    if (name === 'IDAT') data.push(png.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  const raw = inflateSync(Buffer.concat(data))
  return {names, width: view.getUint32(16), height: view.getUint32(20), raw}
}

describe('every format', () => {
  test.each(['svg', 'png', 'json', 'csv'] as const)('%s: the same bytes again', async (format) => {
    for (const result of [storyResult(), scriptsResult()]) {
      const first = await write(result, format, {theme: 'dark'})
      const second = await write(structuredClone(result), format, {theme: 'dark'})
      expect(Buffer.compare(first.bytes, second.bytes)).toBe(0)
      expect(first.fileName).toBe(`tokens.${format}`)
    }
  })

  test.each(['svg', 'png', 'json', 'csv'] as const)(
    '%s: no path, no clock; without the prompt nothing of it',
    async (format) => {
      const result = storyResult({temperature: 0.9})
      const timed = {...result, timing: {runMs: 9, totalMs: 8, tokensPerSecond: 7}}
      const {bytes} = await write(timed, format)
      expect(Buffer.from(bytes).includes('/models/')).toBe(false)
      expect(Buffer.compare(bytes, (await write(result, format)).bytes)).toBe(0)
      const hidden = Buffer.from((await write(result, format, {noPrompt: true})).bytes)
      for (const word of ['Mira', 'lamp', 'caf', 'promptIds', '4d697261']) {
        expect(hidden.includes(word)).toBe(false)
      }
      expect(hidden.includes('data-candidate')).toBe(false)
      expect(hidden.includes('data-tracked')).toBe(false)
      for (const {id} of result.next) {
        expect(hidden.includes(`:${id},`)).toBe(false)
      }
    }
  )
})

describe('by another unit, with pins', () => {
  const spans = [
    {byteStart: 9, byteEnd: 13},
    {byteStart: 40, byteEnd: 44},
  ]
  const unit = {kind: 'regex', source: 'la+mp', flags: 'i', spans}

  test.each(['svg', 'png', 'json', 'csv'] as const)(
    '%s: the same bytes again, and nothing of the prompt where it is left out',
    async (format) => {
      const options = {unit, pins: [4, 2], colors: 'ocean'}
      const {bytes} = await write(storyResult(), format, options)
      expect(Buffer.compare(bytes, (await write(storyResult(), format, options)).bytes)).toBe(0)
      expect(Buffer.from(bytes).includes('la+mp')).toBe(true)
      const hidden = (await write(storyResult(), format, {...options, noPrompt: true})).bytes
      for (const word of ['la+mp', 'lamp', 'Mira', 'caf']) {
        expect(Buffer.from(hidden).includes(word)).toBe(false)
      }
    }
  )

  test('an SVG says its unit in words and is well-formed', async () => {
    const svg = textOf(
      (await write(scriptsResult(), 'svg', {unit: {kind: 'word'}, pins: [1]})).bytes
    )
    const {text} = readXml(svg)
    expect(text).toContain('Tokens of micro-base by word')
    expect(text).toContain('shown by word')
    expect(text).toContain('surprisal, sum over words')
    expect(text).toContain('entropy, mean over words')
    expect(text).toContain('rank, worst over words')
    expect(metadataOf(svg).options).toMatchObject({unit: {kind: 'word'}, pins: [1]})
    const drawing = svg.replace(/<metadata>.*<\/metadata>/s, '')
    const attributes = [...drawing.matchAll(/[\w-]+="([^"]*)"/g)].map((match) => match[1]!)
    expect(attributes.filter((value) => /\d\.\d{3}|NaN|undefined/.test(value))).toEqual([])
  })

  test('a unit of a file can be opened again: matches are named by their expression', async () => {
    const svg = textOf((await write(storyResult(), 'svg', {unit})).bytes)
    expect(metadataOf(svg).options.unit).toEqual({kind: 'regex', source: 'la+mp', flags: 'i'})
  })

  test('data list the units beside the tokens, with the same total', async () => {
    const result = storyResult()
    const options = {unit: {kind: 'word'}, pins: [4]}
    const json = JSON.parse(textOf((await write(result, 'json', options)).bytes))
    const total = result.tokens.reduce((sum, token) => sum + (token.surprisalBits ?? 0), 0)
    const sum = (rows: {surprisalBits: number | null}[]) =>
      rows.reduce((bits, row) => bits + (row.surprisalBits ?? 0), 0)
    expect(json.tokens).toHaveLength(result.tokens.length)
    expect(sum(json.units)).toBeCloseTo(total, 9)
    expect(json.units.map((row: {text: string}) => row.text).join('')).toContain(' the café and')
    expect(json.pins).toEqual([4])
    const csv = textOf((await write(result, 'csv', options)).bytes)
    const [header, ...rows] = csv
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(','))
    const column = (name: string) => header!.indexOf(name)
    const units = rows.filter((row) => row[column('record')] === 'unit')
    expect(units).toHaveLength(json.units.length)
    const csvTotal = units.reduce((bits, row) => bits + Number(row[column('surprisalBits')]), 0)
    expect(csvTotal).toBeCloseTo(total, 9)
    expect(rows.find((row) => row[column('pin')] === '1')![column('position')]).toBe('4')
  })
})

describe('svg', () => {
  test('is well-formed with any text, and says what that text is', async () => {
    const evil = sampleResult({
      tokens: [
        ['<script>alert(1)</script>', 1],
        [']]>', 1],
        ['\u0000\u0001\u001f', 1],
        ['\ufffd', 1],
        ['"&quot;\'', 1],
        ['\ufffe\uffff', 1],
        ['<!-- ', 1],
        [[0xed, 0xa0, 0x80], 1],
      ],
      next: [['</svg>', 0.5]],
      tracked: ['<b>'],
    })
    const {bytes} = await write(evil, 'svg', {
      title: '<b> \u0000 & \ud800 ]]>',
      caption: 'a "caption" \u000b',
    })
    const {names, text} = readXml(textOf(bytes))
    expect(names).not.toContain('script')
    expect(names).not.toContain('b')
    expect(names.filter((name) => name === 'svg')).toHaveLength(1)
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(text).toContain('U+0000')
  })

  test('has no style rules, no classes, and no coordinate with more than two decimals', async () => {
    const svg = textOf((await write(storyResult(), 'svg')).bytes)
    expect(/<style|style=|class=/.exec(svg)).toBeNull()
    const drawing = svg.replace(/<metadata>.*<\/metadata>/s, '')
    const attributes = [...drawing.matchAll(/[\w-]+="([^"]*)"/g)].map((match) => match[1]!)
    expect(attributes.filter((value) => /\d\.\d{3}/.test(value))).toEqual([])
    expect(attributes.filter((value) => /NaN|Infinity|undefined|null/.test(value))).toEqual([])
  })

  test('carries how it was made', async () => {
    const result = storyResult()
    const svg = textOf((await write(result, 'svg')).bytes)
    expect(metadataOf(svg)).toMatchObject({
      schema: 'tokenscope/tokens@1',
      figure: 'tokens',
      request: {model: 'micro-base', seed: 0, temperature: 0.9, topP: 0.95},
      model: {id: 'micro-base', sha256: 'a'.repeat(64)},
      promptIds: result.tokens.slice(0, 43).map((token) => token.id),
      completionIds: result.tokens.slice(43).map((token) => token.id),
      versions: {onnxruntime: '1.30.0'},
      options: {theme: 'light', widthPx: 720},
    })
  })

  test('marks every token and candidate for whoever reads it', async () => {
    const result = storyResult()
    const svg = textOf((await write(result, 'svg')).bytes)
    for (const token of result.tokens) expect(svg).toContain(`data-position="${token.position}"`)
    for (const row of result.next) expect(svg).toContain(`data-candidate="${row.id}"`)
  })

  test('of 2,000 tokens is whole', async () => {
    const {bytes} = await write(longResult(2000), 'svg', {widthPx: 900})
    const {names} = readXml(textOf(bytes))
    expect(names.filter((name) => name === 'metadata')).toHaveLength(1)
    expect(bytes.length).toBeLessThan(2_000_000)
  })

  test('keeps characters without a shipped glyph as text, and warns', async () => {
    const {bytes, warnings} = await write(scriptsResult(), 'svg')
    expect(textOf(bytes)).toContain('한')
    expect(warnings).toEqual([
      {code: 'glyphs-missing', message: expect.stringContaining('U+D55C, U+FDFA')},
    ])
  })
})

describe('png', () => {
  test('is the size that was asked for, with text on it', async () => {
    const {bytes} = await write(storyResult(), 'png', {widthPx: 700, scale: 1})
    const {names, width, height, raw} = readPng(bytes)
    expect(names.at(-1)).toBe('IEND')
    expect(width).toBe(700)
    // RGBA rows, each after one byte of filter; the left column of labels is only text.
    expect(raw.length).toBe(height * (1 + 4 * width))
    const svg = textOf((await write(storyResult(), 'svg', {widthPx: 700})).bytes)
    expect(svg).toContain(` height="${height}"`)
  })

  test('is drawn with the shipped fonts: another text is another picture', async () => {
    const draw = async (title: string) =>
      (await write(sampleResult({tokens: [['a', 1]]}), 'png', {title, scale: 1})).bytes
    const pixels = async (title: string) => readPng(await draw(title)).raw
    expect(Buffer.compare(await pixels('WWWW'), await pixels('iiii'))).not.toBe(0)
    const bare = await exportFigure(
      {
        figure: 'tokens',
        format: 'png',
        result: sampleResult({tokens: [['a', 1]]}),
        options: figureOptionsSchema.parse({title: 'WWWW', scale: 1}),
      },
      {fontsFolder: '/nowhere'}
    ).catch(() => null)
    if (bare) expect(Buffer.compare(readPng(bare.bytes).raw, await pixels('WWWW'))).not.toBe(0)
  })

  test('carries how it was made in an iTXt chunk', async () => {
    const {bytes} = await write(scriptsResult(), 'png', {scale: 1})
    expect(readPng(bytes).names.filter((name) => name === 'iTXt')).toHaveLength(1)
    const provenance = JSON.parse(readText(bytes)!)
    expect(provenance).toMatchObject({figure: 'tokens', model: {id: 'micro-base'}})
    expect(provenance.request.prompt).toBe(scriptsResult().request.prompt)
    expect(readText(bytes, 'another')).toBeNull()
  })

  test('names the characters it has no glyphs for', async () => {
    const {warnings} = await write(scriptsResult(), 'png', {scale: 0.5})
    expect(warnings[0]).toMatchObject({
      code: 'glyphs-missing',
      message: expect.stringContaining('drawn as their codes'),
    })
    expect((await write(storyResult(), 'png', {scale: 0.5})).warnings).toEqual([])
  })

  test('that would be too large is a problem that says what to do', async () => {
    await expect(write(longResult(2000), 'png', {widthPx: 2000, scale: 8})).rejects.toMatchObject({
      problem: {code: 'figure-too-large', advice: expect.stringContaining('SVG')},
    })
  })
})

test('checksums are those of ISO 3309', () => {
  // The check value that the standard's catalogues give, and the chunk every PNG ends with.
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  expect(crc32(new TextEncoder().encode('IEND'))).toBe(0xae426082)
})

test('csv begins with a line about itself', async () => {
  const csv = textOf((await write(storyResult(), 'csv')).bytes)
  const [first = '', second] = csv.split('\r\n')
  expect(JSON.parse(first.replace(/^# /, ''))).toMatchObject({figure: 'tokens'})
  expect(second).toMatch(/^record,position,id,bytesHex,text,/)
})

describe('attention', () => {
  const result = sampleAttention()
  const writeAttention = (format: FigureFormat, options: Record<string, unknown> = {}) =>
    exportFigure(
      {
        ...{figure: 'attention', format, result},
        picture: sampleMatrix(result, {filters: {dropSink: false, threshold: 0, mass: 0.7}}),
        options: commonFigureOptionsSchema.parse(options),
      },
      {fontsFolder}
    )

  test.each(['svg', 'png', 'json', 'csv'] as const)(
    '%s: the same bytes again, no path; without the prompt nothing of it',
    async (format) => {
      const {bytes} = await writeAttention(format)
      expect(Buffer.compare(bytes, (await writeAttention(format)).bytes)).toBe(0)
      expect(Buffer.from(bytes).includes('/models/')).toBe(false)
      const hidden = Buffer.from((await writeAttention(format, {noPrompt: true})).bytes)
      for (const word of ['Mira', 'lamp', 'caf', 'promptIds', '4d697261']) {
        expect(hidden.includes(word)).toBe(false)
      }
    }
  )

  test.each(sampleViews(result).map((picture) => [picture.view, picture] as const))(
    '%s: the same bytes again in every format, with how it was made',
    async (view, picture) => {
      for (const format of ['svg', 'png', 'json', 'csv'] as const) {
        const options = commonFigureOptionsSchema.parse({})
        const request: FigureRequest = {figure: 'attention-view', format, result, picture, options}
        const {bytes} = await exportFigure(request, {fontsFolder})
        const again = await exportFigure(request, {fontsFolder})
        expect(Buffer.compare(bytes, again.bytes)).toBe(0)
        if (format !== 'svg') continue
        readXml(textOf(bytes))
        expect(metadataOf(textOf(bytes)).picture).toMatchObject({view})
      }
    }
  )

  test('the SVG says how it was made and what is hidden', async () => {
    const svg = textOf((await writeAttention('svg', {widthPx: 300})).bytes)
    readXml(svg)
    expect(metadataOf(svg).picture).toMatchObject({
      view: 'matrix',
      map: {kind: 'head', layer: 3, head: 5},
      filters: {mass: 0.7},
    })
    expect(svg).toContain('test it by')
    expect(svg).toMatch(/hidden \d+ %/)
  })

  test('small cells are one image, which a painter without smoothing gets', async () => {
    const svg = textOf((await writeAttention('svg', {widthPx: 240})).bytes)
    expect(svg).toContain('<image')
    expect(svg).toContain('data:image/png;base64,')
    expect(textOf((await writeAttention('svg', {widthPx: 900})).bytes)).not.toContain('<image')
  })

  test('CSV and JSON hold the weights that are drawn', async () => {
    const {tile} = sampleMatrix(result, {filters: {dropSink: false, threshold: 0, mass: 0.7}})
    const csv = textOf((await writeAttention('csv')).bytes)
      .trim()
      .split('\r\n')
      .slice(1)
    expect(csv[0]).toBe('queryStart,queryEnd,keyStart,keyEnd,weight,query,key')
    const shown = [...tile.values].filter((weight) => weight !== 0)
    expect(csv.slice(1).map((line) => Number(line.split(',')[4]))).toEqual(shown)
    const json = JSON.parse(textOf((await writeAttention('json')).bytes))
    expect(json.picture.weights.flat()).toEqual([...tile.values])
  })
})
