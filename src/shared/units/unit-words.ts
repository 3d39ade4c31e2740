import {hexOfBytes} from '../domain/token.ts'
import {decodeBytes} from './decoded-text.ts'
import type {ResolvedUnit, UnitChoice, UnitKind} from './unit-choice.ts'
import type {Aggregation} from './unit-scores.ts'
import type {TextUnit, UnitTable} from './units.ts'

/** What a unit is called, one and many. */
export const UNIT_NAMES: Readonly<Record<UnitKind, {readonly one: string; readonly many: string}>> =
  {
    byte: {one: 'byte', many: 'bytes'},
    token: {one: 'token', many: 'tokens'},
    word: {one: 'word', many: 'words'},
    sentence: {one: 'sentence', many: 'sentences'},
    line: {one: 'line', many: 'lines'},
    paragraph: {one: 'paragraph', many: 'paragraphs'},
    turn: {one: 'chat turn', many: 'chat turns'},
    regex: {one: 'match', many: 'matches'},
    spans: {one: 'drawn span', many: 'drawn spans'},
  }

/** `sum over words`, `mean over drawn spans`, `worst over matches`. */
export function aggregationText(aggregation: Aggregation, kind: UnitKind): string {
  return `${aggregation} over ${UNIT_NAMES[kind].many}`
}

/** The unit in words, with the expression of matches: `matches of /\d+/u`. */
export function unitText(unit: UnitChoice | ResolvedUnit): string {
  const {many} = UNIT_NAMES[unit.kind]
  return unit.kind === 'regex' ? `${many} of /${unit.source}/${unit.flags}` : many
}

/** Bytes of a unit as hex: of a special token without bytes in the text, its own. */
export function unitBytesHex(table: UnitTable, unit: TextUnit): string {
  if (unit.byteEnd > unit.byteStart) {
    return hexOfBytes(table.bytes.subarray(unit.byteStart, unit.byteEnd))
  }
  const first = table.tokens[0]?.position ?? 0
  return table.tokens[unit.firstPosition - first]?.bytesHex ?? ''
}

/** What a unit says; U+FFFD stands for bytes that are only part of a character. */
export function textOfUnit(table: UnitTable, unit: TextUnit): string {
  if (unit.role === 'special') {
    const hex = unitBytesHex(table, unit)
    return decodeBytes(Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)))
      .text
  }
  return decodeBytes(table.bytes, unit.byteStart, unit.byteEnd).text
}
