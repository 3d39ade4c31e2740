import type {ScoredUnit} from '../../units/unit-scores.ts'
import type {UnitTable} from '../../units/units.ts'
import type {TokenColumn, TrackMark} from './text-layout.ts'

/** A unit's stretch of one line; a unit that goes over lines, or around a special token, has several. */
export interface UnitPart {
  /** Index in the table of units. */
  readonly unit: number
  readonly role: ScoredUnit['role']
  readonly xPx: number
  readonly widthPx: number
  /** Its unit began before this part, or goes on after it. */
  readonly isContinued: boolean
  readonly continues: boolean
  /** It is held together by a line under its chips: its unit has more than one token. */
  readonly isJoined: boolean
  /** In the order of the layout's tracks; a number stands in the widest part of its unit alone. */
  readonly marks: readonly TrackMark[]
  /** The unit's value by the first track, in its widest part; else null. */
  readonly valueText: string | null
}

/** What is written for a unit: its marks, and its value by the first track. */
export interface UnitMarks {
  readonly marks: readonly TrackMark[]
  readonly valueText: string | null
}

export interface UnitPartsInput {
  readonly table: UnitTable
  readonly units: readonly ScoredUnit[]
  /** Columns of each line. */
  readonly lines: readonly (readonly TokenColumn[])[]
  marksOf(unit: ScoredUnit): UnitMarks
  widthOf(text: string): number
}

interface Stretch {
  readonly unit: number
  readonly line: number
  readonly fromPx: number
  toPx: number
}

const NO_MARK: TrackMark = {barPx: null, text: null, isStrong: false}

/**
 * Where each unit lies in each line. Inside a token borders lie by the share of bytes on either side.
 * Linear in tokens and units.
 */
export function placeUnits(input: UnitPartsInput): UnitPart[][] {
  const {table, units, widthOf} = input
  const stretches = stretchesOf(input)
  const first = new Int32Array(units.length).fill(-1)
  const last = new Int32Array(units.length).fill(-1)
  const widest = new Int32Array(units.length).fill(-1)
  const widthPx = (i: number) => stretches[i]!.toPx - stretches[i]!.fromPx
  for (const [i, {unit}] of stretches.entries()) {
    if (first[unit] === -1) first[unit] = i
    last[unit] = i
    if (widest[unit] === -1 || widthPx(i) > widthPx(widest[unit]!)) widest[unit] = i
  }
  const known = new Map<number, UnitMarks>()
  const marksOf = (unit: number) => {
    const found = known.get(unit) ?? input.marksOf(units[unit]!)
    known.set(unit, found)
    return found
  }
  const parts: UnitPart[][] = input.lines.map(() => [])
  for (const [i, {unit, line, fromPx}] of stretches.entries()) {
    const scored = units[unit]!
    const isOutside = scored.role === 'outside'
    const {marks, valueText} = marksOf(unit)
    const fits = (text: string) => widest[unit] === i && widthOf(text) <= widthPx(i) + 0.5
    parts[line]!.push({
      unit,
      role: scored.role,
      xPx: fromPx,
      widthPx: widthPx(i),
      isContinued: first[unit] !== i,
      continues: last[unit] !== i,
      isJoined:
        scored.role === 'unit' &&
        table.kind !== 'byte' &&
        scored.firstPosition !== scored.lastPosition,
      marks: marks.map((mark) => {
        if (isOutside || (mark.text !== null && !fits(mark.text))) return NO_MARK
        return mark
      }),
      valueText: valueText !== null && !isOutside && fits(valueText) ? valueText : null,
    })
  }
  return parts
}

/** Maximal stretches of one unit within one line, left to right. */
function stretchesOf({table, lines}: UnitPartsInput): Stretch[] {
  const {pieceStarts, pieceUnits, pieceShares} = table
  const offset = table.tokens[0]?.position ?? 0
  const stretches: Stretch[] = []
  for (const [line, columns] of lines.entries()) {
    let open: Stretch | null = null
    for (const column of columns) {
      const token = column.position - offset
      let share = 0
      for (let piece = pieceStarts[token]!; piece < pieceStarts[token + 1]!; piece++) {
        const unit = pieceUnits[piece]!
        const fromPx = column.xPx + share * column.widthPx
        const isLast = piece + 1 === pieceStarts[token + 1]
        share = isLast ? 1 : share + pieceShares[piece]!
        const toPx = column.xPx + share * column.widthPx
        if (open && open.unit === unit) {
          open.toPx = toPx
        } else {
          open = {unit, line, fromPx, toPx}
          stretches.push(open)
        }
      }
    }
  }
  return stretches
}
