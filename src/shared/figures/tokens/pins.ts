import type {TokensResult} from '../../lenses/tokens.ts'
import type {ScoredUnit} from '../../units/unit-scores.ts'
import {UNIT_NAMES} from '../../units/unit-words.ts'
import type {UnitTable} from '../../units/units.ts'
import {formatCount} from '../number-format.ts'
import type {PlacedSpan, TextSpan} from '../text-flow.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {type TrackName, trackValueText} from './tracks.ts'

/** A pinned token's entry under the text: its number, its text, where it is and what it has. */
export interface PinEntry {
  readonly number: number
  readonly position: number
  readonly yPx: number
  readonly spans: readonly PlacedSpan[]
}

export interface PinsLayout {
  readonly heightPx: number
  readonly entries: readonly PinEntry[]
}

export interface PinsOptions {
  readonly widthPx: number
  /** What an entry says of its token. */
  readonly track: TrackName
  readonly noPrompt?: boolean
  readonly units?: {readonly table: UnitTable; readonly scored: readonly ScoredUnit[]} | null
}

export const PIN_TEXT_PX = 11
const LINE_PX = 16
const GAP_PX = 18
const MOST_TOKEN_PX = 180

/** The pins that a result has a token for, each once, with their numbers as they were given. */
export function pinsWithin(
  pins: readonly number[],
  tokens: readonly {readonly position: number}[]
): {readonly number: number; readonly position: number}[] {
  const first = tokens[0]?.position ?? 0
  return [...new Set(pins)]
    .map((position, index) => ({number: index + 1, position}))
    .filter(({position}) => position >= first && position < first + tokens.length)
}

/** Lists the pins: `1 “·lamp” at 14: 0.27 bits`, as many in a row as the width takes. */
export function layoutPins(
  result: Pick<TokensResult, 'tokens'>,
  pins: readonly number[],
  options: PinsOptions
): PinsLayout | null {
  const {tokens} = result
  const first = tokens[0]?.position ?? 0
  const entries: PinEntry[] = []
  let xPx = 0
  let yPx = 0
  for (const {number, position} of pinsWithin(pins, tokens)) {
    const token = tokens[position - first]!
    const at = `at ${formatCount(position)}: ${trackValueText(options.track, token)}`
    const value = `${at}${unitNote(position - first, options)}`
    const spans: TextSpan[] = [{text: String(number), role: 'sans', weight: 600}]
    if (options.noPrompt) {
      spans.push({text: ` ${value}`, role: 'sans', weight: 400})
    } else {
      const name = fitText(plainGlyphs(token) || `#${token.id}`, MOST_TOKEN_PX, PIN_TEXT_PX, 'mono')
      spans.push(
        {text: ' “', role: 'sans', weight: 400},
        {text: name, role: 'mono', weight: 400},
        {text: `” ${value}`, role: 'sans', weight: 400}
      )
    }
    const widths = spans.map(({text, role, weight}) => textWidthPx(text, PIN_TEXT_PX, role, weight))
    const entryPx = widths.reduce((sum, width) => sum + width, 0)
    if (xPx > 0 && xPx + entryPx > options.widthPx) {
      xPx = 0
      yPx += LINE_PX
    }
    const placed: PlacedSpan[] = []
    for (const [i, span] of spans.entries()) {
      placed.push({...span, xPx})
      xPx += widths[i]!
    }
    xPx += GAP_PX
    entries.push({number, position, yPx, spans: placed})
  }
  return entries.length > 0 ? {heightPx: yPx + LINE_PX, entries} : null
}

/** What the token's unit has, where it is larger than the token: `, its word 3.1 bits`. */
function unitNote(index: number, {units, track}: PinsOptions): string {
  if (!units || units.table.kind === 'byte') return ''
  const {pieceStarts, pieceUnits} = units.table
  // A token that straddles a border has no one unit.
  if (pieceStarts[index + 1]! - pieceStarts[index]! !== 1) return ''
  const unit = units.scored[pieceUnits[pieceStarts[index]!]!]!
  // A unit of one token has nothing to add.
  if (unit.role !== 'unit' || unit.firstPosition === unit.lastPosition) return ''
  return `, its ${UNIT_NAMES[units.table.kind].one} ${trackValueText(track, unit)}`
}
