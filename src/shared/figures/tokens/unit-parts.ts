import type {ScoredUnit} from '../../units/unit-scores.ts'
import type {UnitTable} from '../../units/units.ts'
import type {TokenColumn, TrackMark} from './text-geometry.ts'

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
  /** Where lines end at the right; no number goes beyond. */
  readonly rightPx: number
}

interface Stretch {
  readonly unit: number
  readonly line: number
  readonly fromPx: number
  toPx: number
}

/** Between two numbers of a row. */
const NUMBER_GAP_PX = 3
const LEFT_REACH_PX = 6
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
    const isDrawn = scored.role !== 'outside'
    const isWidest = widest[unit] === i
    const {marks, valueText} = marksOf(unit)
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
      marks: marks.map((mark) => (isDrawn && (isWidest || mark.text === null) ? mark : NO_MARK)),
      valueText: isDrawn && isWidest ? valueText : null,
    })
  }
  return parts.map((line) => withRoom(line, table.kind === 'byte' ? null : input.rightPx, widthOf))
}

/**
 * Leaves out numbers that there is no room for: each may stand over its own part, and where it is wider
 * than that over what is free beside it, as far as `reachPx` (null: nowhere).
 */
function withRoom(
  parts: readonly UnitPart[],
  reachPx: number | null,
  widthOf: (text: string) => number
): UnitPart[] {
  const rowCount = parts[0]?.marks.length ?? 0
  const kept = parts.map((part) => ({...part, marks: [...part.marks]}))
  for (let row = -1; row < rowCount; row++) {
    const textOf = (part: UnitPart) => (row < 0 ? part.valueText : part.marks[row]!.text)
    const halves = parts.map((part) => {
      const text = textOf(part)
      return text === null ? -1 : widthOf(text) / 2 + NUMBER_GAP_PX / 2
    })
    const middle = (i: number) => parts[i]!.xPx + parts[i]!.widthPx / 2
    const isPlaced = halves.map((half, i) => half >= 0 && 2 * half <= parts[i]!.widthPx + 1)
    // Some of the space beside the labels is free.
    let rightPx = (parts[0]?.xPx ?? 0) - LEFT_REACH_PX
    for (const [i, half] of halves.entries()) {
      const isTried = half >= 0 && !isPlaced[i] && reachPx !== null
      if (isTried && middle(i) - half >= rightPx && middle(i) + half <= reachPx + NUMBER_GAP_PX) {
        let next = i + 1
        while (next < parts.length && !isPlaced[next] && parts[next]!.xPx < middle(i) + half) next++
        isPlaced[i] =
          next === parts.length ||
          !isPlaced[next] ||
          middle(next) - halves[next]! >= middle(i) + half
      }
      if (isPlaced[i]) rightPx = middle(i) + half
      else if (half >= 0 && row < 0) kept[i]!.valueText = null
      else if (half >= 0) kept[i]!.marks[row] = NO_MARK
    }
  }
  return kept
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
