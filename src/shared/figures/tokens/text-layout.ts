import type {ScoredToken} from '../../lenses/tokens.ts'
import {type ScoredUnit, scoreUnits, type TokenStatistics} from '../../units/unit-scores.ts'
import type {UnitTable} from '../../units/units.ts'
import {formatCount, formatRank, NO_VALUE} from '../number-format.ts'
import {textWidthPx} from '../text-width.ts'
import {
  type CutCharacter,
  type DrawsUncovered,
  type GlyphCell,
  glyphsOfTokens,
} from '../token-glyphs.ts'
import {CHIP, type ChipContent, layoutChip, tokensJoinedToNext} from './chip.ts'
import {pinsWithin} from './pins.ts'
import type {
  ChipTint,
  JoinedCharacter,
  PinMark,
  TokenColumn,
  TokenLine,
  TokenTextLayout,
  TrackMark,
  TrackPlace,
  UnitRow,
} from './text-geometry.ts'
import {
  TRACK_KINDS,
  type TrackName,
  type TrackScale,
  tintStep,
  trackLabel,
  trackScales,
  trackValueText,
} from './tracks.ts'
import {placeUnits, type UnitMarks} from './unit-parts.ts'

export type * from './text-geometry.ts'

/** What is drawn: every token with its statistics, prompt first. */
export interface TokenTextInput {
  readonly tokens: readonly ScoredToken[]
  /** Tokens from here on were generated. */
  readonly promptTokenCount: number
}

export interface TokenTextOptions {
  readonly widthPx: number
  readonly tracks: readonly TrackName[]
  /** Positions and numbers only. */
  readonly noPrompt?: boolean
  /** A character that no shipped font has stays text, for painters that may have a font. */
  readonly drawsUncovered?: DrawsUncovered
  /** Height of the first track's bars; the others have the height of a label. */
  readonly firstTrackPx?: number
  /** The units that scores are shown by, made of these very tokens; absent or null: by token. */
  readonly units?: UnitTable | null
  /** Positions to be marked with 1, 2, 3 and so on. */
  readonly pins?: readonly number[]
}

const LABEL_PX = 11
const BRACKET_ROW_PX = 5
const VALUE_ROW_PX = 13
const PIN_PX = 12
/** A pin's number begins this far from its chip's edge. */
const PIN_INSET_PX = 3
const BAR_TRACK_PX = 14
const FIRST_TRACK_PX = 32
const TRACK_GAP_PX = 5
const RULE_GAP_PX = 9
/** Space under each line but the last; a part of its height. */
export const LINE_GAP_PX = 16
const CUT_CHARACTER_PX = 14
const HIDDEN_CHIP_PX = 18
const NO_MARK: TrackMark = {barPx: null, text: null, isStrong: false}

/**
 * Flows tokens into lines, each with its tracks. A newline token ends its line; tokens that share a
 * character stay together. Linear in the number of tokens.
 */
export function layoutTokenText(input: TokenTextInput, options: TokenTextOptions): TokenTextLayout {
  const {tokens, promptTokenCount} = input
  const table = options.units ?? null
  const units = table ? scoreUnits(table, tokens) : null
  const drawn: readonly TokenStatistics[] = units
    ? units.filter((unit) => unit.role !== 'outside')
    : tokens
  const scales = trackScales(options.tracks, drawn, table?.kind)
  const unitRow = table ? placeUnitRow(table, scales[0]!) : null
  const {tracks, bottomPx} = placeTracks(
    scales,
    options.firstTrackPx ?? FIRST_TRACK_PX,
    unitRow?.heightPx ?? 0
  )
  const pinOf = new Map(
    pinsWithin(options.pins ?? [], tokens).map((pin) => [pin.position, pin.number])
  )
  const glyphs = options.noPrompt
    ? {cells: tokens.map(() => [] as GlyphCell[]), cutCharacters: [], missing: []}
    : glyphsOfTokens(tokens, options.drawsUncovered)
  const joinedToNext = tokensJoinedToNext(glyphs.cutCharacters, tokens.length)
  const widestRange = `${formatCount(tokens.length)} to ${formatCount(tokens.length)}`
  const labels = [widestRange, ...scales.map(trackLabel)]
  const labelWidthPx = Math.ceil(
    labels.reduce((widest, label) => Math.max(widest, textWidthPx(label, LABEL_PX)), 0) + 10
  )
  const availablePx = Math.max(60, options.widthPx - labelWidthPx)
  const contents = layoutChips(glyphs.cells, tokens, availablePx, options.noPrompt === true)
  const widthOfNumber = numberWidths()
  const unitMarks = (unit: ScoredUnit): UnitMarks => ({
    marks: tracks.map((track) => markOf(track, unit)),
    valueText: unitRow?.valuePx == null ? null : trackValueText(tracks[0]!.name, unit, false),
  })
  const lines: TokenLine[] = []
  const lineOfPosition = new Uint32Array(tokens.length)
  let columns: TokenColumn[] = []
  let ruleXPx: number | null = null
  let xPx = labelWidthPx
  let yPx = 0
  let cutIndex = 0

  /** The tint of a token by its value, or by those of the units it has a part in. */
  const tintOf = (index: number, widthPx: number): Pick<TokenColumn, 'step' | 'tints'> => {
    if (!table || !units) return {step: tintStep(tracks[0]!, tokens[index]!), tints: null}
    const {pieceStarts, pieceUnits, pieceShares} = table
    const tints: ChipTint[] = []
    let share = 0
    for (let piece = pieceStarts[index]!; piece < pieceStarts[index + 1]!; piece++) {
      const unit = units[pieceUnits[piece]!]!
      const step = unit.role === 'outside' ? -1 : tintStep(tracks[0]!, unit)
      const last = tints.at(-1)
      const piecePx = pieceShares[piece]! * widthPx
      if (last?.step === step) tints[tints.length - 1] = {...last, widthPx: last.widthPx + piecePx}
      else tints.push({xPx: share * widthPx, widthPx: piecePx, step})
      share += pieceShares[piece]!
    }
    return {step: tints[0]?.step ?? -1, tints: tints.length > 1 ? tints : null}
  }

  const endLine = () => {
    const first = columns[0]
    const last = columns.at(-1)
    if (!first || !last) return
    const joined: JoinedCharacter[] = []
    const offset = tokens[0]!.position
    for (; cutIndex < glyphs.cutCharacters.length; cutIndex++) {
      const cut = glyphs.cutCharacters[cutIndex]!
      if (cut.firstToken + offset > last.position) break
      joined.push(joinOf(cut, columns, contents, first.position - offset))
    }
    const joinedPx = joined.length > 0 ? CUT_CHARACTER_PX : 0
    const pins: PinMark[] = []
    for (const {position, xPx} of pinOf.size > 0 ? columns : []) {
      const number = pinOf.get(position)
      if (number !== undefined) pins.push({number, position, xPx, yPx: -joinedPx - 3})
    }
    const topPx = joinedPx + (pins.length > 0 ? PIN_PX : 0)
    const line: TokenLine = {
      index: lines.length,
      yPx,
      heightPx: topPx + bottomPx + LINE_GAP_PX,
      chipTopPx: topPx,
      firstPosition: first.position,
      lastPosition: last.position,
      rangeText:
        first === last
          ? formatCount(first.position)
          : `${formatCount(first.position)} to ${formatCount(last.position)}`,
      columns,
      joined,
      pins,
      units: null,
      ruleXPx,
    }
    lines.push(line)
    lineOfPosition.fill(line.index, first.position - offset, last.position - offset + 1)
    yPx += line.heightPx
    columns = []
    ruleXPx = null
    xPx = labelWidthPx
  }

  for (const [i, token] of tokens.entries()) {
    const isFirstGenerated = i === promptTokenCount && i > 0
    const marks = units ? [] : tracks.map((track) => markOf(track, token))
    const chipPx = options.noPrompt ? HIDDEN_CHIP_PX : contents[i]!.widthPx
    const own = table && units ? unitOfOneToken(table, units, i) : null
    const texts = own ? textsOf(unitMarks(own)) : textsOf({marks, valueText: null})
    const pin = pinOf.get(token.position)
    const pinPx = pin === undefined ? 0 : PIN_INSET_PX + widthOfNumber(String(pin)) + PIN_INSET_PX
    const widthPx = Math.max(columnWidth(chipPx, texts, widthOfNumber), pinPx)
    // The whole group moves to the next line if it fits there.
    let groupPx = widthPx
    for (let j = i; joinedToNext[j] && j + 1 < tokens.length && groupPx <= availablePx; j++) {
      groupPx += CHIP.gapPx + contents[j + 1]!.widthPx
    }
    const startsGroup = i === 0 || !joinedToNext[i - 1]
    const neededPx = startsGroup && groupPx <= availablePx ? groupPx : widthPx
    const rulePx = isFirstGenerated ? RULE_GAP_PX : 0
    if (columns.length > 0 && xPx + rulePx + neededPx > options.widthPx + 0.5) endLine()
    if (isFirstGenerated) {
      ruleXPx = columns.length > 0 ? xPx - CHIP.gapPx / 2 + rulePx / 2 : xPx + rulePx / 2 - 2
      xPx += rulePx
    }
    const insetPx = (widthPx - contents[i]!.widthPx) / 2
    columns.push({
      position: token.position,
      xPx,
      widthPx,
      ...tintOf(i, widthPx),
      isSpecial: token.isSpecial,
      isGenerated: i >= promptTokenCount,
      runs:
        insetPx > 0
          ? contents[i]!.runs.map((run) => ({...run, xPx: run.xPx + insetPx}))
          : contents[i]!.runs,
      marks,
    })
    xPx += widthPx + CHIP.gapPx
    if (!options.noPrompt && glyphs.cells[i]!.some((cell) => cell.text === '⏎')) endLine()
  }
  endLine()
  const parts =
    table && units
      ? placeUnits({
          table,
          units,
          lines: lines.map((line) => line.columns),
          marksOf: unitMarks,
          widthOf: widthOfNumber,
          rightPx: options.widthPx,
        })
      : null
  return {
    widthPx: options.widthPx,
    heightPx: lines.length > 0 ? yPx - LINE_GAP_PX : 0,
    labelWidthPx,
    tracks,
    lines:
      parts && unitRow
        ? lines.map((line, i) => ({...line, units: {row: unitRow, parts: parts[i]!}}))
        : lines,
    lineOfPosition,
    missing: glyphs.missing,
  }
}

/** A token without bytes (an id that its tokenizer does not list) goes by its id. */
function nameOf(token: ScoredToken): GlyphCell[] {
  return [{kind: 'code', text: `#${token.id}`}]
}

/** Bytes are too narrow for a value each; a rank has its numbers in its own track. */
function placeUnitRow(table: UnitTable, first: TrackScale): UnitRow {
  const hasValues = table.kind !== 'byte' && !first.isNumber
  return {
    heightPx: table.kind === 'byte' ? 0 : BRACKET_ROW_PX + (hasValues ? VALUE_ROW_PX : 0),
    bracketPx: CHIP.heightPx + 4,
    valuePx: hasValues ? CHIP.heightPx + 4 + BRACKET_ROW_PX + 9 : null,
    label: TRACK_KINDS[first.name].unit,
  }
}

/** The unit that is all of a token and of no other; null where there is none. */
function unitOfOneToken(
  {pieceStarts, pieceUnits}: UnitTable,
  units: readonly ScoredUnit[],
  index: number
): ScoredUnit | null {
  const piece = pieceStarts[index]!
  if (pieceStarts[index + 1]! - piece !== 1) return null
  const unit = units[pieceUnits[piece]!]!
  return unit.role !== 'outside' && unit.firstPosition === unit.lastPosition ? unit : null
}

/** Every number that stands in a column. */
function textsOf({marks, valueText}: UnitMarks): string[] {
  const texts = marks.flatMap((mark) => (mark.text === null ? [] : [mark.text]))
  return valueText === null ? texts : [...texts, valueText]
}

function placeTracks(scales: readonly TrackScale[], firstTrackPx: number, unitRowPx: number) {
  const tracks: TrackPlace[] = []
  let topPx = CHIP.heightPx + 4 + unitRowPx
  let hasTallTrack = false
  for (const scale of scales) {
    const isTall = !scale.isNumber && !hasTallTrack
    if (isTall) hasTallTrack = true
    const heightPx = isTall ? firstTrackPx : BAR_TRACK_PX
    tracks.push({...scale, topPx, heightPx, basePx: topPx + heightPx - (scale.isNumber ? 2 : 0)})
    topPx += heightPx + (scale.isNumber ? 2 : TRACK_GAP_PX)
  }
  return {tracks, bottomPx: topPx - 2}
}

function markOf(track: TrackPlace, row: TokenStatistics): TrackMark {
  const value = TRACK_KINDS[track.name].magnitude(row)
  if (value === null || Number.isNaN(value)) return {...NO_MARK, text: NO_VALUE}
  if (track.isNumber) {
    return {barPx: null, text: formatRank(value), isStrong: value > 0}
  }
  const barPx = (value / track.maximum) * track.heightPx
  return {
    barPx: Math.min(track.heightPx, Math.max(1, barPx)),
    text: null,
    isStrong: false,
  }
}

/** A chip is widened where its numbers would run into the neighbour's. */
function columnWidth(
  chipPx: number,
  texts: readonly string[],
  widthOfNumber: (text: string) => number
): number {
  let widthPx = chipPx
  for (const text of texts) widthPx = Math.max(widthPx, widthOfNumber(text) + 2)
  return widthPx
}

function numberWidths(): (text: string) => number {
  const known = new Map<string, number>()
  return (text) => {
    const width = known.get(text) ?? textWidthPx(text, LABEL_PX)
    known.set(text, width)
    return width
  }
}

/** Tokens that look the same share one chip. */
function layoutChips(
  cells: readonly (readonly GlyphCell[])[],
  tokens: readonly ScoredToken[],
  availablePx: number,
  noPrompt: boolean
): ChipContent[] {
  const known = new Map<readonly GlyphCell[], ChipContent>()
  return cells.map((list, i) => {
    if (list.length === 0 && !noPrompt) return layoutChip(nameOf(tokens[i]!), availablePx)
    const chip = known.get(list) ?? layoutChip(list, availablePx)
    known.set(list, chip)
    return chip
  })
}

/** Where a cut character is drawn: within one line, even where its tokens go on in the next. */
function joinOf(
  cut: CutCharacter,
  columns: readonly TokenColumn[],
  contents: readonly ChipContent[],
  firstToken: number
): JoinedCharacter {
  const columnOf = (token: number) => columns[token - firstToken]
  const edge = (token: number, cell: number, side: 0 | 1): number | null => {
    const column = columnOf(token)
    const edges = contents[token]?.hexEdges[cell]
    if (!column || !edges) return null
    return column.xPx + (column.widthPx - contents[token]!.widthPx) / 2 + edges[side]
  }
  const start = columnOf(cut.firstToken) ?? columns.at(-1)!
  const fromPx = (edge(cut.firstToken, cut.firstCell, 0) ?? start.xPx) + 1
  const last = columns.at(-1)!
  const toPx = (edge(cut.lastToken, cut.lastCell, 1) ?? last.xPx + last.widthPx) - 1
  return {text: cut.character, fromPx, toPx, textXPx: (fromPx + toPx) / 2}
}
