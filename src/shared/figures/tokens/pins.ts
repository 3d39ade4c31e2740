import type {TokensResult} from '../../lenses/tokens.ts'
import type {ScoredUnit} from '../../units/unit-scores.ts'
import {UNIT_NAMES} from '../../units/unit-words.ts'
import type {UnitTable} from '../../units/units.ts'
import {formatCount} from '../number-format.ts'
import type {PlacedSpan, TextSpan} from '../text-flow.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {type TrackName, trackValueText} from './tracks.ts'

/** An entry under the text: of a pinned token its number and value, of a pair its two ends. */
export interface PinEntry {
  /** Tells it from the others. */
  readonly key: string
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

/** What is pinned: positions in the order of their numbers, and pairs. */
export interface Pinned {
  readonly pins: readonly number[]
  readonly pairs: readonly {readonly from: number; readonly to: number}[]
}

/**
 * Lists what is pinned, as many in a row as the width takes: `1 “·lamp” at 14: 0.27 bits`, then pairs as
 * `“·lamp” at 14 → “·coin” at 20`.
 */
export function layoutPins(
  result: Pick<TokensResult, 'tokens'>,
  {pins, pairs}: Pinned,
  options: PinsOptions
): PinsLayout | null {
  const {tokens} = result
  const first = tokens[0]?.position ?? 0
  const listed: {readonly key: string; readonly spans: readonly TextSpan[]}[] = []
  for (const {number, position} of pinsWithin(pins, tokens)) {
    const token = tokens[position - first]!
    const at = `at ${formatCount(position)}: ${trackValueText(options.track, token)}`
    const value = `${at}${unitNote(position - first, options)}`
    const mark: TextSpan = {text: `${number} `, role: 'sans', weight: 600}
    listed.push({key: String(number), spans: [mark, ...namedSpans(token, value, options)]})
  }
  for (const {from, to} of pairs) {
    const [start, end] = [tokens[from - first], tokens[to - first]]
    if (!start || !end) continue
    const arrow: TextSpan = {text: ' → ', role: 'sans', weight: 400}
    const ends = [start, end].map((token) =>
      namedSpans(token, `at ${formatCount(token.position)}`, options)
    )
    listed.push({key: `${from}>${to}`, spans: [...ends[0]!, arrow, ...ends[1]!]})
  }
  const entries: PinEntry[] = []
  let xPx = 0
  let yPx = 0
  for (const {key, spans} of listed) {
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
    entries.push({key, yPx, spans: placed})
  }
  return entries.length > 0 ? {heightPx: yPx + LINE_PX, entries} : null
}

/** `“·lamp” at 14`; without the text where the prompt is left out. */
function namedSpans(
  token: TokensResult['tokens'][number],
  words: string,
  {noPrompt}: PinsOptions
): TextSpan[] {
  if (noPrompt) return [{text: words, role: 'sans', weight: 400}]
  const name = fitText(plainGlyphs(token) || `#${token.id}`, MOST_TOKEN_PX, PIN_TEXT_PX, 'mono')
  return [
    {text: '“', role: 'sans', weight: 400},
    {text: name, role: 'mono', weight: 400},
    {text: `” ${words}`, role: 'sans', weight: 400},
  ]
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
