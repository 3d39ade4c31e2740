// A small reader of TrueType files: enough for advances, coverage and two edits of feature tags.

/** The tables of a font file: tag → {entry, offset, length}; `entry` is where its directory entry is. */
export function readTables(font) {
  const tables = new Map()
  const tableCount = font.readUInt16BE(4)
  for (let i = 0; i < tableCount; i++) {
    const entry = 12 + 16 * i
    tables.set(font.toString('latin1', entry, entry + 4), {
      entry,
      offset: font.readUInt32BE(entry + 8),
      length: font.readUInt32BE(entry + 12),
    })
  }
  return tables
}

/** Names of a font that matter here: family and typographic family. */
export function readFamilyNames(font) {
  const {offset} = readTables(font).get('name')
  const count = font.readUInt16BE(offset + 2)
  const strings = offset + font.readUInt16BE(offset + 4)
  const names = {}
  for (let i = 0; i < count; i++) {
    const record = offset + 6 + 12 * i
    const platform = font.readUInt16BE(record)
    const nameId = font.readUInt16BE(record + 6)
    if (platform !== 3 || (nameId !== 1 && nameId !== 16)) continue
    const start = strings + font.readUInt16BE(record + 10)
    const bytes = Buffer.from(font.subarray(start, start + font.readUInt16BE(record + 8)))
    names[nameId] = bytes.swap16().toString('utf16le')
  }
  return {family: names[1], typographicFamily: names[16] ?? names[1]}
}

/** Unicode code point → glyph index, from the widest cmap subtable of format 12 or 4. */
export function readCharacterMap(font) {
  const {offset} = readTables(font).get('cmap')
  const count = font.readUInt16BE(offset + 2)
  let best = null
  for (let i = 0; i < count; i++) {
    const platform = font.readUInt16BE(offset + 4 + 8 * i)
    const subtable = offset + font.readUInt32BE(offset + 8 + 8 * i)
    const format = font.readUInt16BE(subtable)
    if ((platform === 0 || platform === 3) && (format === 12 || format === 4)) {
      if (!best || format > best.format) best = {format, subtable}
    }
  }
  const map = new Map()
  const {format, subtable} = best
  if (format === 12) {
    const groupCount = font.readUInt32BE(subtable + 12)
    for (let i = 0; i < groupCount; i++) {
      const group = subtable + 16 + 12 * i
      const first = font.readUInt32BE(group)
      const last = font.readUInt32BE(group + 4)
      const glyph = font.readUInt32BE(group + 8)
      for (let code = first; code <= last; code++) map.set(code, glyph + code - first)
    }
    return map
  }
  const segmentCount = font.readUInt16BE(subtable + 6) / 2
  const ends = subtable + 14
  const starts = ends + 2 * segmentCount + 2
  const deltas = starts + 2 * segmentCount
  const ranges = deltas + 2 * segmentCount
  for (let i = 0; i < segmentCount; i++) {
    const first = font.readUInt16BE(starts + 2 * i)
    const last = font.readUInt16BE(ends + 2 * i)
    const delta = font.readUInt16BE(deltas + 2 * i)
    const range = font.readUInt16BE(ranges + 2 * i)
    for (let code = first; code <= last && code !== 0xffff; code++) {
      let glyph = code
      if (range !== 0) glyph = font.readUInt16BE(ranges + 2 * i + range + 2 * (code - first))
      if (range !== 0 && glyph === 0) continue
      glyph = (glyph + delta) & 0xffff
      if (glyph !== 0) map.set(code, glyph)
    }
  }
  return map
}

/** A function from glyph index to advance, in thousandths of an em. */
export function readAdvances(font) {
  const tables = readTables(font)
  const unitsPerEm = font.readUInt16BE(tables.get('head').offset + 18)
  const metricCount = font.readUInt16BE(tables.get('hhea').offset + 34)
  const {offset} = tables.get('hmtx')
  return (glyph) =>
    Math.round(
      (font.readUInt16BE(offset + 4 * Math.min(glyph, metricCount - 1)) * 1000) / unitsPerEm
    )
}

/** Where the records of one GSUB feature are: offsets of their tags and of their tables. */
function featureRecords(font, tag) {
  const {offset} = readTables(font).get('GSUB')
  const list = offset + font.readUInt16BE(offset + 6)
  const records = []
  for (let i = 0; i < font.readUInt16BE(list); i++) {
    const record = list + 2 + 6 * i
    if (font.toString('latin1', record, record + 4) === tag) {
      records.push({record, table: list + font.readUInt16BE(record + 4)})
    }
  }
  return records
}

/** Glyph → glyph of a feature that only has single substitutions. */
export function readSingleSubstitutions(font, tag) {
  const {offset} = readTables(font).get('GSUB')
  const lookups = offset + font.readUInt16BE(offset + 8)
  const map = new Map()
  for (const {table} of featureRecords(font, tag)) {
    for (let i = 0; i < font.readUInt16BE(table + 2); i++) {
      const lookup =
        lookups + font.readUInt16BE(lookups + 2 + 2 * font.readUInt16BE(table + 4 + 2 * i))
      for (let j = 0; j < font.readUInt16BE(lookup + 4); j++) {
        let subtable = lookup + font.readUInt16BE(lookup + 6 + 2 * j)
        let type = font.readUInt16BE(lookup)
        if (type === 7) {
          type = font.readUInt16BE(subtable + 2)
          subtable += font.readUInt32BE(subtable + 4)
        }
        if (type !== 1) continue
        const format = font.readUInt16BE(subtable)
        const covered = readCoverage(font, subtable + font.readUInt16BE(subtable + 2))
        for (const [k, glyph] of covered.entries()) {
          const to =
            format === 1
              ? (glyph + font.readInt16BE(subtable + 4)) & 0xffff
              : font.readUInt16BE(subtable + 6 + 2 * k)
          map.set(glyph, to)
        }
      }
    }
  }
  return map
}

function readCoverage(font, at) {
  const glyphs = []
  const count = font.readUInt16BE(at + 2)
  if (font.readUInt16BE(at) === 1) {
    for (let i = 0; i < count; i++) glyphs.push(font.readUInt16BE(at + 4 + 2 * i))
    return glyphs
  }
  for (let i = 0; i < count; i++) {
    const last = font.readUInt16BE(at + 6 + 6 * i)
    for (let glyph = font.readUInt16BE(at + 4 + 6 * i); glyph <= last; glyph++) glyphs.push(glyph)
  }
  return glyphs
}

/** Renames a GSUB feature in place and mends the checksums. Returns how many records it changed. */
export function renameFeature(font, from, to) {
  const records = featureRecords(font, from)
  for (const {record} of records) font.write(to, record, 4, 'latin1')
  const tables = readTables(font)
  const gsub = tables.get('GSUB')
  font.writeUInt32BE(sumOf(font, gsub.offset, gsub.length), gsub.entry + 4)
  const adjustment = tables.get('head').offset + 8
  font.writeUInt32BE(0, adjustment)
  font.writeUInt32BE((0xb1b0afba - sumOf(font, 0, font.length)) >>> 0, adjustment)
  return records.length
}

function sumOf(font, offset, length) {
  let sum = 0
  for (let at = offset; at < offset + length; at += 4) {
    let word = 0
    for (let i = 0; i < 4; i++) word = word * 256 + (at + i < font.length ? font[at + i] : 0)
    sum = (sum + word) >>> 0
  }
  return sum
}
