import type {ChipRun} from './chip.ts'
import type {TrackScale} from './tracks.ts'
import type {UnitPart} from './unit-parts.ts'

// What a laid out text is made of; text-layout.ts makes it and text-figure.tsx draws it.

/** A track's place in every line, relative to the line's top. */
export interface TrackPlace extends TrackScale {
  readonly topPx: number
  /** Bars stand on it; a number's baseline. */
  readonly basePx: number
  readonly heightPx: number
}

/** A track at one token: a bar's height, or a number; both null where there is no value. */
export interface TrackMark {
  readonly barPx: number | null
  readonly text: string | null
  /** A number above the first step, drawn in ink. */
  readonly isStrong: boolean
}

export interface TokenColumn {
  readonly position: number
  readonly xPx: number
  readonly widthPx: number
  /** Tint of the chip, 0 to 4; -1 for none. */
  readonly step: number
  readonly isSpecial: boolean
  readonly isGenerated: boolean
  readonly runs: readonly ChipRun[]
  /** In the order of the layout's tracks; empty where scores are shown by a larger or smaller unit. */
  readonly marks: readonly TrackMark[]
  /** Stretches of the chip that are tinted differently, relative to it; null where `step` is all. */
  readonly tints: readonly ChipTint[] | null
}

/** A stretch of a chip whose token straddles a border of units. */
export interface ChipTint {
  readonly xPx: number
  readonly widthPx: number
  readonly step: number
}

/** The number of a pinned token, above its chip. */
export interface PinMark {
  readonly number: number
  readonly position: number
  readonly xPx: number
  /** Baseline, relative to the line's `chipTopPx`. */
  readonly yPx: number
}

/** A character above the hex cells that make it, and the line that joins them. */
export interface JoinedCharacter {
  readonly text: string
  readonly fromPx: number
  readonly toPx: number
  readonly textXPx: number
}

export interface TokenLine {
  readonly index: number
  readonly yPx: number
  readonly heightPx: number
  /** Relative to `yPx`, as everything in a line is. */
  readonly chipTopPx: number
  readonly firstPosition: number
  readonly lastPosition: number
  readonly rangeText: string
  readonly columns: readonly TokenColumn[]
  readonly joined: readonly JoinedCharacter[]
  readonly pins: readonly PinMark[]
  /** Null where scores are shown by token. */
  readonly units: LineUnits | null
  /** Where generated tokens begin; null in every other line. */
  readonly ruleXPx: number | null
}

export interface TokenTextLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly labelWidthPx: number
  readonly tracks: readonly TrackPlace[]
  readonly lines: readonly TokenLine[]
  /** Line of each position. */
  readonly lineOfPosition: Uint32Array
  /** Code points that no shipped font has. */
  readonly missing: readonly number[]
}

/** The units in one line, and where they are drawn. */
export interface LineUnits {
  readonly row: UnitRow
  readonly parts: readonly UnitPart[]
}

/** Where units are joined and their values stand, relative to the line's `chipTopPx`. */
export interface UnitRow {
  readonly heightPx: number
  readonly bracketPx: number
  /** Baseline of the values; null where none are written. */
  readonly valuePx: number | null
  /** Their name at the left of the line. */
  readonly label: string
}
